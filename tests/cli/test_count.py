"""``vtok count``: what people type, what they get, and every kind of bad input."""

import csv
import io
import json
import os
import re
import sys

import pytest
from PIL import Image
from typer.testing import CliRunner

from vtok.cli import common, main, pictures, sheet
from vtok.errors import VtokError

MODEL = "qwen2.5-vl-7b"


def run(*words):
    """Exit code, stdout and stderr, errors handled as ``main`` handles them."""
    result = CliRunner().invoke(main.app, ["count", *map(str, words)])
    error = result.exception
    if isinstance(error, VtokError):
        return error.exit_code, result.stdout, f"{result.stderr}{error}"
    assert error is None or isinstance(error, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def picture(path, width, height, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height)).save(path, **more)
    return path


def test_one_picture(tmp_path):
    path = picture(tmp_path / "a.png", 644, 476)
    code, out, err = run(path, "--model", MODEL)
    assert (code, err) == (0, "")
    assert re.search(r"a\.png +644 x 476 +644 x 476 +391 +0\.3%", out)
    assert "context window: 128,000 tokens" in out
    assert "total" not in out


def test_sideways_pictures_are_counted_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = picture(tmp_path / "a.jpg", 640, 480, exif=exif)
    assert "480 x 640" in run(path, "-m", MODEL)[1]


def test_a_folder_and_what_else_is_in_it(tmp_path):
    picture(tmp_path / "b" / "2.png", 28, 28)
    picture(tmp_path / "1.JPG", 56, 56)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "b" / "more.txt").write_text("x")
    (tmp_path / "Makefile").write_text("x")
    code, out, err = run(tmp_path, "-m", MODEL)
    assert code == 0
    assert "total of 2" in out
    assert out.index("1.JPG") < out.index("2.png")
    assert err.strip() == "skipped 3 files that are no pictures: 2 .txt, 1 without an ending"


def test_patterns(tmp_path):
    for name in ("a.png", "b.png", "sub/c.png"):
        picture(tmp_path / name, 28, 28)
    assert "total of 2" in run(tmp_path / "*.png", "-m", MODEL)[1]
    assert "total of 3" in run(tmp_path / "**" / "*.png", "-m", MODEL)[1]
    odd = picture(tmp_path / "[x].png", 28, 28)
    assert "[x].png" in run(odd, "-m", MODEL)[1]
    code, out, err = run(tmp_path / "*.gif", "-m", MODEL)
    assert (code, out) == (1, "")
    assert "no file matches" in err


def test_several_models_are_compared():
    code, out, _ = run("--size", "1920x1080", "--size", "10 X 10", "-m", "internvl3-9b", "-m", "gemma3", "-m", "gemma3")
    assert code == 0
    assert re.search(r"image +size +internvl3-9b +gemma-3-4b\n", out)
    assert re.search(r"1920x1080 +1920 x 1080 +2,306 +256", out)
    assert re.search(r"share of it +- +0\.4%", out)


def test_settings(tmp_path):
    path = picture(tmp_path / "a.png", 4000, 3000)
    code, out, _ = run(path, "-m", MODEL, "--set", "max_pixels=614656", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert len(rows) == 1
    assert int(rows[0]["tokens"]) == int(rows[0]["visual"]) + int(rows[0]["structural"]) <= 784
    assert rows[0]["image"] == str(path)


def test_json():
    code, out, _ = run("--size", "640x480", "--size", "5000x5", "-m", MODEL, "-m", "gemma3", "--json")
    data = json.loads(out)
    assert code == 1
    assert [model["tokens"] for model in data["models"]] == [391, 512]
    assert data["models"][0]["settings"]["max_pixels"] == 12845056
    assert data["images"][1]["counts"] == {MODEL: None, "gemma-3-4b": data["images"][0]["counts"]["gemma-3-4b"]}
    assert "200 times" in data["failed"][0]["problem"]


def test_another_engine():
    code, out, _ = run("--size", "640x480", "-m", MODEL, "--runtime", "ollama")
    assert code == 0
    assert re.search(r"640x480 +640 x 480 +1036 x 784 +1,036 +2 +1,038", out)
    assert "counted by the rule of Ollama (" in out
    data = json.loads(run("--size", "640x480", "-m", MODEL, "--runtime", "ollama", "--json")[1])
    assert data["models"][0]["runtime"] == "ollama"


def test_a_checkpoint_directory(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "qwen2_vl"}')
    (tmp_path / "preprocessor_config.json").write_text('{"max_pixels": 614656}')
    code, out, _ = run("--size", "4000x3000", "-m", tmp_path)
    assert code == 0
    assert "768" in out


def test_the_rest_goes_on(tmp_path):
    picture(tmp_path / "good.png", 28, 28)
    picture(tmp_path / "long.png", 3000, 10)
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 9)
    (tmp_path / "text.jpg").write_text("no picture at all")
    code, out, err = run(tmp_path, tmp_path / "gone.jpg", "-m", MODEL)
    assert code == 1
    assert "total of 1" in out
    lines = err.strip().splitlines()
    assert len(lines) == 6
    for name in ("long.png", "empty.jpg", "broken.png", "text.jpg", "gone.jpg"):
        assert sum(name in line for line in lines) == 1
    assert lines[-1] == "1 counted, 5 not"
    assert "Traceback" not in err


