"""A picture at the size that is wanted, with no more decoded than that takes, in colours that need no profile."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageCms

from vtok.image.source import DEFAULT_LIMITS, Limits, Source, flat, opened, plain_mode

_ORIENTATION = 274  # the number of the EXIF tag
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)


def decode_at(
    source: Source,
    size: tuple[int, int],
    resample: Image.Resampling = Image.Resampling.BICUBIC,
    limits: Limits = DEFAULT_LIMITS,
) -> Image.Image:
    """The picture as upright 8-bit sRGB of exactly ``size`` (width, height) px, antialiased.

    A JPEG is decoded at the smallest of its DCT scales (1/1 to 1/8) that is no smaller than ``size``. A colour profile
    is applied, transparency laid over white, 16 bits scaled to 8; of an animated file the first frame is taken.
    Raises ``ImageError`` as ``open_image`` does.
    """
    with opened(source, limits) as image:
        if image.format in ("JPEG", "MPO"):
            wanted = size[::-1] if _turn(image) in _SIDEWAYS else size
            image.draft(image.mode, wanted)
        image.load()
        # Only now, since some formats tell it behind their pixels, and some readers turn the picture themselves.
        turn = _turn(image)
        wanted = size[::-1] if turn in _SIDEWAYS else size
        small = plain_mode(image)
        # A copy where it keeps its size: an image that was given in memory stays its owner's.
        small = small.copy() if small.size == wanted else small.resize(wanted, resample)
        # What costs time a pixel is done where pixels are few.
        small = flat(_in_srgb(small, image.info.get("icc_profile")))
        return small.transpose(_TURNS[turn]) if turn in _TURNS else small


def _turn(image: Image.Image) -> int | None:
    turn = image.getexif().get(_ORIENTATION)
    return turn if isinstance(turn, int) else None


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """``image`` with the colours that ``profile`` gives its numbers; as it is without a profile that fits it."""
    if not profile:
        return image
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(own):
            return image
        if image.mode == "RGBA":
            image = flat(image)
        turned = ImageCms.profileToProfile(image, own, _srgb(), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image  # a profile that is broken, or made for another kind of picture, says nothing of this one
    return image if turned is None else turned


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
