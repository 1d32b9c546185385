"""What maps an encoder's output to the language model, in the notation of ``architectures.toml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from vtok.catalog.architectures import complete_vision, projector_pieces
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.notation import piece_of
from vtok.costs.pieces import Matrix, Piece, flops, through
from vtok.costs.resamplers import Resampler, resampler
from vtok.costs.seeing import Seeing
from vtok.costs.unknown import UnknownFigureError

UNITS = ("patch", "every", "half", "square", "token", "row", "deep", "spare")


@dataclass(frozen=True)
class Projector:
    """``parts`` are pieces by what they work on (``UNITS``): every patch, every patch and class token (``every``),
    every two by two patches (``half``), every square that is merged (``square``), every token, tokens and one more a
    row of them (``row``), tokens once more for each DeepStack layer (``deep``), or nothing (``spare``).

    ``merge`` is how many patches a side become a token. Where there is a ``resampler``, its queries are the tokens,
    and what works on tokens works on these.
    """

    parts: Mapping[str, tuple[Piece, ...]]
    deep_layers: int
    merge: int
    resampler: Resampler | None = None

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Every piece, as often as it is held."""
        own = self.resampler.pieces if self.resampler else ()
        return (*(piece for pieces in self.parts.values() for piece in pieces), *own)

    def flops(self, seen: Seeing, beside: int = 0) -> int:
        """FLOPs, those of DeepStack included; ``beside`` are class tokens a tile, which a resampler reads too."""
        found = sum(flops(self.parts[unit], count) for unit, count in self._counts(seen, beside).items())
        if self.resampler:
            found += sum(self.resampler.flops(rows, columns, beside, seen.words) for rows, columns in seen.tiles)
        return found

    def moved(self, seen: Seeing, number: int, beside: int = 0) -> int:
        """Bytes into and out of its matrices, ``number`` bytes each."""
        counts = self._counts(seen, beside)
        found = sum(through(self.parts[unit], count, number) for unit, count in counts.items())
        if self.resampler:
            tiles = seen.tiles
            found += sum(self.resampler.moved(rows, columns, beside, seen.words, number) for rows, columns in tiles)
        return found

    def working(self, seen: Seeing, beside: int = 0) -> int:
        """Numbers that live at the highest point, beside the encoder's output."""
        counts = self._counts(seen, beside)
        return max(counts[unit] * _alive(pieces) for unit, pieces in self.parts.items())

    def tokens(self, seen: Seeing) -> int:
        """Tokens that it makes, before any that a family leaves out."""
        if self.resampler:
            return sum(self.resampler.tokens(rows, columns) for rows, columns in seen.tiles)
        return seen.squares(self.merge) // seen.join

    def _counts(self, seen: Seeing, beside: int) -> dict[str, int]:
        """How often each unit is there."""
        tokens, every = self.tokens(seen), seen.patches + beside * len(seen.tiles)
        return {
            # A class token goes on with the patches to what reads them.
            "patch": every if self.resampler else seen.patches,
            "every": every,
            "half": seen.halves,
            "square": seen.squares(self.merge),
            "token": tokens,
            "row": tokens + sum(rows // self.merge for rows, _ in seen.tiles),
            "deep": tokens,
            "spare": 0,
        }


def projector(sizes: VisionSizes, text_hidden: int | None) -> Projector:
    """The projector of ``sizes`` into a language model of width ``text_hidden``; raises ``UnknownFigureError``."""
    vision = complete_vision(sizes)
    pieces = projector_pieces(vision.projector)
    if pieces is None:
        raise UnknownFigureError("vision.projector")
    found: dict[str, list[Piece]] = {unit: [] for unit in UNITS}
    layers = len(vision.deepstack or ())
    for words in pieces:
        first, _, rest = words.partition(" ")
        unit, rest = (first, rest) if first in UNITS else ("token", words)
        times = layers if unit == "deep" or rest.startswith("deep ") else 1
        found[unit] += [piece_of(rest.removeprefix("deep "), vision, text_hidden)] * times
    return Projector(
        {unit: tuple(parts) for unit, parts in found.items()},
        deep_layers=layers if found["deep"] else 0,
        merge=vision.merge or 1,
        resampler=resampler(vision, text_hidden),
    )


def _alive(pieces: Sequence[Piece]) -> int:
    """Numbers that live at the highest point of matrices one after the other: what a step reads and what it makes.

    Two alike in a row are a gate and what it gates, whose product lives beside them.
    """
    matrices = [(piece.inputs, piece.outputs) for piece in pieces if isinstance(piece, Matrix)]
    runs = [(inputs, outputs, len(list(group))) for (inputs, outputs), group in groupby(matrices)]
    return max((inputs + (3 if count == 2 else 2) * outputs for inputs, outputs, count in runs), default=0)