@pytest.mark.skipif(os.name == "nt", reason="links and pipes")
def test_links(tmp_path):
    picture(tmp_path / "real" / "a.png", 28, 28)
    (tmp_path / "real" / "back").symlink_to(tmp_path)
    (tmp_path / "linked.png").symlink_to(tmp_path / "real" / "a.png")
    (tmp_path / "self.png").symlink_to("self.png")
    (tmp_path / "dead.png").symlink_to("nothing")
    os.mkfifo(tmp_path / "pipe.png")
    code, out, err = run(tmp_path, "-m", MODEL)
    assert code == 1
    assert "total of 2" in out
    assert "links back to a folder above it" in err
    assert len(err.strip().splitlines()) == 5


@pytest.mark.skipif(os.name == "nt", reason="names that are no text")
@pytest.mark.parametrize("way", [[], ["--json"], ["--csv"]])
def test_files_of_any_name(way, tmp_path):
    for name in (b"line\nbreak.png", b"no\xfftext.png", b"[red]mark[.png"):
        os.link(picture(tmp_path / "a.png", 28, 28), os.path.join(os.fsencode(tmp_path), name))
    (tmp_path / "a.png").unlink()
    with open(os.path.join(os.fsencode(tmp_path), b"bad\n\xff.png"), "w"):
        pass
    code, out, err = run(tmp_path, "-m", MODEL, *way)
    assert code == 1
    assert "[red]mark[.png" in out
    assert "no\\xfftext.png" in out.replace("\\\\", "\\")
    assert len(err.strip().splitlines()) == 2


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_unreadable_files(tmp_path):
    picture(tmp_path / "a.png", 28, 28).chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    code, _, err = run(tmp_path, "-m", MODEL)
    assert code == 1
    assert "cannot read" in err
    assert "cannot open the folder" in err


def test_the_limit_on_pixels_is_raised_by_a_flag(tmp_path):
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6 30000 20000 255 ")
    code, _, err = run(path, "-m", "gemma3")
    assert code == 1
    assert re.search(r"a\.ppm: 30000 x 20000 px are over the limit of [\d,]+ pixels; raise it with --limit-pixels", err)
    assert run(path, "-m", "gemma3", "--limit-pixels", 10**9)[0] == 0


def pages(path, *sizes):
    first, *rest = (Image.new("1", size) for size in sizes)
    first.save(path, save_all=True, append_images=rest)
    return path


def test_pages_of_a_pdf(tmp_path):
    pytest.importorskip("pypdfium2")
    pages(tmp_path / "a.pdf", (720, 360), (72, 72))
    picture(tmp_path / "b.png", 28, 28)
    code, out, err = run(tmp_path, "-m", MODEL)
    assert (code, err) == (0, "")
    assert re.search(r"a\.pdf#page=1 +1500 x 750 ", out)
    assert re.search(r"a\.pdf#page=2 +150 x 150 ", out)
    assert "total of 3" in out
    assert "720 x 360" in run(tmp_path / "a.pdf", "-m", MODEL, "--dpi", 72)[1]
    (tmp_path / "a.pdf").rename(tmp_path / "scan")
    assert "scan#page=2" in run(tmp_path / "scan", "-m", MODEL)[1]


@pytest.mark.skipif(os.name == "nt", reason="pipes")
def test_pdfs_that_cannot_be_counted(tmp_path):
    pytest.importorskip("pypdfium2")
    pages(tmp_path / "long.pdf", *[(8, 8)] * 501)
    pages(tmp_path / "wide.pdf", (14400, 14400), (72, 72))
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    (tmp_path / "empty.pdf").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.pdf")
    code, out, err = run(tmp_path, "-m", MODEL)
    assert code == 1
    assert "wide.pdf#page=2" in out
    lines = err.strip().splitlines()
    assert len(lines) == 6
    for name in ("long", "broken", "empty", "pipe", "wide.pdf#page=1: 3000"):
        assert sum(name in line for line in lines) == 1
    assert "501 pages, over the limit of 500; raise it with --limit-pages" in err
    assert lines[-1] == "1 counted, 5 not"
    assert "total of 501" in run(tmp_path / "long.pdf", "-m", MODEL, "--limit-pages", 501)[1]


