"""Pictures in: opened safely, upright, in RGB. Every file is hostile until checked."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from vtok.errors import ImageError, VtokError
from vtok.image.formats import FORMATS, HEAD, readers


@dataclass(frozen=True)
class Limits:
    """What a picture may weigh before anything is decoded: ``pixels`` in all, ``file_bytes`` on disk.

    The default for pixels is where Pillow itself refuses to go on (twice ``Image.MAX_IMAGE_PIXELS``).
    """

    pixels: int = 178_956_970
    file_bytes: int = 512 * 2**20


DEFAULT_LIMITS = Limits()
Source = str | Path | bytes | Image.Image


def open_image(source: Source, limits: Limits = DEFAULT_LIMITS) -> Image.Image:
    """The picture as upright 8-bit RGB: EXIF orientation applied, transparency over white, 16-bit scaled to 8.

    Of an animated file the first frame is taken. ``source`` is a path, the bytes of a file, or a PIL image. Raises
    ``ImageError`` for what is missing, empty, no picture, broken, or over ``limits``; nothing over them is decoded.
    """
    with opened(source, limits) as image:
        return to_rgb(image)


@contextmanager
def opened(source: Source, limits: Limits = DEFAULT_LIMITS) -> Iterator[Image.Image]:
    """The picture as its file has it, nothing decoded yet; see ``open_image`` for what is raised, then and later."""
    if isinstance(source, Image.Image):
        yield source
        return
    name = "the picture" if isinstance(source, bytes) else str(source)
    data = source if isinstance(source, bytes) else _read(Path(source), limits)
    if not data:
        raise ImageError(f"{name} is empty (0 bytes); expected a picture such as a PNG or a JPEG")
    if len(data) > limits.file_bytes:
        raise ImageError(_too_heavy(name, len(data), limits))
    try:
        with warnings.catch_warnings():
            # Pillow's remarks on odd files help nobody here.
            warnings.simplefilter("ignore")
            with _lazily(data) as image:
                _check_size(name, image.size, limits)
                yield image
    except UnidentifiedImageError:
        raise ImageError(f"{name} is not a picture that can be read; expected one of {', '.join(FORMATS)}") from None
    except VtokError:
        raise
    except Exception as error:  # decoders raise whatever a hostile file makes them trip over
        raise ImageError(f"{name} is broken and cannot be decoded: {_one_line(error)}") from None


def to_rgb(image: Image.Image) -> Image.Image:
    """Upright 8-bit RGB; see ``open_image``."""
    return flat(plain_mode(ImageOps.exif_transpose(image)))


def flat(image: Image.Image) -> Image.Image:
    """RGB without transparency, over white where there was some, of a picture in a ``plain_mode``."""
    if image.mode == "RGBA":
        under = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(under, image)
    return image if image.mode == "RGB" else image.convert("RGB")


def plain_mode(image: Image.Image) -> Image.Image:
    """The picture with a number of 8 bits a channel, as resampling needs it: no palette, no 16 bits; not turned."""
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N", "I", "F"):
        image = _to_eight_bits(image)
    if image.mode == "P" or image.info.get("transparency") is not None or image.mode in ("LA", "PA", "RGBa", "La"):
        image = image.convert("RGBA")
    return image.convert("L") if image.mode == "1" else image


def _lazily(data: bytes) -> ImageFile.ImageFile:
    """The picture in ``data``, its head read."""
    for reader in readers(data[:HEAD]):
        try:
            return reader(io.BytesIO(data), "")
        except (SyntaxError, IndexError, TypeError, KeyError, ValueError, EOFError, struct.error):
            continue
    raise UnidentifiedImageError


def _read(path: Path, limits: Limits) -> bytes:
    if path.is_dir():
        raise ImageError(f"{path} is a folder; expected a picture")
    try:
        size = path.stat().st_size
        if size > limits.file_bytes:
            raise ImageError(_too_heavy(str(path), size, limits))
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"there is no file {path}") from None
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror or error}") from None


def _too_heavy(name: str, size: int, limits: Limits) -> str:
    return f"{name} has {size:,} bytes, over the limit of {limits.file_bytes:,}; shrink it first"


def _check_size(name: str, size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise ImageError(f"{name} is {width} x {height} px and has no pixels")
    if width * height > limits.pixels:
        raise ImageError(
            f"{name} is {width} x {height} px = {width * height:,} pixels, over the limit of {limits.pixels:,}; "
            "shrink it first"
        )


def _to_eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image, dtype=np.float64)
    # 16-bit files are scaled by their range; 32-bit ones, which have none, by what they hold.
    top = 65535.0 if image.mode.startswith("I;16") or values.max(initial=0) <= 65535 else float(values.max())
    if image.mode == "F" and values.max(initial=0) <= 1.0:
        top = 1.0
    return Image.fromarray((np.clip(values / top, 0, 1) * 255 + 0.5).astype(np.uint8))


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
