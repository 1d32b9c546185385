"""``vtok fit --total`` and ``vtok fit clip.mp4``: a budget shared, and what is said of print that is lost."""

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import vtok
from tests.fitting.drawn import page, photo
from vtok.cli.main import app

QWEN = ("--model", "qwen2.5-vl-7b")


def run(*words, ok=True):
    result = CliRunner().invoke(app, ["fit", *map(str, words)])
    assert (result.exit_code == 0) == ok, result.output
    return result


def shared(*words, ok=True):
    result = run(*words, *QWEN, "--total", "--json", ok=ok)
    return json.loads(result.stdout), result.stderr


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    page(1200, 1600, 20).save(tmp_path / "in" / "page.png")
    photo(1600, 1200, slope=1.5).save(tmp_path / "in" / "photo.jpg")
    return tmp_path / "in"


def test_files_share_a_budget(folder, tmp_path):
    found, err = shared(folder, "--budget", 800, "-o", tmp_path / "out")
    assert found["tokens"] == sum(one["tokens"] for one in found["images"]) <= 800
    assert [vtok.count(one["output"], "qwen2.5-vl-7b") for one in found["images"]] == [
        one["tokens"] for one in found["images"]
    ]
    text, picture = found["images"]
    assert text["tokens"] > 2 * picture["tokens"]
    assert "text of about" in text["warning"]
    assert "alone" in text["warning"]
    assert picture["warning"] is None
    assert text["letters"]["after"] < 8 < text["letters"]["before"] < 13
    assert (picture["letters"], picture["tokens_for_print"]) == (None, picture["tokens"])
    assert "print is lost on 1 of 2 pictures; what this model can keep of it takes" in err
    needed = int(err.partition("--budget ")[2].split()[0].rstrip(","))
    assert needed == text["tokens_for_print"] + picture["tokens"]
    assert "print is lost" not in shared(folder, "--budget", needed, "-o", tmp_path / "more")[1]


def test_no_word_on_print(folder, tmp_path):
    words = (folder, *QWEN, "--total", "--budget", 500, "--no-legibility", "-o", tmp_path / "out")
    assert run(*words).stderr == ""


def test_in_how_many_requests_all_print_is_kept(folder, tmp_path):
    for number in range(3):
        page(1200, 1600, 20).save(folder / f"more{number}.png")
    found, err = shared(folder, "--budget", 1500, "-o", tmp_path / "out")
    needs = [one["tokens_for_print"] for one in found["images"]]
    assert max(needs) <= 1500 < 2 * min(needs[:4])
    assert "or 4 requests of 1,500" in err
    assert "requests of" not in shared(folder, "--budget", 500, "-o", tmp_path / "less")[1]


def test_pages_and_pictures_together(folder, tmp_path):
    pytest.importorskip("pypdfium2")
    page(800, 1000, 20).save(folder / "a.pdf", resolution=150, save_all=True, append_images=[page(800, 1000, 30)])
    found, _ = shared(folder, "--budget", 1500, "-o", tmp_path / "out")
    assert len(found["images"]) == 4
    assert found["tokens"] <= 1500


def test_the_rest_goes_on(folder, tmp_path):
    (folder / "broken.jpg").write_bytes((folder / "photo.jpg").read_bytes()[:3000])
    (folder / "no.png").write_text("no picture")
    Image.new("RGB", (100_000, 1)).save(folder / "strip.png")
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    found, err = shared(folder, "--budget", 800, "-o", tmp_path / "out", ok=False)
    assert found["tokens"] <= 800
    assert {Path(one["image"]).name for one in found["images"]} >= {"page.png", "photo.jpg", "dot.png"}
    failed = {Path(one["name"]).name: one["problem"] for one in found["failed"]}
    assert failed.keys() == {"broken.jpg", "no.png", "strip.png"}
    assert "at most 200 times" in failed["strip.png"]
    assert "3 fitted, 3 not" in err


def test_too_small_a_budget(folder, tmp_path):
    result = run(folder, *QWEN, "--total", "--budget", 7, "-o", tmp_path / "out", ok=False)
    assert "2 pictures take at least 8 tokens together; the budget is 7, which is enough for 1 of" in str(
        result.exception
    )
    assert not (tmp_path / "out").exists()


def test_print_that_nothing_saves(folder, tmp_path):
    words = (folder / "page.png", folder / "photo.jpg", "--model", "llava-1.5-7b", "--budget", 1200, "--total")
    err = run(*words, "-o", tmp_path / "out").stderr
    assert "no size of this model keeps it" in err
    assert "print is lost on 1 of 2 pictures, whatever the budget" in err


def test_frames_are_named_by_their_time(tmp_path):
    pytest.importorskip("av")
    from tests.fitting.clips import frames, write

    path = write(tmp_path / "clip.mp4", frames())
    found = json.loads(run(path, *QWEN, "--budget", 500, "-o", tmp_path / "out", "--json").stdout)
    assert [one["seconds"] for one in found["images"]] == [0, 1, 2, 2.9]
    assert [Path(one["output"]).name for one in found["images"]] == [
        f"clip-{time}s.png" for time in ("00000.000", "00001.000", "00002.000", "00002.900")
    ]
    assert sum(vtok.count(one["output"], "qwen2.5-vl-7b") for one in found["images"]) == found["tokens"] <= 500
    again = run(path, *QWEN, "--budget", 500, "-o", tmp_path / "out", ok=False)
    assert "--force overwrites" in again.stderr
    table = run(path, *QWEN, "--budget", 500, "-o", tmp_path / "out", "--force").stdout
    assert "at most 500 tokens for each file" in table


def test_videos_that_cannot_be_used(tmp_path):
    pytest.importorskip("av")
    from tests.fitting.clips import write

    empty = write(tmp_path / "empty.mkv", [])
    page(400, 500).save(tmp_path / "page.png")
    result = run(empty, tmp_path / "page.png", *QWEN, "--budget", 200, "-o", tmp_path / "out", ok=False)
    assert "empty.mkv" in result.stderr
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["page.png"]
