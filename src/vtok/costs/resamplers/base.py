"""Queries of a projector's own that read the patches of a tile and stand in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Matrix, Piece, flops, through
from vtok.costs.unknown import UnknownFigureError

#: What reads or is read: the queries, the patches of a tile, the words of the question.
Unit = Literal["queries", "patches", "words"]


@dataclass(frozen=True)
class Reading:
    """``readers`` attend to ``keys``: pieces for every reader (``query``), and for every key.

    Without attention the readers go through their pieces alone, as through an MLP.
    """

    query: tuple[Piece, ...]
    key: tuple[Piece, ...] = ()
    attention: Softmax | None = None
    keys: tuple[Unit, ...] = ()
    readers: tuple[Unit, ...] = ("queries",)

    def flops(self, counts: Mapping[Unit, int]) -> int:
        """FLOPs for a tile with so many of each unit; class tokens count as patches."""
        readers, keys = self._sums(counts)
        mixed = self.attention.flops(readers, keys) if self.attention else 0
        return flops(self.query, readers) + flops(self.key, keys) + mixed

    def moved(self, counts: Mapping[Unit, int], number: int) -> int:
        """Bytes into and out of the matrices, ``number`` bytes each."""
        readers, keys = self._sums(counts)
        return through(self.query, readers, number) + through(self.key, keys, number)

    def _sums(self, counts: Mapping[Unit, int]) -> tuple[int, int]:
        """Readers, and what they read."""
        return sum(counts[unit] for unit in self.readers), sum(counts[unit] for unit in self.keys)


@dataclass(frozen=True)
class Resampler:
    """``queries`` a tile of so many patches (0: of any other number) go through ``readings``; ``held`` is beside."""

    queries: tuple[tuple[int, int], ...]
    readings: tuple[Reading, ...]
    held: tuple[Piece, ...]

    def tokens(self, rows: int, columns: int) -> int:
        """Queries that read a tile of so many rows and columns of patches."""
        found, patches = dict(self.queries), rows * columns
        if patches not in found and 0 not in found:
            raise UnknownFigureError(f"how many queries read {patches} patches")
        return found.get(patches, found.get(0, 0))

    def groups(self, rows: int, columns: int, beside: int, words: int) -> tuple[int, Mapping[Unit, int]]:
        """Into how many groups alike a tile of so many rows and columns falls, and what meets in each.

        ``beside`` are class tokens that are read too, ``words`` those of the question, which some read with every tile.
        """
        return 1, {"queries": self.tokens(rows, columns), "patches": rows * columns + beside, "words": words}

    def flops(self, rows: int, columns: int, beside: int, words: int = 0) -> int:
        """FLOPs for a tile."""
        times, counts = self.groups(rows, columns, beside, words)
        return times * sum(reading.flops(counts) for reading in self.readings)

    def moved(self, rows: int, columns: int, beside: int, words: int, number: int) -> int:
        """Bytes into and out of its matrices for a tile, ``number`` bytes each."""
        times, counts = self.groups(rows, columns, beside, words)
        return times * sum(reading.moved(counts, number) for reading in self.readings)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All that is held."""
        return (*(piece for one in self.readings for piece in (*one.query, *one.key)), *self.held)


def matrix(inputs: int, outputs: int, bias: bool = False) -> Matrix:
    """A matrix of a projector."""
    return Matrix("projector", inputs, outputs, bias)
