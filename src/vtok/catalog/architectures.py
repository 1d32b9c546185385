"""What all models of one architecture have alike, from ``architectures.toml``, put where a checkpoint says nothing."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from vtok.catalog.sizes import filled, from_table
from vtok.catalog.text_sizes import TextSizes
from vtok.catalog.vision_sizes import VisionSizes

_TEXT = {"attention": "full", "gated": True, "norms": 2}
_VISION = {
    "channels": 3,
    "temporal": 1,
    "qkv_bias": True,
    "output_bias": True,
    "mlp_bias": True,
    "patch_bias": True,
    "norm_bias": True,
    "norms": 2,
    "post_norm": True,
    "learned": True,
}


@cache
def architectures() -> dict[str, dict[str, Any]]:
    """The tables of the file: text, vision, projector, kept."""
    text = files("vtok.catalog").joinpath("architectures.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def complete_text(text: TextSizes) -> TextSizes:
    """``text`` with what its kind has; as it is where the kind is unknown."""
    alike = architectures()["text"].get(text.kind or "")
    return text if alike is None else filled(text, from_table(TextSizes, {**_TEXT, **alike}))


def complete_vision(vision: VisionSizes) -> VisionSizes:
    """``vision`` with what its kind has, and an encoder beside or behind it likewise; as it is for an unknown kind."""
    alike = architectures()["vision"].get(vision.kind or "")
    found = vision if alike is None else filled(vision, from_table(VisionSizes, {**_VISION, **alike}))
    beside, behind = found.beside and complete_vision(found.beside), found.behind and complete_vision(found.behind)
    return replace(found, beside=beside, behind=behind)


def keeps_every_layer(kind: str | None) -> bool:
    """Whether transformers keeps the outputs of all of the encoder's layers for a model of ``kind``."""
    return kind in architectures()["kept"]["every_layer"]


def projector_pieces(kind: str | None) -> tuple[str, ...] | None:
    """The pieces of the projector of a model of ``kind`` in the file's notation; None for an unknown one."""
    pieces = architectures()["projector"].get(kind or "")
    return None if pieces is None else tuple(pieces)


def reads_by(kind: str | None) -> str | None:
    """How the projector of a model of ``kind`` reads patches with queries of its own; None where it does not."""
    found: str | None = architectures()["resampler"].get(kind or "")
    return found
