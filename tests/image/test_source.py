"""Every file is hostile until checked."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vtok.errors import ImageError
from vtok.image.source import Limits, open_image


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size without having its pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="there is no file"):
        open_image(tmp_path / "none.png")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is a folder"):
        open_image(tmp_path)


def test_text_named_png(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture at all")
    with pytest.raises(ImageError, match="is not a picture that can be read"):
        open_image(tmp_path / "a.png")


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(ImageError, match="empty"):
        open_image(tmp_path / "a.png")


def test_truncated_jpeg(tmp_path: Path) -> None:
    whole = saved(Image.effect_noise((200, 200), 80).convert("RGB"), "JPEG")
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match="is broken"):
        open_image(tmp_path / "a.jpg")


@pytest.mark.parametrize("size", [(60_000, 60_000), (20_000, 9_000)])
def test_bomb_is_not_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match="over the limit"):
        open_image(png_header(*size))


def test_limits_are_the_callers() -> None:
    data = saved(Image.new("RGB", (20, 20)), "PNG")
    with pytest.raises(ImageError, match="over the limit of 100"):
        open_image(data, Limits(pixels=100))
    with pytest.raises(ImageError, match="bytes, over the limit"):
        open_image(data, Limits(file_bytes=10))


def test_heavy_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x" * 1000)
    with pytest.raises(ImageError, match="1,000 bytes"):
        open_image(tmp_path / "a.png", Limits(file_bytes=999))


def test_animated_gif_gives_its_first_frame() -> None:
    red, blue = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    image = open_image(saved(red, "GIF", save_all=True, append_images=[blue], duration=50))
    red_part, _, blue_part = image.getpixel((4, 4))
    assert red_part > 250
    assert blue_part < 5


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    values = np.array([[0, 16384, 32768, 65535]], np.uint16)
    image = open_image(saved(Image.fromarray(values), "PNG"))
    assert [image.getpixel((x, 0))[0] for x in range(4)] == [0, 64, 128, 255]


def test_cmyk() -> None:
    image = open_image(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    red, green, blue = image.getpixel((4, 4))
    assert red > 200
    assert max(green, blue) < 60


def test_palette_with_alpha_lies_on_white() -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 4, 8))
    opened = open_image(saved(image.quantize(8), "PNG"))
    assert opened.mode == "RGB"
    assert opened.getpixel((1, 1)) == (255, 0, 0)
    assert opened.getpixel((6, 6)) == (255, 255, 255)


def test_exif_rotation_is_applied() -> None:
    image = Image.new("RGB", (20, 10), "white")
    image.paste((0, 0, 255), (0, 0, 5, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    opened = open_image(saved(image, "PNG", exif=exif))
    assert opened.size == (10, 20)
    assert opened.getpixel((5, 1)) == (0, 0, 255)
    assert opened.getpixel((5, 18)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_mangled_files_are_opened_or_refused_never_worse(kind: str) -> None:
    rng = np.random.default_rng(0)
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {"exif": exif} if kind in ("PNG", "JPEG", "WEBP", "TIFF") else {}
    whole = np.frombuffer(saved(Image.effect_noise((40, 30), 80).convert("RGB"), kind, **options), np.uint8)
    refused: list[str] = []
    for _ in range(150):
        data = whole.copy()
        where = rng.integers(0, min(len(data), 400), rng.integers(1, 12))
        data[where] = rng.integers(0, 256, len(where))
        try:
            assert open_image(data.tobytes(), Limits(pixels=10_000)).mode == "RGB"
        except ImageError as error:
            refused.append(str(error))
    assert refused
    assert not any("\n" in line for line in refused)


def test_bytes_and_images_are_taken_too() -> None:
    image = Image.new("L", (4, 4), 7)
    assert open_image(image).getpixel((0, 0)) == (7, 7, 7)
    assert open_image(saved(image, "PNG")).size == (4, 4)
