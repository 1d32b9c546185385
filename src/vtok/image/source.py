"""Pictures in: opened safely, upright, in RGB. Every file is hostile until checked."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vtok.errors import ImageError


@dataclass(frozen=True)
class Limits:
    """What a picture may weigh before anything is decoded: ``pixels`` in all, ``file_bytes`` on disk.

    The default for pixels is where Pillow itself refuses to go on (twice ``Image.MAX_IMAGE_PIXELS``).
    """

    pixels: int = 178_956_970
    file_bytes: int = 512 * 2**20


DEFAULT_LIMITS = Limits()
#: Formats that are decoded. Those that need an outside program (EPS) or hold documents (PDF) are not among them.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000", "ICO", "TGA")


def open_image(source: str | Path | bytes | Image.Image, limits: Limits = DEFAULT_LIMITS) -> Image.Image:
    """The picture as upright 8-bit RGB: EXIF orientation applied, transparency over white, 16-bit scaled to 8.

    Of an animated file the first frame is taken. ``source`` is a path, the bytes of a file, or a PIL image. Raises
    ``ImageError`` for what is missing, empty, no picture, broken, or over ``limits``; nothing over them is decoded.
    """
    if isinstance(source, Image.Image):
        return to_rgb(source)
    name = "the picture" if isinstance(source, bytes) else str(source)
    data = source if isinstance(source, bytes) else _read(Path(source), limits)
    if not data:
        raise ImageError(f"{name} is empty (0 bytes); expected a picture such as a PNG or a JPEG")
    if len(data) > limits.file_bytes:
        raise ImageError(_too_heavy(name, len(data), limits))
    try:
        with warnings.catch_warnings():
            # Pillow's remarks on odd files help nobody here, and its warning about size is replaced by the limit below.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_formats()) as image:
                _check_size(name, image.size, limits)
                return to_rgb(image)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        if isinstance(error, Image.DecompressionBombError):
            raise ImageError(f"{name} is over the limit of {limits.pixels:,} pixels; shrink it first") from None
        raise ImageError(f"{name} is not a picture that can be read; expected one of {', '.join(FORMATS)}") from None
    except ImageError:
        raise
    except Exception as error:  # decoders raise whatever a hostile file makes them trip over
        raise ImageError(f"{name} is broken and cannot be decoded: {_one_line(error)}") from None


def to_rgb(image: Image.Image) -> Image.Image:
    """Upright 8-bit RGB; see ``open_image``."""
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N", "I", "F"):
        image = _to_eight_bits(image)
    if image.mode == "P" or image.info.get("transparency") is not None or image.mode in ("LA", "PA", "RGBa", "La"):
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        under = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(under, image)
    return image.convert("RGB")


@cache
def _formats() -> tuple[str, ...]:
    """Those of ``FORMATS`` that this build of Pillow has."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


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
