"""The filter with which each family resizes pictures, so that shrinking them first changes as little as possible."""

from __future__ import annotations

from PIL import Image

_BILINEAR, _BICUBIC, _LANCZOS = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS

#: Families that do not take the bicubic filter. Source: ``resample`` of the classes in transformers 5.24,
#: ``models/*/image_processing_*.py``; phi3: ``microsoft/Phi-3.5-vision-instruct``, ``processing_phi3_v.py``.
FILTERS = {
    "fuyu": _BILINEAR,
    "gemma3": _BILINEAR,
    "idefics2": _BILINEAR,
    "idefics3": _LANCZOS,
    "inkling": _LANCZOS,
    "lfm2_vl": _BILINEAR,
    "llama4": _BILINEAR,
    "mllama": _BILINEAR,
    "molmo2": _BILINEAR,
    "muse": _LANCZOS,
    "phi3": _BILINEAR,
    "step3p7": _BILINEAR,
}


def filter_of(family_name: str) -> Image.Resampling:
    """The filter of a family; bicubic, which most have, for one that is not known."""
    return FILTERS.get(family_name, _BICUBIC)
