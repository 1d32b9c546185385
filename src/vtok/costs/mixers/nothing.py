"""Layers that do not mix positions: those of Nemotron-H that are an MLP or experts alone."""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers.mixer import Mixer, Mixing, Slot


@dataclass(frozen=True)
class Nothing(Mixer):
    """No position sees another."""

    def flops(self, queries: int, keys: int) -> int:
        """None."""
        return 0

    @property
    def working(self) -> int:
        """None."""
        return 0


def nothing(slot: Slot) -> Mixing:
    """A layer without a mixer."""
    return Mixing((), Nothing())
