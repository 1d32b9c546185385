"""Videos: what their heads say, frames by number as they are shown, upright, and every kind of bad file."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from video_files import av, sound, video

from vtok.errors import ImageError, MissingExtraError
from vtok.image import video as reading
from vtok.image.source import open_image
from vtok.image.video import VideoLimits, read_frames, video_head
from vtok.image.video_file import is_video
from vtok.image.video_kind import VIDEO_SUFFIXES

KINDS = {
    "mp4": {},
    "mov": {"codec": "libx264"},
    "avi": {},
    "mkv": {"codec": "libx264"},
    "webm": {"codec": "libvpx-vp9"},
    "m2ts": {"codec": "mpeg2video", "fps": 25},
    "mpg": {"codec": "mpeg2video", "fps": 25},
    "flv": {"codec": "flv1"},
    "wmv": {"codec": "wmv2"},
}


def grey(image):
    return image.getpixel((image.width - 5, image.height - 5))[0]


def all_frames(path):
    """The truth: everything decoded from the start, in order."""
    with av.open(str(path)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


@pytest.mark.parametrize("kind", KINDS)
def test_heads_and_frames_of_every_container(kind, tmp_path):
    path = video(tmp_path / f"a.{kind}", **KINDS[kind])
    assert is_video(path)
    assert path.suffix in VIDEO_SUFFIXES
    head, truth = video_head(path), all_frames(path)
    assert (head.size, head.frames) == ((64, 48), len(truth))
    assert head.fps == pytest.approx(KINDS[kind].get("fps", 10), rel=0.01)
    assert head.seconds == pytest.approx(head.frames / head.fps, rel=0.05)
    read = list(read_frames(path, [25, 3, 9, 10, 3, head.frames - 1]))
    assert [index for index, _ in read] == [3, 9, 10, 25, head.frames - 1]
    for index, image in read:
        assert np.array_equal(np.asarray(image), np.asarray(truth[index]))


@pytest.mark.parametrize("key_every", [1, 2, 7, 1000])
def test_any_frames_are_those_of_a_full_decoding(key_every, tmp_path):
    path = video(tmp_path / "a.mkv", codec="libx264", key_every=key_every, frames=40)
    truth = all_frames(path)
    for step in (1, 3, 11):
        for index, image in read_frames(path, range(0, 40, step)):
            assert np.array_equal(np.asarray(image), np.asarray(truth[index])), index


def test_only_what_is_needed_is_decoded(tmp_path, monkeypatch):
    path = video(tmp_path / "a.mp4", frames=200)
    decoded = []
    plain = reading.Reader._decode
    monkeypatch.setattr(
        reading.Reader, "_decode", lambda self: (decoded.append(found) or found for found in plain(self))
    )
    assert [index for index, _ in read_frames(path, [5, 192])] == [5, 192]
    assert len(decoded) == 6 + 3


def test_heads_are_read_without_decoding(tmp_path, monkeypatch):
    paths = [video(tmp_path / "a.mp4"), video(tmp_path / "a.mkv", codec="libx264")]
    monkeypatch.setattr(reading, "Reader", lambda *_: pytest.fail("decoded"))
    assert [video_head(path).frames for path in paths] == [30, 30]


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("turned", "flipped", "size", "red"),
    [(0, False, (64, 48), (0, 0)), (90, False, (48, 64), (0, 1)), (-90, False, (48, 64), (1, 0)),
     (180, False, (64, 48), (1, 1)), (0, True, (64, 48), (1, 0)), (90, True, (48, 64), (1, 1))],
)  # fmt: skip
def test_turned_videos_are_upright(kind, turned, flipped, size, red, tmp_path):
    path = video(tmp_path / f"a.{kind}", turned=turned, flipped=flipped, frames=2)
    if kind == "mkv" and flipped:
        pytest.skip("Matroska says turns alone")
    ((_, image),) = read_frames(path, [0])
    assert video_head(path).size == image.size == size
    corners = [(x, y) for x in (0, 1) for y in (0, 1)]
    lit = [(x, y) for x, y in corners if image.getpixel((5 + x * (size[0] - 10), 5 + y * (size[1] - 10)))[0] > 200]
    assert lit == [red]


def test_log_level_of_the_process_is_left_alone(tmp_path):
    before = av.logging.get_level()
    video_head(video(tmp_path / "a.mp4", frames=1))
    assert av.logging.get_level() == before


def bad(path, **limits):
    with pytest.raises(ImageError) as caught:
        video_head(path, VideoLimits(**limits))
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


LISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nother.mp4\n",
    "concat": "ffconcat version 1.0\nfile other.mp4\n",
    "dash": '<?xml version="1.0"?><MPD><Period/></MPD>',
    "sdp": "v=0\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
}


@pytest.mark.parametrize("text", [*LISTS.values(), "no video at all", "G"])
def test_lists_of_other_files_and_texts(text, tmp_path):
    video(tmp_path / "other.mp4", frames=1)
    (tmp_path / "a.mp4").write_text(text)
    assert "is not a video that can be read; expected MP4, MOV" in bad(tmp_path / "a.mp4")
    assert not is_video(tmp_path / "a.mp4")


@pytest.mark.parametrize("kind", ["hls", "concat"])
def test_another_file_is_refused_even_to_a_container_that_asks_for_one(kind, tmp_path, monkeypatch):
    video(tmp_path / "other.mp4", frames=1)
    (tmp_path / "a.mp4").write_text(LISTS[kind])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vtok.image.video_file.container_of", lambda head: kind)
    assert bad(Path("a.mp4"))


def test_pictures_and_sound(tmp_path):
    for kind in ("PNG", "JPEG", "AVIF"):
        path = tmp_path / f"{kind}.mp4"
        Image.new("RGB", (32, 32)).save(path, kind)
        assert "is not a video" in bad(path)
        assert not is_video(path)
    assert "has no video stream, only audio" in bad(sound(tmp_path / "sound.mp4"))
    with pytest.raises(ImageError):
        open_image(video(tmp_path / "a.png", frames=1, format="mp4"))


def test_files_that_are_cut_off(tmp_path):
    whole = video(tmp_path / "a.mp4", options={"movflags": "faststart"}).read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[:-200])
    assert "is cut off" in bad(path)
    path.write_bytes(video(tmp_path / "b.mp4").read_bytes()[:-300])  # the index stood at the end
    assert "is broken" in bad(path)
    path.write_bytes(whole[:40])
    assert "is broken" in bad(path)


def test_no_frames(tmp_path):
    for name, message in (("a.mp4", "has no frames"), ("a.mkv", "ends before its first frame")):
        with av.open(str(tmp_path / name), "w", options={"movflags": "empty_moov"}) as container:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            container.start_encoding()
        assert message in bad(tmp_path / name)


@pytest.mark.skipif(os.name == "nt", reason="links and pipes")
def test_what_is_no_file(tmp_path):
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "empty.mp4").touch()
    for name, message in (
        ("gone.mp4", "there is no file"),
        ("", "is no regular file"),
        ("loop.mp4", "cannot read"),
        ("pipe.mp4", "is no regular file"),
        ("empty.mp4", "is empty"),
    ):
        assert message in bad(tmp_path / name)
        assert not is_video(tmp_path / name)


def test_limits(tmp_path):
    path, counted = video(tmp_path / "a.mp4"), video(tmp_path / "a.mkv")
    assert "the limit of 3,000 pixels a frame" in bad(path, pixels=3000)
    assert "bytes, over the limit of 100" in bad(path, file_bytes=100)
    for one in (path, counted):
        assert "has more than 29 frames" in bad(one, frames=29)
        assert video_head(one, VideoLimits(frames=30)).frames == 30
    assert "took longer than 0 s" in bad(counted, seconds=0)


@pytest.mark.parametrize("fragments", [False, True])
def test_tables_that_claim_more_than_there_is(fragments, tmp_path):
    flags = {"movflags": "frag_keyframe+empty_moov"} if fragments else {}
    data = bytearray(video(tmp_path / "a.mp4", options=flags).read_bytes())
    path, many = tmp_path / "b.mp4", (10**8).to_bytes(4)
    place = data.index(b"trun" if fragments else b"stsz")
    if fragments:  # a count, with flags that say that no sample is listed
        data[place + 5 : place + 12] = bytes(3) + many
    else:  # one size for all
        data[place + 8 : place + 16] = (1).to_bytes(4) + many
    path.write_bytes(data)
    assert "claims 100,0" in bad(path)


def test_frames_that_are_not_there(tmp_path):
    path = video(tmp_path / "a.mp4", frames=5)
    for index in (-1, 5):
        with pytest.raises(ImageError, match=f"has no frame {index}; it has 5, numbered from 0"):
            list(read_frames(path, [0, index]))
    assert list(read_frames(path, [])) == []


def test_a_frame_that_is_lost(tmp_path):
    path = video(tmp_path / "a.mkv", codec="ffv1", frames=6, key_every=1)
    with av.open(str(path)) as container:
        third = [bytes(packet) for packet in container.demux(video=0)][3]
    path.write_bytes(path.read_bytes().replace(third, b"\xff" * len(third)))
    assert [index for index, _ in read_frames(path, [0, 5])] == [0, 5]
    with pytest.raises(ImageError, match="is broken: its frame 3 cannot be decoded"):
        list(read_frames(path, range(6)))


def test_mangled_files_are_read_or_refused_never_worse(tmp_path):
    rng = np.random.default_rng(0)
    refused = []
    for kind in ("mp4", "mkv", "avi", "m2ts"):
        whole = np.frombuffer(video(tmp_path / f"a.{kind}", frames=4, **KINDS[kind]).read_bytes(), np.uint8)
        path = tmp_path / f"b.{kind}"
        for _ in range(60):
            data = whole.copy()
            where = rng.integers(0, len(data), rng.integers(1, 20))
            data[where] = rng.integers(0, 256, len(where))
            path.write_bytes(data.tobytes())
            try:
                head = video_head(path, VideoLimits(pixels=10_000, seconds=5))
                list(read_frames(path, range(min(head.frames, 3)), VideoLimits(pixels=10_000, seconds=5)))
            except ImageError as error:
                refused.append(str(error))
    assert len(refused) > 10
    assert not any("\n" in line for line in refused)


def test_without_the_extra(tmp_path, monkeypatch):
    path = video(tmp_path / "a.mp4", frames=1)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r'pip install "vtok\[video\]"'):
        video_head(path)
