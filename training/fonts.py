"""Fonts to print with: open fonts that come with Python packages, two whole families held out for testing."""

from functools import cache
from pathlib import Path

import font_caladea
import font_fredoka_one
import font_hanken_grotesk
import font_lato
import font_manrope
import font_roboto
import font_source_sans_pro
import font_source_serif_pro
import matplotlib
from PIL import ImageFont

_PLACES = {
    "matplotlib": Path(matplotlib.get_data_path()) / "fonts" / "ttf",
    **{
        module.__name__: Path(module.__path__[0]) / "files"
        for module in (
            font_caladea,
            font_fredoka_one,
            font_hanken_grotesk,
            font_lato,
            font_manrope,
            font_roboto,
            font_source_sans_pro,
            font_source_serif_pro,
        )
    },
}
_TRAIN = {
    "matplotlib": (
        "DejaVuSans.ttf DejaVuSans-Bold.ttf DejaVuSans-Oblique.ttf DejaVuSansMono.ttf DejaVuSansMono-Bold.ttf "
        "DejaVuSerif.ttf DejaVuSerif-Bold.ttf STIXGeneral.ttf STIXGeneralBol.ttf STIXGeneralItalic.ttf "
        "cmr10.ttf cmb10.ttf cmtt10.ttf cmss10.ttf"
    ),
    "font_fredoka_one": "FredokaOne-Regular.ttf",
    "font_hanken_grotesk": "HankenGrotesk-Regular.otf HankenGrotesk-Bold.otf",
    "font_lato": "Lato-Regular.ttf Lato-Bold.ttf Lato-Italic.ttf",
    "font_manrope": "Manrope-Regular.ttf Manrope-Bold.ttf",
    "font_source_sans_pro": "SourceSansPro-Regular.ttf SourceSansPro-Bold.ttf SourceSansPro-It.ttf",
    "font_source_serif_pro": "SourceSerifPro-Regular.ttf SourceSerifPro-Bold.ttf",
}
_TEST = {
    "font_roboto": "Roboto-Regular.ttf Roboto-Medium.ttf Roboto-Bold.ttf",
    "font_caladea": "Caladea-Regular.ttf Caladea-Bold.ttf",
}


def _paths(names: dict[str, str]) -> tuple[str, ...]:
    return tuple(str(_PLACES[place] / name) for place, files in names.items() for name in files.split())


TRAIN_FONTS, TEST_FONTS = _paths(_TRAIN), _paths(_TEST)


@cache
def _cap_ratio(path: str) -> float:
    _, top, _, bottom = ImageFont.truetype(path, 200).getbbox("H", anchor="ls")
    return (bottom - top) / 200


@cache
def font_of_cap_height(path: str, pixels: int) -> ImageFont.FreeTypeFont:
    """The font at ``path`` in the size at which a capital letter is about ``pixels`` px high."""
    return ImageFont.truetype(path, max(4, round(pixels / _cap_ratio(path))))
