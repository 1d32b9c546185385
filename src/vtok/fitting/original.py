"""What a picture is fitted from: a file, bytes, an image, a page of a PDF, or nothing but a size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

from PIL import Image

from vtok.catalog.counting import Picture, size_of
from vtok.errors import UsageError
from vtok.geometry.layout import Size
from vtok.image import pdf
from vtok.image.decode import decode_at
from vtok.image.header import header_size
from vtok.image.source import DEFAULT_LIMITS, Limits


@runtime_checkable
class Original(Protocol):
    """A picture whose size is known at once and whose pixels are made at the size that is wanted."""

    @property
    def size(self) -> Size:
        """(width, height) in px, upright."""
        ...

    def at(self, size: Size, resample: Image.Resampling) -> Image.Image:
        """The pixels at exactly ``size``, upright 8-bit sRGB."""
        ...


@dataclass(frozen=True)
class File:
    """A picture in a file, or the bytes of one."""

    source: Path | bytes
    limits: Limits = DEFAULT_LIMITS

    @cached_property
    def size(self) -> Size:
        """Read from the head alone."""
        return header_size(self.source, self.limits)

    def at(self, size: Size, resample: Image.Resampling) -> Image.Image:
        """See ``vtok.image.decode``."""
        return decode_at(self.source, size, resample, self.limits)


@dataclass(frozen=True)
class Page:
    """Page ``number``, from 1 on, of a PDF, whose full size is that at ``dpi`` dots an inch."""

    path: str | Path
    number: int
    dpi: float = pdf.DPI
    most_pages: int = pdf.MOST_PAGES

    @cached_property
    def size(self) -> Size:
        """As the page would be rendered at ``dpi``."""
        sizes = pdf.page_sizes(self.path, self.dpi, self.most_pages)
        if not 1 <= self.number <= len(sizes):
            raise UsageError(f"{self.path} has no page {self.number}; it has {len(sizes):,}")
        return sizes[self.number - 1]

    def at(self, size: Size, resample: Image.Resampling) -> Image.Image:
        """Drawn at that size, so that there is nothing to resample."""
        return pdf.render_page(self.path, self.number, size)


@dataclass(frozen=True)
class Memory:
    """An image in memory."""

    image: Image.Image

    @property
    def size(self) -> Size:
        """Upright."""
        return size_of(self.image)

    def at(self, size: Size, resample: Image.Resampling) -> Image.Image:
        """Resampled; the image stays as it is."""
        return decode_at(self.image, size, resample)


@dataclass(frozen=True)
class SizeOnly:
    """A size without a picture, for planning."""

    size: Size

    def at(self, size: Size, resample: Image.Resampling) -> Image.Image:
        """There are no pixels."""
        raise UsageError("a size was fitted, not a picture, so there are no pixels; fit a file or an image")


def original_of(picture: Picture | bytes | Original, limits: Limits = DEFAULT_LIMITS) -> Original:
    """What ``vtok.fit`` takes, as an original."""
    if isinstance(picture, bytes):
        return File(picture, limits)
    if isinstance(picture, str | Path):
        return File(Path(picture), limits)
    if isinstance(picture, Image.Image):
        return Memory(picture)
    return picture if isinstance(picture, Original) else SizeOnly(size_of(picture))
