"""Surveys of files say what surveys of their pixels say."""

import pytest
from PIL import Image

from tests.fitting.drawn import page, photo
from tests.image.pdf_files import X, written
from vtok.errors import ImageError
from vtok.fitting.looking import look
from vtok.fitting.original import File, Memory, Page
from vtok.fitting.survey import Survey


def test_a_large_jpeg_from_half_its_pixels(tmp_path):
    picture = page(2400, 3000, 44)
    picture.save(tmp_path / "a.jpg", quality=90)
    found, whole = look(File(tmp_path / "a.jpg")), Survey.of(picture)
    assert found.source == (2400, 3000)
    assert found.print.height == pytest.approx(whole.print.height, rel=0.1)
    for scale in (0.5, 0.2, 0.1):
        assert found.similarity.at(scale) == pytest.approx(whole.similarity.at(scale), abs=0.03)


def test_sideways_files_and_pictures(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    page(700, 900).rotate(90, expand=True).save(tmp_path / "a.jpg", exif=exif)
    assert look(File(tmp_path / "a.jpg")).source == (700, 900)
    assert look(File(tmp_path / "a.jpg")).print is not None
    assert look(Memory(page(700, 900))).source == (700, 900)


@pytest.mark.parametrize("size", [(1, 1), (100_000, 1), (2, 3000)])
def test_odd_sizes(tmp_path, size):
    Image.new("RGB", size).save(tmp_path / "a.png")
    survey = look(File(tmp_path / "a.png"))
    assert (survey.source, survey.print) == (size, None)


def test_what_is_no_picture(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(ImageError, match=r"a\.png is not a picture"):
        look(File(tmp_path / "a.png"))


def test_pages(tmp_path):
    pytest.importorskip("pypdfium2")
    lines = "".join(f"BT /F 12 Tf 20 {380 - 20 * line} Td (some words in a row) Tj ET\n" for line in range(10))
    path = written(tmp_path / "a.pdf", lines)
    found = look(Page(path, 1, 150)).print
    assert found.exact
    assert found.height == pytest.approx(12 * X * 150 / 72, rel=0.06)
    page(1000, 1300, 20).save(tmp_path / "scan.pdf", resolution=150)
    scan = look(Page(tmp_path / "scan.pdf", 1, 150)).print
    assert not scan.exact
    assert scan.height == pytest.approx(Survey.of(page(1000, 1300, 20)).print.height, rel=0.1)
    photo().save(tmp_path / "photo.pdf", resolution=150)
    assert look(Page(tmp_path / "photo.pdf", 1, 150)).print is None
