"""``vtok fit``: what is written, what is left alone, and what is said of bad input."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

import vtok
from vtok.cli import common
from vtok.cli.main import app
from vtok.errors import VtokError


def run(*words, ok=True):
    result = CliRunner().invoke(app, ["fit", *map(str, words)])
    assert (result.exit_code == 0) == ok, result.output
    return result


def json_of(*words, ok=True):
    return json.loads(run(*words, "--json", ok=ok).stdout)


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(path, quality=90)
    return path


QWEN = ("--model", "qwen2.5-vl-7b")


def test_a_photo(photo, tmp_path):
    before = photo.read_bytes()
    found = json_of(photo, *QWEN, "--budget", 300, "-o", tmp_path / "out")
    [image] = found["images"]
    assert Path(image["output"]) == tmp_path / "out" / "photo.jpg"
    assert vtok.count(image["output"], "qwen2.5-vl-7b") == image["tokens"] == found["tokens"] <= 300
    assert list(Image.open(image["output"]).size) == image["fitted"]
    assert image["tokens_before"] == vtok.count(photo, "qwen2.5-vl-7b")
    assert photo.read_bytes() == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["photo.jpg"]


def test_the_table(photo, tmp_path):
    lines = run(photo, *QWEN, "--budget", 300, "-o", tmp_path / "out").stdout.splitlines()
    assert lines[0] == "qwen2.5-vl-7b, at most 300 tokens each"
    assert "  1600 x 1200  " in lines[2]
    assert lines[2].endswith(str(tmp_path / "out" / "photo.jpg"))


def test_what_fits_is_copied_byte_for_byte_unless_it_has_to_be_turned(photo, tmp_path):
    [image] = json_of(photo, *QWEN, "--budget", 5000, "-o", tmp_path / "out")["images"]
    assert image["copied"]
    assert Path(image["output"]).read_bytes() == photo.read_bytes()
    [image] = json_of(photo, *QWEN, "--budget", 5000, "-o", tmp_path / "out", "--format", "png")["images"]
    assert not image["copied"]
    assert Image.open(image["output"]).size == (1600, 1200)
    exif = Image.Exif()
    exif[274] = 6
    Image.open(photo).save(tmp_path / "turned.jpg", exif=exif)
    [image] = json_of(tmp_path / "turned.jpg", *QWEN, "--budget", 5000, "-o", tmp_path / "out")["images"]
    assert Image.open(image["output"]).size == (1200, 1600)


def test_what_a_camera_noted_is_kept_and_the_orientation_applied(photo, tmp_path):
    exif = Image.Exif()
    exif[274], exif[271] = 8, "A camera"
    exif.get_ifd(0x8769)[36867] = "2025:01:02 03:04:05"
    exif.get_ifd(0x8769)[40962] = 1600
    Image.open(photo).save(photo, exif=exif)
    for kind in ("jpg", "png", "webp"):
        out = tmp_path / kind
        [image] = json_of(photo, *QWEN, "--budget", 300, "-o", out, "--format", kind)["images"]
        written = Image.open(image["output"])
        kept = written.getexif()
        assert written.width < written.height
        assert kept[271] == "A camera"
        assert kept.get_ifd(0x8769) == {36867: "2025:01:02 03:04:05"}
        assert 274 not in kept


def test_names_never_collide(tmp_path):
    for name in ("in/a.jpg", "in/a.png", "in/A.webp", "in/deep/a.jpg", "other/a.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60, 60)).save(path)
    out = tmp_path / "out"
    words = (tmp_path / "in", tmp_path / "other" / "a.jpg", *QWEN, "--budget", 100, "-o", out, "--format", "png")
    outputs = [image["output"] for image in json_of(*words)["images"]]
    assert len({output.casefold() for output in outputs}) == 5
    assert str(out / "deep" / "a.png") in outputs
    assert all(Path(output).exists() for output in outputs)


def test_nothing_is_overwritten_without_force(photo, tmp_path):
    out = tmp_path / "out"
    run(photo, *QWEN, "--budget", 300, "-o", out)
    before = (out / "photo.jpg").read_bytes()
    result = run(photo, *QWEN, "--budget", 100, "-o", out, ok=False)
    assert "is there already; --force overwrites it" in result.stderr
    assert (out / "photo.jpg").read_bytes() == before
    run(photo, *QWEN, "--budget", 100, "-o", out, "--force")
    assert (out / "photo.jpg").read_bytes() != before


def test_an_original_is_never_written_over(photo):
    before = photo.read_bytes()
    [image] = json_of(photo, *QWEN, "--budget", 300, "-o", photo.parent, "--force")["images"]
    assert Path(image["output"]) == photo.parent / "photo-2.jpg"
    assert photo.read_bytes() == before


def test_what_was_written_into_the_folder_itself_is_not_taken_again(photo):
    out = photo.parent / "fitted"
    for _ in range(2):
        assert len(json_of(photo.parent, *QWEN, "--budget", 300, "-o", out, "--force")["images"]) == 1


def test_pages(tmp_path):
    pytest.importorskip("pypdfium2")
    first, *rest = (Image.new("RGB", (1275, 1650), "white") for _ in range(3))
    first.save(tmp_path / "scan.pdf", save_all=True, append_images=rest, resolution=150)
    found = json_of(tmp_path / "scan.pdf", *QWEN, "--budget", 500, "-o", tmp_path / "out")
    assert [Path(image["output"]).name for image in found["images"]] == [f"scan-000{n}.png" for n in (1, 2, 3)]
    assert all(Image.open(image["output"]).size == tuple(image["fitted"]) for image in found["images"])
    result = run(tmp_path / "scan.pdf", *QWEN, "--budget", 500, "-o", tmp_path / "o", "--limit-pages", 2, ok=False)
    assert "has 3 pages, over the limit of 2; raise it with --limit-pages" in result.stderr


def test_one_budget_for_all(tmp_path):
    page = Image.new("RGB", (1200, 900), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(24)
    for line in range(30):
        pen.text((20, 20 + line * 28), "Pack my box with five dozen liquor jugs, " * 3, "black", font)
    page.save(tmp_path / "page.png")
    sky = np.linspace(120, 220, 900).astype(np.uint8)[:, None].repeat(1200, axis=1)
    Image.fromarray(sky).convert("RGB").save(tmp_path / "sky.png")
    found = json_of(
        tmp_path / "page.png", tmp_path / "sky.png", *QWEN, "--budget", 1000, "--total", "-o", tmp_path / "o"
    )
    page_tokens, sky_tokens = (image["tokens"] for image in found["images"])
    assert found["tokens"] == page_tokens + sky_tokens <= 1000
    assert page_tokens > 2 * sky_tokens
    result = run(
        tmp_path / "page.png", tmp_path / "sky.png", *QWEN, "--budget", 5, "--total", "-o", tmp_path / "o2", ok=False
    )
    assert "take at least 8 tokens together; the budget is 5" in str(result.exception)


def test_print_that_will_be_lost_is_told(tmp_path):
    page = Image.new("RGB", (1700, 2200), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(22)
    for line in range(60):
        pen.text((100, 100 + line * 33), "the quick brown fox jumps over the lazy dog and away it runs", "black", font)
    page.save(tmp_path / "page.png")
    words = (tmp_path / "page.png", *QWEN, "--budget", 300)
    [image] = json_of(*words, "-o", tmp_path / "a")["images"]
    assert "would become" in image["warning"]
    assert "--budget" in image["warning"]
    needed = int(image["warning"].rpartition(" ")[2])
    [image] = json_of(*words[:-1], needed, "-o", tmp_path / "b")["images"]
    assert image["warning"] is None
    [image] = json_of(*words, "-o", tmp_path / "c", "--no-legibility")["images"]
    assert image["warning"] is None


def test_a_setting_is_changed_only_when_asked(photo, tmp_path):
    words = (photo, "--model", "idefics3-8b", "--budget", 1000, "-o", tmp_path / "o")
    result = run(*words, ok=False)
    assert "with size={'longest_edge': 728} in its processor it takes" in result.stderr
    result = run(*words, "--change-settings")
    assert "only with size={'longest_edge': 728} in the model's processor" in result.stderr


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


def test_a_video(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height = 320, 240
        for number in range(20):
            frame = np.zeros((240, 320, 3), np.uint8)
            frame[:, : 16 * number] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    found = json_of(path, *QWEN, "--budget", 200, "-o", tmp_path / "out")
    assert found["tokens"] <= 200
    assert len(found["images"]) > 2
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == sorted(Path(image["output"]).name for image in found["images"])
    assert names[0] == "clip-00000.000s.png"
    result = run(path, *QWEN, "--budget", 2, "-o", tmp_path / "o", ok=False)
    assert "the first and the last frame" in result.stderr
    result = run(path, *QWEN, "--budget", 200, "--total", "-o", tmp_path / "o", ok=False)
    assert "fit videos without it" in str(result.exception)
    (tmp_path / "empty.mp4").write_bytes(path.read_bytes()[:200])
    result = run(tmp_path / "empty.mp4", *QWEN, "--budget", 200, "-o", tmp_path / "o", ok=False)
    assert "empty.mp4" in result.stderr


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


def test_fitting_needs_no_torch(photo, tmp_path):
    words = ["fit", str(photo), *QWEN, "--budget", "300", "-o", str(tmp_path / "out")]
    code = f"from vtok.cli.main import app; app({words!r}, standalone_mode=False)"
    code += "; import sys; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "False"
