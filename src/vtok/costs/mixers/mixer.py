"""What every kind of mixer tells, and what it is made from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from vtok.catalog.text_sizes import TextSizes
from vtok.costs.pieces import Piece


class Mixer(ABC):
    """How one layer lets positions see each other. Most keep something for each position; others override that."""

    @abstractmethod
    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of the products of ``queries``, the last of ``keys`` positions, as dense kernels do them."""

    def needed(self, queries: int, keys: int) -> int:
        """FLOPs of kernels that skip what nobody may see; here there is nothing to skip."""
        return self.flops(queries, keys)

    @property
    @abstractmethod
    def working(self) -> int:
        """Numbers a position that live at once while positions are mixed."""

    @property
    def stored(self) -> int:
        """Numbers in the cache for a position; here nothing grows with the length."""
        return 0

    @property
    def compressed(self) -> int:
        """The same where the engine stores less; here it is not less."""
        return self.stored

    def table(self, queries: int, keys: int) -> int:
        """Numbers of the scores that a class keeps all at once where fused kernels do not serve; mostly they do."""
        return 0

    def living(self, length: int, number: int) -> int:
        """Bytes at the highest point of mixing ``length`` positions where the engine keeps tables.

        The scores, ``number`` bytes each, live twice: before the softmax and, in fp32, after it.
        """
        return number * length * self.working + (number + 4) * self.table(length, length)

    @property
    def beside(self) -> int:
        """Numbers in the cache for a position even where keys and values are those of an earlier layer."""
        return 0

    @property
    def state(self) -> tuple[int, int]:
        """Numbers kept whatever the length: (in the type of activations, in fp32)."""
        return 0, 0

    def reach(self, prompt: int) -> int | None:
        """Positions at most that a new token looks at, itself included, behind a prompt of so many; None for all."""
        return None

    @property
    def shared_by(self) -> int:
        """Query heads that share a head of keys and values."""
        return 1

    def remembered(self, length: int) -> int:
        """Positions that its cache is about, ``length`` having passed through the layer."""
        return length


@dataclass(frozen=True)
class Slot:
    """The layer that a mixer is made for: number ``index`` of the model of ``text``, of ``kind``.

    ``caches`` is whether it has keys and values of its own, ``looked`` how many positions of pictures stand beside the
    sequence.
    """

    text: TextSizes
    index: int
    kind: str
    caches: bool = True
    looked: int = 0


@dataclass(frozen=True)
class Mixing:
    """The matrices and vectors around a mixer, and the mixer.

    ``across`` makes the keys and values of a layer that attends to pictures, from what the projector gives.
    """

    pieces: tuple[Piece, ...]
    mixer: Mixer
    across: tuple[Piece, ...] = ()


def pairs(queries: int, keys: int, window: int | None = None) -> int:
    """Pairs of a query and a key that it may see, where the queries are the last of ``keys`` positions."""
    before = keys - queries
    seen = queries * before + queries * (queries + 1) // 2
    if window is None or window >= keys:
        return seen
    # Query i (from 0) sees min(before + i + 1, window) keys.
    growing = max(0, min(queries, window - before))
    return growing * before + growing * (growing + 1) // 2 + (queries - growing) * window
