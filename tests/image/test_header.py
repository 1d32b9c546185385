"""Sizes from the head of a file: as the decoded picture, for every format and orientation, and nothing is decoded."""

import os
import struct
import zlib

import pytest
from PIL import Image

from vtok.errors import ImageError
from vtok.image.formats import SUFFIXES
from vtok.image.header import header_size, upright_size
from vtok.image.source import Limits, open_image

FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "TIFF": "tif", "GIF": "gif", "BMP": "bmp", "PPM": "ppm"}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("orientation", [None, *range(1, 9)])
def test_as_the_decoded_picture(name, orientation, tmp_path):
    path = tmp_path / f"a.{FORMATS[name]}"
    image = Image.new("RGB", (30, 20))
    exif = image.getexif()
    if orientation and name in ("JPEG", "PNG", "WEBP", "TIFF"):
        exif[0x0112] = orientation
        image.save(path, name, exif=exif)
    else:
        image.save(path, name)
    assert header_size(path) == open_image(path).size
    assert path.suffix in SUFFIXES


def test_exif_behind_the_pixels_of_a_png(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (30, 20)).save(path)
    data = path.read_bytes()
    body = b"eXIf" + struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x0112, 3, 1, 6, 0, 0)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(data[:-12] + chunk + data[-12:])
    assert header_size(path) == (20, 30) == open_image(path).size


def test_an_opened_image():
    image = Image.new("RGB", (30, 20))
    image.getexif()[0x0112] = 6
    assert upright_size(image) == (20, 30)


def test_pixels_are_not_decoded(tmp_path, monkeypatch):
    path = tmp_path / "a.jpg"
    Image.effect_noise((600, 400), 80).save(path)
    path.write_bytes(path.read_bytes()[:700])
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    assert header_size(path) == (600, 400)


def test_far_larger_than_pillow_opens(tmp_path):
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6 100000 100000 255 ")
    assert header_size(path, Limits(pixels=10**10)) == (100_000, 100_000)
    with pytest.raises(ImageError, match="10,000,000,000 pixels, over the limit of 5"):
        header_size(path, Limits(pixels=5))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"hello, this is a text and no picture", "not a picture that can be read"),
        (b"\x89PNG\r\n\x1a\n", "a.jpg"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "a.jpg"),
        (b"\xff\xd8\xff\xe0", "a.jpg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a.jpg"),
        (b"II*\0\xff\xff\xff\xff", "a.jpg"),
        (b"GIF89a", "a.jpg"),
        (b"P6 0 5 255 ", "a.jpg"),
        (b"%PDF-1.7", "is a PDF; its pages are counted by: vtok count"),
    ],
)
def test_files_that_are_no_pictures(data, message, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageError, match=message) as caught:
        header_size(path)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="links and pipes")
def test_what_is_no_file(tmp_path):
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    for path, message in (
        (tmp_path / "gone.jpg", "there is no file"),
        (tmp_path, "is a folder"),
        (tmp_path / "loop.jpg", "cannot read"),
        (tmp_path / "pipe.jpg", "no regular file"),
        (tmp_path / "loop.jpg" / "a.jpg", "cannot read"),
    ):
        with pytest.raises(ImageError, match=message):
            header_size(path)
