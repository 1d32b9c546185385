"""HEIC, what telephones write: read with pillow-heif, and a plain word where that is missing."""

import sys

import pytest
from PIL import Image

from vtok.errors import ImageError, MissingExtraError
from vtok.image import formats
from vtok.image.decode import decode_at
from vtok.image.header import header_size
from vtok.image.source import Limits, open_image


@pytest.fixture
def photo(tmp_path):
    """A picture that lies on its side, blue on what is its left once it is upright, as a telephone would write it."""
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    image = Image.new("RGB", (640, 480), "red")
    image.paste("blue", (0, 240, 640, 480))
    exif = image.getexif()
    exif[274] = 6
    image.save(tmp_path / "a.heic", exif=exif.tobytes())
    return tmp_path / "a.heic"


def test_upright_from_the_head_and_from_the_pixels(photo):
    assert header_size(photo) == (480, 640) == open_image(photo).size
    small = decode_at(photo, (48, 64))
    assert small.size == (48, 64)
    assert small.getpixel((4, 32))[2] > 200 > 60 > small.getpixel((43, 32))[2]


def test_limits_hold_before_anything_is_decoded(photo):
    for read in (header_size, open_image):
        with pytest.raises(ImageError, match="480 x 640 px = 307,200 pixels, over the limit of 1,000"):
            read(photo, Limits(pixels=1000))


def test_a_broken_one_is_a_clear_error(photo):
    photo.write_bytes(photo.read_bytes()[:600])
    with pytest.raises(ImageError, match="heic"):
        open_image(photo)


def test_without_the_package(photo, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.delitem(Image.OPEN, "HEIF")
    formats._heif.cache_clear()
    try:
        for read in (header_size, open_image):
            with pytest.raises(MissingExtraError, match=r'HEIC pictures needs pillow-heif.*pip install "vtok\[heic\]"'):
                read(photo)
    finally:
        formats._heif.cache_clear()
