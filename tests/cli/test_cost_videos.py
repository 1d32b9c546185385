"""``vtok cost`` on videos: what it prints, what it refuses and how, several numbers of frames beside each other."""

import json
import sys
from pathlib import Path

import pytest
from test_cost import run, said

from vtok.catalog.counting import count
from vtok.errors import ImageError, UsageError

sys.path.insert(0, str(Path(__file__).parents[1] / "image"))
from video_files import video

ON = ("--model", "qwen2.5-vl-7b", "--device", "rtx-3060-12gb")


@pytest.fixture
def clip(tmp_path):
    return video(tmp_path / "clip.mp4", size=(320, 240), frames=40)


def test_a_video_by_part(clip):
    text = said(clip, *ON, "--weights", "awq", "--frames", 16)
    for part in ("transformers, a video of 16 frames\n", "context: 792 visual + 64 text", "It fits, with"):
        assert part in text
    assert "8 frames of a video (--frames 8) would bring the first token from" in text
    assert "every frame counts" not in text
    assert "every frame counts, as its processor samples none by itself" in said(clip, *ON)


def test_the_tokens_are_those_of_vtok_count(clip, tmp_path):
    for model, words in (("qwen3-vl-8b", {}), ("smolvlm2-2.2b", {}), ("qwen2.5-vl-7b", {"fps": 2.0})):
        options = [text for key, value in words.items() for text in (f"--{key}", value)]
        found = json.loads(said(clip, "--model", model, "--json", *options))
        context = found["context"]
        assert context["visual"] + context["structural"] == count(clip, model, **words)
        assert found["context"]["frames"] > 0
    assert "every frame counts" in json.loads(said(clip, *ON, "--json"))["note"]


def test_pictures_beside_a_video(clip):
    both = json.loads(said(clip, "--size", "640x480", "--images", 2, *ON, "--json"))["context"]
    alone = json.loads(said(clip, *ON, "--json"))["context"]
    pictures = json.loads(said("--size", "640x480", "--images", 2, *ON, "--json"))["context"]
    assert both["visual"] == alone["visual"] + pictures["visual"]
    assert "2 pictures, a video of 40 frames" in said(clip, "--size", "640x480", "--images", 2, *ON)


def test_a_folder_of_videos(clip, tmp_path):
    video(tmp_path / "other.mp4", frames=8)
    assert "a video of 40 frames, a video of 8 frames" in said(tmp_path, *ON)
    with pytest.raises(ImageError, match="no picture"):
        raise run(tmp_path, "--model", "llava-1.5-7b").exception


def test_models_and_engines_without_a_rule_refuse_as_count_does(clip):
    for words in (("--model", "llava-1.5-7b"), ("--model", "qwen2.5-vl-7b", "--runtime", "ollama")):
        with pytest.raises(UsageError) as counted:
            count(clip, words[1], runtime=words[3] if len(words) > 2 else None)
        error = run(clip, *words).exception
        assert isinstance(error, UsageError)
        assert str(error) == str(counted.value)


def test_weights_of_an_engine_that_takes_no_videos(clip):
    text = said(clip, *ON, "--weights", "q4_k_m", "--frames", 8)
    assert "transformers, a video of 8 frames" in text
    assert "vtok has not read how llama.cpp takes videos" in text


def test_too_many_frames_for_the_context(clip):
    text = said(clip, *ON, "--context", 1500)
    assert "The context binds: 2,172 tokens are 672 more than the 1,500 that you asked for." in text
    assert "16 frames of a video (--frames 16) would fit, with 984 tokens, but" in text


def test_frames_beside_each_other(clip):
    text = said(clip, *ON, "--compare", "frames=8,16,32")
    assert text.splitlines()[0].endswith(", a video")
    assert text.splitlines()[3].split() == ["frames", "8", "16", "32"]
    found = json.loads(said(clip, *ON, "--compare", "frames=8,16,32", "--json"))
    assert [one["context"]["visual"] for one in found["costs"]] == [396, 792, 1584]
    found = json.loads(said(clip, *ON, "--compare", "fps=1,2", "--json"))
    assert [one["context"]["frames"] for one in found["costs"]] == [4, 8]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--frames", 8, "--fps", 2), "give one"),
        (("--fps", "nan"), "cannot sample"),
        (("--frames", 400), "the video has only 40"),
        (("--compare", "frames=8,400"), "the video has only 40"),
        (("--compare", "frames=8,some"), "cannot read 'some'"),
        (("--compare", "fps=1,some"), "cannot read 'some'"),
        (("--set", "video.nothing=3"), "has no setting 'video.nothing'"),
    ],
)
def test_wishes_that_cannot_be(clip, words, message):
    error = run(clip, *ON, *words).exception
    assert isinstance(error, UsageError)
    assert message in str(error)


@pytest.mark.parametrize("words", [("--frames", 8), ("--fps", 1), ("--compare", "frames=1,2")])
def test_frames_without_a_video(words):
    error = run("--size", "640x480", *ON, *words).exception
    assert isinstance(error, UsageError)
    assert "video" in str(error)


def test_solving(clip):
    on = (clip, "--model", "qwen2.5-vl-7b", "--weights", "awq", "--device", "rtx-3060-12gb", "--solve", "frames")
    assert said(*on).startswith("40 frames, which are all that are taken, of 320 x 240 px, 2,172 tokens in all")
    text = said(*on, "--ttft", "500ms")
    assert " frames of 320 x 240 px, " in text
    found = json.loads(said(*on, "--ttft", "500ms", "--json"))["solutions"][0]
    assert 1 < found["frames"] < 40
    assert found["bounded"]
    assert isinstance(run(clip, "--model", "glm-4.6v", *on[3:]).exception, UsageError)
    assert "with no video it takes" in str(run(*on, "--ttft", "1ms").exception)
    assert "with the fewest frames it takes" in str(run(*on, "--ttft", "95ms").exception)
