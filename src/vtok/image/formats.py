"""Which formats are read, and by which of Pillow's readers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import IO, Any, Protocol

from PIL import Image, ImageFile

from vtok.errors import MissingExtraError

#: Formats that are decoded. Those that need an outside program (EPS) or hold documents (PDF) are not among them. HEIF,
#: what telephones write, needs pillow-heif.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000", "ICO", "TGA", "HEIF")
#: Endings by which a picture in a folder is told from the other files there.
SUFFIXES = frozenset(
    f".{ending}"
    for endings in (
        ("jpg", "jpeg", "jpe", "jfif", "mpo", "jp2", "j2k", "jpx"),
        ("png", "apng", "webp", "gif", "avif", "tif", "tiff"),
        ("bmp", "dib", "ppm", "pgm", "pbm", "pnm", "ico", "tga"),
        ("heic", "heif", "hif"),
    )
    for ending in endings
)
#: How many bytes of a file tell its format.
HEAD = 32
# Brands by which a file says that it is HEIF with HEVC in it (ISO/IEC 23008-12, annex B).
_HEIC = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"))


class Reader(Protocol):
    """Reads the head of a file and stands for the picture in it."""

    def __call__(self, file: IO[bytes], name: str, /) -> ImageFile.ImageFile:
        """The picture in ``file``; raises whatever a broken head makes it trip over."""
        ...


def readers(head: bytes) -> Iterator[Reader]:
    """The readers that may know a file which begins with ``head``, likeliest first.

    They are Pillow's own, without ``Image.open``: its limit on pixels is one for the whole process, and ours is the
    caller's. Raises ``MissingExtraError`` for a HEIC picture where pillow-heif is not installed.
    """
    Image.init()
    if head[4:8] == b"ftyp" and not _heif() and head[8:12] in _HEIC:
        raise MissingExtraError("reading HEIC pictures", "heic", "pillow-heif")
    for name in FORMATS:
        factory, accept = Image.OPEN.get(name, (None, None))
        accepted: Any = factory is not None and (accept is None or accept(head))
        if accepted and not isinstance(accepted, str):  # a text says why a file of this format cannot be opened
            assert factory is not None
            yield factory


@cache
def _heif() -> bool:
    """Whether pillow-heif is there; it is made known to Pillow when it is first needed."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener(thumbnails=False)
    return True
