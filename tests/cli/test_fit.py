"""``vtok fit``: what is written, and what is left alone."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from running_fit import QWEN, json_of, run

import vtok


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(path, quality=90)
    return path


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


def test_fitting_needs_no_torch(photo, tmp_path):
    words = ["fit", str(photo), *QWEN, "--budget", "300", "-o", str(tmp_path / "out")]
    code = f"from vtok.cli.main import app; app({words!r}, standalone_mode=False)"
    code += "; import sys; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "False"
