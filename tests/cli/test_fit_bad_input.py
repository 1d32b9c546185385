"""``vtok fit``: what is said of bad input, and that the rest of a batch goes on."""

import errno
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from running_fit import QWEN, json_of, run

from vtok.catalog.counting import find_model
from vtok.cli import common
from vtok.cli.fit_plan import little_left
from vtok.errors import VtokError
from vtok.fitting.choose import Choice
from vtok.fitting.detail import detail
from vtok.fitting.fit import Fitted
from vtok.fitting.original import SizeOnly


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(path, quality=90)
    return path


@pytest.fixture
def bad(tmp_path):
    """A folder of files that each fail in a way of their own, and one that does not."""
    folder = tmp_path / "bad"
    folder.mkdir()
    picture = Image.effect_noise((400, 300), 60).convert("RGB")
    picture.save(folder / "good.jpg")
    for kind in ("jpg", "png", "webp"):
        picture.save(tmp_path / f"x.{kind}")
        data = (tmp_path / f"x.{kind}").read_bytes()
        (folder / f"cut.{kind}").write_bytes(data[: len(data) // 2])
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("no picture")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    Image.new("RGB", (30_000, 1)).save(folder / "strip.png")
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    return folder


def test_the_rest_of_a_batch_goes_on(bad, tmp_path):
    result = run(bad, tmp_path / "none.jpg", *QWEN, "--budget", 50, "-o", tmp_path / "out", ok=False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["dot.png", "good.jpg"]
    lines = result.stderr.splitlines()
    for name in ("cut.jpg", "cut.png", "cut.webp", "empty.png", "text.jpg", "broken.pdf", "strip.png", "none.jpg"):
        assert sum(name in line for line in lines) == 1, (name, lines)
    assert any("one side 30,000 times as long" in line for line in lines)
    assert lines[-1] == "2 fitted, 8 not"
    assert result.exit_code == 1


def test_a_truncated_file_is_not_copied_either(bad, tmp_path):
    for kind in ("jpg", "png", "webp"):
        result = run(bad / f"cut.{kind}", *QWEN, "--budget", 5000, "-o", tmp_path / "out", ok=False)
        assert "broken" in result.stderr
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("way", ["--per-image", "--total"])
def test_a_picture_of_which_next_to_nothing_is_left(tmp_path, way):
    Image.new("RGB", (100_000, 1)).save(tmp_path / "strip.png")
    words = (tmp_path / "strip.png", "--model", "internvl3-8b", "--budget", 600, way)
    [image] = json_of(*words, "-o", tmp_path / "json")["images"]
    assert "next to nothing is left to see: 100,000 x 1 px become" in image["warning"]
    result = run(*words, "-o", tmp_path / "text")
    [line] = [line for line in result.stderr.splitlines() if "next to nothing" in line]
    assert line.endswith("cut the picture up, or raise the budget")
    assert "<0.1%" in result.stdout


@pytest.mark.parametrize(
    ("source", "size", "told"),
    [
        ((300, 20), (15, 1), True),  # 0.25 % survives, on a single row
        ((300, 20), (30, 2), False),
        ((300, 1), (150, 1), False),  # it had no more than a row
        ((4000, 4000), (120, 120), True),  # 0.09 %
        ((4000, 4000), (130, 130), False),
    ],
)
def test_when_next_to_nothing_is_left(source, size, told):
    model = find_model("qwen2.5-vl-7b", runtime="llama.cpp")
    layout = model.family.layout(*size)
    fitted = Fitted(SizeOnly(source), model, Choice(source, size, layout, detail(layout, source)))
    assert (little_left(fitted) is not None) == told


def test_every_kind_of_pixels(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    Image.new("CMYK", (400, 300), (0, 255, 255, 0)).save(folder / "cmyk.jpg")
    Image.fromarray(np.full((300, 400), 65535, np.uint16)).save(folder / "sixteen.png")
    palette = Image.new("P", (400, 300), 0)
    palette.save(folder / "palette.png", transparency=0)
    palette.save(folder / "moving.gif", save_all=True, append_images=[palette, palette])
    Image.new("LA", (400, 300)).save(folder / "grey.png")
    found = json_of(folder, *QWEN, "--budget", 40, "-o", tmp_path / "out")
    assert len(found["images"]) == 5
    for image in found["images"]:
        written = Image.open(image["output"])
        assert (written.mode, list(written.size)) == ("RGB", image["fitted"])


def test_a_full_disk_leaves_nothing_half_written(photo, tmp_path, monkeypatch):
    def full(self, path, *rest, **more):
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    result = run(photo, *QWEN, "--budget", 300, "-o", tmp_path / "out", ok=False)
    assert "cannot write" in result.stderr
    assert "No space left on device" in result.stderr
    assert not list((tmp_path / "out").iterdir())
    with pytest.raises(VtokError):
        common.write_whole(tmp_path / "out" / "x.png", lambda part: full(None, part))


def test_no_bomb_is_decoded(photo, tmp_path):
    words = (photo, *QWEN, "--budget", 300, "-o", tmp_path / "out", "--limit-pixels")
    result = run(*words, 1_000_000, ok=False)
    assert "over the limit of 1,000,000 pixels; raise it with --limit-pixels" in result.stderr
    run(*words, 2_000_000)


def test_wrong_usage(photo, tmp_path):
    for words, message in (
        ((photo, *QWEN, "--budget", 0, "-o", tmp_path / "o"), "the budget is 0"),
        ((photo, "--model", "qwen9", "--budget", 9, "-o", tmp_path / "o"), "there is no model 'qwen9'"),
        ((photo, *QWEN, "--budget", 9, "-o", tmp_path / "o", "--format", "bmp"), "expected one of jpg, png, webp"),
    ):
        result = run(*words, ok=False)
        assert message in str(result.exception), result.output
    result = run(photo, *QWEN, "--budget", 3, "-o", tmp_path / "o", ok=False)
    assert "takes at least 4 tokens" in result.stderr
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "empty", *QWEN, "--budget", 9, "-o", tmp_path / "o", ok=False)
    assert "there are no pictures to fit" in str(result.exception)


def test_an_encrypted_document(tmp_path):
    pytest.importorskip("pypdfium2")
    lock = f"/Filter/Standard/V 1/R 2/P -4/O<{'0' * 64}>/U<{'1' * 64}>"
    (tmp_path / "locked.pdf").write_text(
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
        f"4 0 obj<<{lock}>>endobj\ntrailer<</Root 1 0 R/Encrypt 4 0 R/ID[<{'2' * 32}>]>>\n%%EOF\n"
    )
    result = run(tmp_path / "locked.pdf", *QWEN, "--budget", 9, "-o", tmp_path / "o", ok=False)
    assert "locked.pdf is encrypted; save it without a password first" in result.stderr
