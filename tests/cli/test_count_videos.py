"""``vtok count`` on videos: rows, totals, wishes, and every kind of bad file; the rest goes on."""

import json
import re
import sys
from pathlib import Path

import pytest
from test_count import picture, run

sys.path.insert(0, str(Path(__file__).parents[1] / "image"))
from video_files import sound, video

MODEL = "qwen3-vl-8b"


def test_one_video(tmp_path):
    path = video(tmp_path / "a.mp4", size=(640, 480), frames=50)
    code, out, err = run(path, "-m", MODEL)
    assert (code, err) == (0, "")
    # 10 frames in 5 steps, each 15 x 20 tokens, 2 markers and 6 pieces of text.
    assert re.search(r"a\.mp4 +640 x 480, 50 frames, 5\.0 s +10 +640 x 480 +1,500 +40 +1,540 +0\.6%", out)


def test_wishes(tmp_path):
    path = video(tmp_path / "a.mp4", size=(640, 480), frames=50)
    for words, frames in ((["--fps", 1], 5), (["--frames", 8], 8)):
        data = json.loads(run(path, "-m", MODEL, "--json", *words)[1])
        assert data["images"][0]["counts"][MODEL]["frames"] == frames
    for words, message in (
        (["--fps", 1, "--frames", 2], "give one"),
        (["--fps", 0], "cannot sample 0 frames a second"),
        (["--frames", 0], "cannot sample 0 frames"),
        (["--fps", "nan"], "cannot sample"),
    ):
        code, out, err = run(path, "-m", MODEL, *words)
        assert (code, out) == (2, "")
        assert message in err
    code, _, err = run(path, "-m", "glm-4.6v", "--fps", 2)
    assert code == 1
    assert "chooses its frames itself and takes no fps" in err


def test_settings(tmp_path):
    path = video(tmp_path / "a.mp4", size=(640, 480), frames=50)
    assert re.search(r"1,500 +10 +1,510 ", run(path, "-m", MODEL, "--set", "video.text_tokens=0")[1])
    code, out, err = run("--size", "5x5", "-m", MODEL, "--set", "video.tiles=2")
    assert (code, out) == (2, "")
    assert "has no setting 'video.tiles'" in err
    code, _, err = run("--size", "5x5", "-m", "llava-1.5-7b", "--set", "video.most=2")
    assert code == 2
    assert "takes videos" in err


def test_json_and_csv(tmp_path):
    video(tmp_path / "a.mp4", size=(640, 480), frames=50)
    picture(tmp_path / "b.png", 64, 64)
    data = json.loads(run(tmp_path, "-m", MODEL, "--json")[1])
    first, second = data["images"]
    assert (first["frames"], first["fps"], first["seconds"]) == (50, 10.0, 5.0)
    counted = {"tokens": 1540, "visual": 1500, "structural": 40, "tiles": 1, "resized": [640, 480]}
    assert first["counts"][MODEL] == {**counted, "frames": 10, "text": 30}
    assert "frames" not in second
    lines = run(tmp_path, "-m", MODEL, "--csv")[1].splitlines()
    assert lines[0].endswith(",tokens,frames")
    assert [line.rpartition(",")[2] for line in lines[1:]] == ["10", ""]


def test_models_that_sample_nothing_by_themselves_say_so(tmp_path):
    path = video(tmp_path / "a.mp4", frames=12)
    code, out, _ = run(path, "-m", "qwen2.5-vl-7b", "-m", "internvl2-8b")
    assert code == 0
    assert "qwen2.5-vl-7b: every frame counts, as its processor samples none by itself" in out
    assert "internvl2-8b: the text between frames is not counted" in out
    assert "every frame counts" not in run(path, "-m", "qwen2.5-vl-7b", "--fps", 2)[1]
    notes = json.loads(run(path, "-m", "qwen2.5-vl-7b", "--json")[1])["notes"]
    assert len(notes) == 1


def test_models_that_take_no_videos(tmp_path):
    path = video(tmp_path / "a.mp4")
    code, _, err = run(path, "-m", "llava-1.5-7b")
    assert code == 1
    assert "llava-1.5-7b takes no videos that vtok knows of; give it single frames, 576 tokens each" in err
    picture(tmp_path / "b.png", 64, 64)
    code, out, err = run(tmp_path, "-m", "llava-1.5-7b")
    assert (code, "a.mp4" in out) == (0, False)  # in a folder they are among the other files
    assert "1 .mp4" in err
    code, out, err = run(path, "-m", MODEL, "-m", "llava-1.5-7b")
    assert code == 1
    assert "refused" in out


def test_another_engine_is_refused(tmp_path):
    code, _, err = run(video(tmp_path / "a.mp4"), "-m", "qwen2.5-vl-7b", "--runtime", "ollama")
    assert code == 1
    assert "has not verified how ollama takes videos" in err


def test_the_rest_goes_on(tmp_path):
    video(tmp_path / "good.mp4")
    sound(tmp_path / "sound.mp4")
    (tmp_path / "empty.mkv").touch()
    (tmp_path / "text.mp4").write_text("no video at all")
    (tmp_path / "list.mp4").write_text("#EXTM3U\ngood.mp4\n")
    whole = (tmp_path / "good.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    video(tmp_path / "large.mp4", size=(320, 240), frames=8)
    code, out, err = run(tmp_path, "-m", MODEL, "--limit-pixels", 5000)
    assert code == 1
    assert "total of 1" not in out
    assert "good.mp4" in out
    lines = err.strip().splitlines()
    assert len(lines) == 7
    for name in ("sound", "empty", "text", "list", "cut", "large"):
        assert sum(f"{name}." in line for line in lines) == 1
    assert lines[-1] == "1 counted, 6 not"
    assert "raise it with --limit-pixels" in err


def test_a_video_by_any_name(tmp_path):
    video(tmp_path / "a.mp4").rename(tmp_path / "clip")
    assert "30 frames" in run(tmp_path / "clip", "-m", MODEL)[1]
    assert "30 frames" in run(tmp_path / "cl*", "-m", MODEL)[1]


def test_without_the_extra(tmp_path, monkeypatch):
    path = video(tmp_path / "a.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    code, _, err = run(path, "-m", MODEL)
    assert code == 1
    assert 'pip install "vtok[video]"' in err


@pytest.mark.parametrize("name", [MODEL, "llava-onevision-7b", "gemma-4-e2b", "molmo2-8b", "kimi-k2.5"])
def test_python_counts_the_same(name, tmp_path):
    import vtok

    path = video(tmp_path / "a.mp4", frames=64)
    data = json.loads(run(path, "-m", name, "--json")[1])
    layout = vtok.video_layout(path, name)
    assert vtok.count(path, name) == layout.total == data["images"][0]["counts"][name]["tokens"]
    assert vtok.count(str(path), name, frames=4) == vtok.video_layout(path, name, frames=4).total
