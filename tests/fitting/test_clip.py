"""Videos in files: the frames that were chosen are those of the file, and bad files are refused in a line."""

import numpy as np
import pytest
from PIL import Image

from tests.fitting.clips import SIZE, frames, write
from vtok.catalog.counting import find_model
from vtok.errors import BudgetError, ImageError
from vtok.fitting.clip import look_at_video
from vtok.image.video import read_frames

FAMILY = find_model("qwen2.5-vl-7b").family


def test_a_clip(tmp_path):
    path = write(tmp_path / "a.mp4", frames())
    assert look_at_video(path, FAMILY, 300).reel.frames == (0, 10, 29)  # the third scene is told of by its end
    clip = look_at_video(path, FAMILY, 500)
    assert clip.reel.frames == (0, 10, 20, 29)
    assert clip.seconds == pytest.approx((0, 1, 2, 2.9))
    assert clip.reel.tokens <= 500
    assert clip.choice.source == SIZE
    for (number, frame), (_, same) in zip(clip.frames(), read_frames(path, clip.reel.frames), strict=True):
        assert number in clip.reel.frames
        assert np.array_equal(np.asarray(frame), np.asarray(same))


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
