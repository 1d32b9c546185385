"""Videos in files: the frames that were chosen are those of the file, and bad files are refused in a line."""

import numpy as np
import pytest
from PIL import Image

import vtok
from tests.fitting.clips import SIZE, frames, write
from vtok.catalog.counting import find_model
from vtok.errors import BudgetError, ImageError
from vtok.fitting.clip import look_at_video
from vtok.image.video import read_frames

MODEL = "qwen2.5-vl-7b"
FAMILY = find_model(MODEL).family


def test_a_clip(tmp_path):
    path = write(tmp_path / "a.mp4", frames())
    assert look_at_video(path, FAMILY, 300).reel.frames == (0, 10, 29)  # the third scene is told of by its end
    fitted = vtok.fit_video(path, MODEL, 500)
    assert [one.number for one in fitted] == [0, 10, 20, 29]
    assert [one.seconds for one in fitted] == pytest.approx([0, 1, 2, 2.9])
    assert sum(one.tokens for one in fitted) <= 500
    for one, (_, frame) in zip(fitted, read_frames(path, [0, 10, 20, 29]), strict=True):
        assert one.source == SIZE
        assert one.image.size == one.size
        assert vtok.count(one.image, MODEL) == one.tokens
        small = np.asarray(frame.resize(one.size, Image.Resampling.BICUBIC), float)
        assert np.abs(small - np.asarray(one.image)).max() < 3


def test_less_is_looked_at(tmp_path):
    clip = look_at_video(write(tmp_path / "a.mp4", frames()), FAMILY, 300, most=2, looked_at=7)
    assert (clip.reel.seen, clip.reel.frames) == (7, (0, 29))


def test_one_frame(tmp_path):
    path = write(tmp_path / "a.mp4", [Image.new("RGB", SIZE)])
    assert look_at_video(path, FAMILY, 300).reel.frames == (0,)


def test_bad_videos(tmp_path):
    with pytest.raises(ImageError, match="there is no file"):
        look_at_video(tmp_path / "a.mp4", FAMILY, 300)
    with pytest.raises(BudgetError, match="the first and the last frame of 30 take at least 8 tokens"):
        look_at_video(write(tmp_path / "a.mp4", frames()), FAMILY, 7)
    whole = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match=r"cut\.mp4"):
        look_at_video(tmp_path / "cut.mp4", FAMILY, 300)


def test_a_video_without_frames(tmp_path):
    path = write(tmp_path / "a.mkv", [])
    with pytest.raises(ImageError, match=r"a\.mkv"):
        look_at_video(path, FAMILY, 300)
