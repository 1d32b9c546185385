"""The size of a picture from the head of its file: no pixel is decoded."""

from __future__ import annotations

import io
import stat
import struct
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile

from vtok.errors import ImageError
from vtok.image.formats import FORMATS, HEAD, readers
from vtok.image.source import DEFAULT_LIMITS, Limits

_WIDTH, _HEIGHT, _ORIENTATION = 256, 257, 274  # numbers of TIFF tags, which EXIF shares
_SIDEWAYS = (5, 6, 7, 8)
_EMPTY = "{} is empty (0 bytes); expected a picture such as a PNG or a JPEG"


def header_size(source: str | Path | bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[int, int]:
    """Width and height in px as a viewer shows the picture: sides swapped where its EXIF orientation says so.

    ``source`` is a path or the bytes of a file; of an animated one the first frame counts. Raises ``ImageError`` for
    what is missing, no file, empty, no picture, broken in its head, or over ``limits.pixels``.
    """
    if isinstance(source, bytes):
        if not source:
            raise ImageError(_EMPTY.format("the picture"))
        width, height = _read("the picture", io.BytesIO(source))
    else:
        width, height = _of_file(Path(source))
    name = "the picture" if isinstance(source, bytes) else source
    if width < 1 or height < 1:
        raise ImageError(f"{name} is {width} x {height} px and has no pixels")
    if width * height > limits.pixels:
        raise ImageError(
            f"{name} is {width} x {height} px = {width * height:,} pixels, over the limit of {limits.pixels:,}"
        )
    return width, height


def _of_file(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise ImageError(f"{path} is a folder; expected a picture")
        if not stat.S_ISREG(found.st_mode):
            raise ImageError(f"{path} is no regular file; expected a picture")
        if not found.st_size:
            raise ImageError(_EMPTY.format(path))
        with path.open("rb") as file:
            return _read(path, file)
    except FileNotFoundError:
        raise ImageError(f"there is no file {path}") from None
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror or error}") from None


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height in px of an opened image once its EXIF orientation is applied."""
    width, height = image.size
    return (height, width) if image.getexif().get(_ORIENTATION) in _SIDEWAYS else (width, height)


def _read(path: Path | str, file: BinaryIO) -> tuple[int, int]:
    head = file.read(HEAD)
    for reader in readers(head):
        file.seek(0)
        try:
            with reader(file, str(path)) as image:
                return _upright(image, file)
        except OSError as error:
            if error.errno is not None:
                raise
            raise ImageError(f"{path} is broken: {' '.join(str(error).split())}") from None
        except (SyntaxError, IndexError, TypeError, KeyError, ValueError, EOFError, OverflowError, struct.error):
            continue
    if head.startswith(b"%PDF-"):
        raise ImageError(f"{path} is a PDF; its pages are counted by: vtok count")
    raise ImageError(f"{path} is not a picture that can be read; expected one of {', '.join(FORMATS)}")


def _upright(image: ImageFile.ImageFile, file: BinaryIO) -> tuple[int, int]:
    width, height = image.size
    if image.format == "TIFF":
        # Some versions of Pillow swap the sides when they open the file, others when they decode it.
        tags = image.tag_v2  # type: ignore[attr-defined]  # TIFF alone has it
        width, height = int(tags[_WIDTH]), int(tags[_HEIGHT])
        sideways = tags.get(_ORIENTATION) in _SIDEWAYS
    elif image.format == "PNG":
        # Pillow's own reader would decode the picture to get at what stands behind its pixels.
        if "exif" not in image.info and (late := _exif_of_png(file)):
            image.info["exif"] = late
        sideways = Image.Image.getexif(image).get(_ORIENTATION) in _SIDEWAYS
    else:
        sideways = image.getexif().get(_ORIENTATION) in _SIDEWAYS
    return (height, width) if sideways else (width, height)


def _exif_of_png(file: BinaryIO) -> bytes:
    """The EXIF chunk of a PNG, wherever it stands, found by going from chunk to chunk; empty when there is none."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf":
            return file.read(length)
        if kind == b"IEND":
            break
        file.seek(length + 4, 1)
    return b""
