"""ask, show, trace and doctor, as a person would call them: results, bad input, exit codes, never a traceback."""

import io
import itertools
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from tests.image.test_source import png_header
from vtok.cli.main import main


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Call ``vtok`` in this process."""

    def call(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["vtok", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Done(code, captured.out, captured.err)

    return call


@pytest.fixture
def photo(tmp_path: Path, picture: Image.Image) -> Path:
    path = tmp_path / "photo.png"
    picture.save(path)
    return path


QUESTION = "What colour is the circle?"


def test_ask_answers_and_shows_the_ledger(run, photo: Path) -> None:
    done = run("ask", photo, QUESTION)
    assert done.code == 0
    assert done.out.splitlines()[0] == "red"
    assert "576 of 576" in done.out
    assert "KV cache" in done.out


def test_ask_with_a_budget_in_json(run, photo: Path, tmp_path: Path) -> None:
    done = run("ask", photo, QUESTION, "--budget", "25%", "--compare", "--json", "-o", tmp_path / "kept.png")
    assert done.code == 0
    data = json.loads(done.out)
    whole, cut = (answer["ledger"] for answer in data["answers"])
    assert (whole["visual_after"], cut["visual_after"]) == (576, 144)
    assert cut["kv_bytes"] < whole["kv_bytes"] / 2
    assert data["answers"][0]["text"] == "red"
    with Image.open(tmp_path / "kept.png") as image:
        assert image.size[0] == 1008


def test_compare_prints_both_answers_side_by_side(run, photo: Path) -> None:
    done = run("ask", photo, QUESTION, "--budget", "144", "--compare")
    assert done.code == 0
    assert "every token" in done.out
    assert "visionzip, 144" in done.out
    assert "75%" in done.out


def test_show_writes_both_formats(run, photo: Path, tmp_path: Path) -> None:
    png = run("show", photo, "--budget", 64, "-o", tmp_path / "a.png")
    assert (png.code, "64 of 576 visual tokens kept" in png.out) == (0, True)
    svg = run("show", photo, "--budget", 64, "--heat", "-o", tmp_path / "a.svg", "--json")
    assert svg.code == 0
    assert json.loads(svg.out)["after"] == 64
    assert (tmp_path / "a.svg").read_text().startswith("<svg")


def test_show_names_its_file_after_the_picture(run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photo.parent)
    assert run("show", "photo.png").code == 0
    assert (photo.parent / "photo-tokens.png").exists()


def test_trace_in_the_terminal_in_json_and_as_a_picture(run, photo: Path, tmp_path: Path) -> None:
    done = run("trace", photo, QUESTION, "--budget", 144, "-o", tmp_path / "a.png")
    assert done.code == 0
    for said in ("Stages", "projector", "Sequence", "with gaps", "Where each word looked", "layer"):
        assert said in done.out
    assert (tmp_path / "a.png").stat().st_size > 1000
    data = json.loads(run("trace", photo, QUESTION, "--json").out)
    assert data["text"] == "red"
    assert data["words"][0]["layers"][0]["images"][0] > 0


def test_doctor_is_well(run) -> None:
    done = run("doctor", "--json")
    assert done.code == 0
    findings = {finding["name"]: finding for finding in json.loads(done.out)}
    assert findings["vtok-mini"]["ok"]
    assert "torch" in findings["vtok[hf]"]["found"]
    assert findings["vtok[pdf]"]["optional"]
    assert 'it says "red"' in findings["vtok-mini"]["found"]


def bad_files(folder: Path) -> dict[str, Path]:
    noise = io.BytesIO()
    Image.effect_noise((200, 200), 80).convert("RGB").save(noise, "JPEG")
    contents = {
        "missing.png": None,
        "text.png": b"no picture",
        "empty.png": b"",
        "cut.jpg": noise.getvalue()[:2000],
        "bomb.png": png_header(60_000, 60_000),
    }
    for name, data in contents.items():
        if data is not None:
            (folder / name).write_bytes(data)
    return {name: folder / name for name in contents}


@pytest.mark.parametrize("name", ["missing.png", "text.png", "empty.png", "cut.jpg", "bomb.png"])
@pytest.mark.parametrize("verb", ["ask", "show", "trace"])
def test_bad_pictures_are_one_line_and_exit_1(run, tmp_path: Path, verb: str, name: str) -> None:
    path = bad_files(tmp_path)[name]
    done = run(verb, path, *([] if verb == "show" else [QUESTION]))
    assert done.code == 1
    said = [line for line in done.err.splitlines() if line.startswith("vtok: ")]
    assert len(said) == 1
    assert name in said[0]


def odd_pictures(folder: Path) -> dict[str, Path]:
    red = Image.new("RGB", (120, 90), (215, 35, 35))
    exif = Image.Exif()
    exif[0x0112] = 6
    red.save(folder / "animated.gif", save_all=True, append_images=[Image.new("RGB", (120, 90), "blue")])
    Image.fromarray(np.full((90, 120), 40_000, np.uint16)).save(folder / "sixteen.png")
    red.convert("CMYK").save(folder / "cmyk.jpg")
    red.convert("RGBA").quantize(8).save(folder / "palette.png")
    red.save(folder / "turned.jpg", exif=exif)
    return {path.name: path for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["animated.gif", "sixteen.png", "cmyk.jpg", "palette.png", "turned.jpg"])
def test_odd_pictures_are_read(run, tmp_path: Path, name: str) -> None:
    done = run("ask", odd_pictures(tmp_path)[name], QUESTION, "--json", "--max-tokens", 2)
    assert done.code == 0
    image = json.loads(done.out)["answers"][0]["ledger"]["images"][0]
    assert image["size"] == ([90, 120] if name == "turned.jpg" else [120, 90])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([""], 2, "the question is empty"),
        ([QUESTION, "--budget", "0"], 2, "keeps no visual token"),
        ([QUESTION, "--budget", "-5"], 2, "keeps no visual token"),
        ([QUESTION, "--budget", "few"], 2, "cannot read the budget"),
        ([QUESTION, "--budget", "9999"], 2, "every picture is 576 visual tokens"),
        ([QUESTION, "--compare"], 2, "--compare needs a --budget"),
        ([QUESTION, "--budget", "9", "--method", "visionzap"], 1, "did you mean visionzip"),
        ([QUESTION, "-o", "a.bmp"], 2, "must be .png or .svg"),
        ([QUESTION, "--device", "toaster"], 2, "cannot use device"),
        ([QUESTION, "--dtype", "int3"], 2, "no dtype"),
        ([QUESTION, "--model", "/nowhere"], 1, "no checkpoint directory"),
        ([QUESTION, "--nonsense"], 2, "No such option"),
    ],
)
def test_bad_arguments(run, photo: Path, arguments: list[str], code: int, said: str) -> None:
    done = run("ask", photo, *arguments)
    assert done.code == code
    assert said in done.err


def test_heat_without_scores_is_refused(run, photo: Path, tmp_path: Path) -> None:
    done = run("show", photo, "--method", "pool", "--heat", "-o", tmp_path / "a.png")
    assert done.code == 2
    assert "uses no score" in done.err


def test_nothing_half_written_stays(run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("show", photo, "-o", tmp_path / "file" / "a.png")
    assert done.code == 1
    assert "cannot write" in done.err


def test_bad_checkpoints(run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llava", "auto_map": {"AutoModel": "x.Y"}}')
    done = run("ask", photo, QUESTION, "--model", tmp_path)
    assert done.code == 1
    assert "runs no remote code" in done.err


@pytest.mark.parametrize("verb", ["ask", "show", "trace", "doctor", "count", "models"])
def test_help_has_examples(run, verb: str) -> None:
    done = run(verb, "--help")
    assert done.code == 0
    assert f"vtok {verb}" in done.out.replace("Usage:", "")
    assert "Examples:" in done.out


def test_running_out_of_memory_is_one_line(run, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def fail() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("vtok.cli.main.app", fail)
    done = run("ask")
    assert done.code == 1
    assert done.err.startswith("vtok: out of memory")


def test_version(run) -> None:
    assert run("--version").out.startswith("vtok ")


@pytest.mark.parametrize("verb", ["count", "fit", "models", "cost", "devices", "ask", "show", "trace", "doctor"])
def test_help_is_folded_to_the_terminal(verb: str) -> None:
    from typer.testing import CliRunner

    from vtok.cli.main import app

    text = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "80"}).stdout
    words = text.partition("Usage")[2].partition("Examples:")[0].splitlines()[1:]
    folded = [line.strip() for line in words]
    # A line ends early only where the next word would not have fitted, or where a paragraph ends.
    for line, following in itertools.pairwise(folded):
        assert not line or not following or len(line) + 1 + len(following.split()[0]) > 70, line
    assert f"vtok {verb}" in text
