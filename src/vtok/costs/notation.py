"""Pieces of a projector as ``architectures.toml`` writes them, such as ``"norm vision+"`` or ``"2*merged>text+"``."""

from __future__ import annotations

import math
import re

from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece, Vector, norm
from vtok.costs.unknown import UnknownFigureError, need

_WIDTH = r"[\w*]+(?:/\d+)?"
_PIECE = re.compile(rf"(?:(\d+) )?(?:(norm|vector) ({_WIDTH})(\+?)|({_WIDTH})>({_WIDTH})(\+?))")

#: Sizes of the encoder by their word.
_SIZES = {"vision": "hidden", "inner": "projector_mlp"}
_SIZES |= {word: word for word in ("mlp", "output", "bridge", "words", "indicators", "features", "channels")}
#: Sizes of a second encoder: which one, and which size of it.
_OTHERS = {"behind": "hidden", "beside": "output"}


def piece_of(words: str, vision: VisionSizes, text_hidden: int | None) -> Piece:
    """The piece that ``words`` stand for; a number before them is how many alike.

    Raises ``UnknownFigureError`` for a width that nobody tells, ``ValueError`` for words that cannot be read.
    """
    match = _PIECE.fullmatch(words)
    if match is None:
        raise ValueError(f"cannot read the piece {words!r} of a projector")
    count = int(match[1] or 1)
    if match[2]:
        size = _width(match[3], vision, text_hidden)
        return Vector(count * size) if match[2] == "vector" else norm(size, bool(match[4]), count)
    inputs, outputs = (_width(match[group], vision, text_hidden) for group in (5, 6))
    return Matrix("projector", inputs, outputs, bool(match[7]), count)


def _width(words: str, vision: VisionSizes, text_hidden: int | None) -> int:
    """A product of factors, such as ``9*output``, over a number where there is one, such as ``text/2``."""
    factors, _, parts = words.partition("/")
    return math.prod(_factor(word, vision, text_hidden) for word in factors.split("*")) // int(parts or 1)


def _factor(word: str, vision: VisionSizes, text_hidden: int | None) -> int:
    if word.isdecimal():
        return int(word)
    if word == "text":
        if text_hidden is None:
            raise UnknownFigureError("text.hidden")
        return text_hidden
    if word == "merged":
        return int(need(vision, "hidden")) * int(need(vision, "merge")) ** 2
    if word == "patches":
        return int(need(vision, "merge")) ** 2
    if word == "resampler":
        return int(need(vision.resampler or ResamplerSizes(), "hidden"))
    if word in _OTHERS:
        return int(need(need(vision, word), _OTHERS[word]))
    if word not in _SIZES:
        raise ValueError(f"a projector has no width called {word!r}")
    return int(need(vision, _SIZES[word]))