def test_a_pdf_without_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    picture(tmp_path / "a.png", 28, 28)
    pages(tmp_path / "b.pdf", (8, 8))
    code, out, err = run(tmp_path, "-m", MODEL)
    assert code == 1
    assert "a.png" in out
    assert 'pip install "vtok[pdf]"' in err
    assert "1 counted, 1 not" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--size", "5x5"], "for which model"),
        (["-m", MODEL], "nothing to count"),
        (["--size", "5x5", "-m", "qwen2.5-vl-7"], "there is no model 'qwen2.5-vl-7'; did you mean qwen2.5-vl-7b"),
        (["--size", "0x5", "-m", MODEL], "cannot read the size '0x5'"),
        (["--size", "-5x5", "-m", MODEL], "cannot read the size"),
        (["--size", "5", "-m", MODEL], "cannot read the size"),
        (["--size", "9999999999x1", "-m", MODEL], "larger than any picture"),
        (["--size", "5x5", "-m", MODEL, "--set", "max_pixels"], "expected key=value"),
        (["--size", "5x5", "-m", MODEL, "--set", "max_pixels=lots"], "expected a whole number"),
        (["--size", "5x5", "-m", MODEL, "--set", "tiles=3"], "has no setting 'tiles'; it has min_pixels"),
        (["--size", "5x5", "-m", MODEL, "--json", "--csv"], "take one"),
        (["--size", "5x5", "-m", MODEL, "--runtime", "sglang"], "there is no runtime 'sglang'; expected one of"),
        (["--size", "5x5", "-m", "pixtral", "--runtime", "ollama"], "has not verified how ollama counts for pixtral"),
    ],
)
def test_wrong_usage(words, message):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert message in err


def test_names_that_are_too_long():
    long = "a" * 5000
    code, _, err = run("--size", "5x5", "-m", long)
    assert (code, "there is no model" in err) == (2, True)
    code, _, err = run("--size", "5x5", "-m", f"./{long}")
    assert (code, "there is no checkpoint directory" in err) == (1, True)
    for name in (long, f"{long}.pdf"):
        code, out, err = run(name, "-m", MODEL)
        assert (code, out) == (1, "")
        assert "File name too long" in err


def test_unusable_directories(tmp_path):
    code, out, err = run("--size", "5x5", "-m", tmp_path)
    assert (code, out) == (1, "")
    assert "has no config.json" in err


@pytest.mark.parametrize("size", ["1x1", "100000x1", "1x100000"])
@pytest.mark.parametrize("model", ["llava-1.6", "internvl3-8b", "gemma4", "pixtral", "kimi-k2.5", "qwen3-vl"])
def test_odd_sizes_count_or_are_refused(size, model):
    code, _, err = run("--size", size, "-m", model)
    assert code == (1 if err else 0)
    assert "Traceback" not in err


def test_tables_on_a_terminal(monkeypatch):
    console = common.Console(force_terminal=True, width=70, file=io.StringIO())
    monkeypatch.setattr(common, "console", console)
    run("--size", "1920x1080", "--size", "5000x5", "-m", MODEL)
    drawn = console.file.getvalue()
    assert "refused" in drawn
    assert max(len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in drawn.splitlines()) <= 70
    monkeypatch.setattr(sheet, "MOST_DRAWN", 1)
    code, out, _ = run("--size", "1920x1080", "--size", "5x5", "-m", MODEL)
    assert code == 0
    assert "total of 2" in out


def test_a_bar_when_it_takes_long(tmp_path, monkeypatch):
    for number in range(3):
        picture(tmp_path / f"{number}.png", 28, 28)
    console = common.Console(force_terminal=True, stderr=True, width=80, file=io.StringIO())
    monkeypatch.setattr(common, "notes", console)
    assert run(tmp_path, "-m", MODEL)[0] == 0
    assert console.file.getvalue() == ""
    monkeypatch.setattr(pictures, "_SECONDS_BEFORE_A_BAR", -1)
    assert run(tmp_path, "-m", MODEL)[0] == 0
    assert "reading sizes" in console.file.getvalue()


def test_closed_models_are_marked():
    code, out, err = run("--size", "1024x1024", "-m", "gpt-4o", "-m", "o3", "-m", MODEL)
    assert (code, err) == (0, "")
    assert "gpt-4o, o3 are counted by the rule that OpenAI publishes (closed, for comparison only)" in out
    _, out, _ = run("--size", "1024x1024", "-m", "gpt-4o")
    assert "counted by the rule that OpenAI publishes (closed" in out
    data = json.loads(run("--size", "1024x1024", "-m", "gpt-4o", "-m", MODEL, "--json")[1])
    assert [one["closed"] for one in data["models"]] == [True, False]
