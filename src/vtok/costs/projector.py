"""What maps an encoder's output to the language model, in the notation of ``architectures.toml``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vtok.catalog.architectures import complete_vision, projector_pieces
from vtok.catalog.sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece, Vector, norm
from vtok.costs.resampler import Resampler, resampler
from vtok.costs.unknown import UnknownFigureError, need

UNITS = ("patch", "every", "half", "square", "token", "row", "deep", "spare")


@dataclass(frozen=True)
class Projector:
    """Pieces by what they work on: every patch, every patch and class token (``every``), every two by two patches
    (``half``), every square that is merged (``square``), every token, tokens and one more a row of them (``row``), the
    tokens of each of ``deep_layers`` DeepStack layers, or nothing (``spare``).

    ``merge`` is how many patches a side become a token. Where there is a ``resampler``, its queries are the tokens,
    and what works on tokens works on these.
    """

    patch: tuple[Piece, ...]
    every: tuple[Piece, ...]
    half: tuple[Piece, ...]
    square: tuple[Piece, ...]
    token: tuple[Piece, ...]
    row: tuple[Piece, ...]
    deep: tuple[Piece, ...]
    spare: tuple[Piece, ...]
    deep_layers: int
    merge: int
    resampler: Resampler | None = None


def projector(sizes: VisionSizes, text_hidden: int | None) -> Projector:
    """The projector of ``sizes`` into a language model of width ``text_hidden``; raises ``UnknownFigureError``."""
    vision = complete_vision(sizes)
    pieces = projector_pieces(vision.projector)
    if pieces is None:
        raise UnknownFigureError("vision.projector")
    found: dict[str, list[Piece]] = {unit: [] for unit in UNITS}
    for words in pieces:
        first, _, rest = words.partition(" ")
        unit, rest = (first, rest) if first in UNITS else ("token", words)
        times = len(vision.deepstack or ()) if rest.startswith("deep ") else 1
        found[unit] += [_piece(rest.removeprefix("deep "), vision, text_hidden)] * times
    return Projector(
        **{unit: tuple(found[unit]) for unit in UNITS},
        deep_layers=len(vision.deepstack or ()) if found["deep"] else 0,
        merge=vision.merge or 1,
        resampler=resampler(vision, text_hidden),
    )


def _piece(words: str, vision: VisionSizes, text_hidden: int | None) -> Piece:
    """A piece in the file's notation, such as ``"norm 4v+"``, ``"m>t+"``, or ``"3 m>o"`` for three of a kind."""
    match = re.fullmatch(r"(?:(\d+) )?(?:(norm|vector) (\d*\w)(\+?)|(\d*\w)>(\d*\w)(\+?))", words)
    if match is None:
        raise ValueError(f"cannot read the piece {words!r} of a projector")
    count = int(match[1] or 1)
    if match[2]:
        width = _width(match[3], vision, text_hidden)
        return Vector(count * width) if match[2] == "vector" else norm(width, bool(match[4]), count)
    inputs, outputs = (_width(match[group], vision, text_hidden) for group in (5, 6))
    return Matrix("projector", inputs, outputs, bool(match[7]), count)


_WIDTHS = {"v": "hidden", "m": "hidden", "n": "hidden", "f": "hidden", "i": "mlp", "o": "output", "c": "output"}
_WIDTHS |= {
    "p": "projector_mlp",
    "h": "projector_mlp",
    "w": "words",
    "x": "indicators",
    "r": "resampler_hidden",
    "b": "bridge",
}


def _width(words: str, vision: VisionSizes, text_hidden: int | None) -> int:
    times, letter = int(words[:-1] or 1), words[-1]
    if letter in "tq":
        if text_hidden is None:
            raise UnknownFigureError("text.hidden")
        return times * text_hidden * (int(need(vision, "merge")) ** 2 if letter == "q" else 1)
    width: int = times * int(need(vision, _WIDTHS[letter]))
    if letter in "mn":
        return width * (int(need(vision, "merge")) // (2 if letter == "n" else 1)) ** 2
    if letter in "cf":
        return width * int(need(vision, "channels" if letter == "c" else "features"))
    return width // 2 if letter == "h" else width
