"""Short convolutions: models/lfm2/modeling_lfm2.py."""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers.mixer import Mixer, Mixing, Slot
from vtok.costs.pieces import Matrix, Vector
from vtok.costs.unknown import need


@dataclass(frozen=True)
class ShortConv(Mixer):
    """A convolution of ``taps`` over ``width`` channels, with nothing to remember but its last inputs."""

    width: int
    taps: int

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of the convolution."""
        return convolved(self.width, self.taps, queries)

    def needed(self, queries: int, keys: int) -> int:
        """The same without what is cut off: it has no mask."""
        return 2 * self.width * self.taps * queries

    @property
    def working(self) -> int:
        """What goes in, the two gates, and what comes out."""
        return 4 * self.width

    @property
    def state(self) -> tuple[int, int]:
        """The last inputs, in the type of activations."""
        return self.width * self.taps, 0


def convolved(width: int, taps: int, queries: int) -> int:
    """FLOPs of a causal convolution in torch, which pads on both sides and cuts the end off: taps - 1 positions more.

    One query alone comes after as many inputs as there are taps, so that one position more is worked out.
    """
    return 2 * width * taps * (2 if queries == 1 else queries + taps - 1)


def short_conv(slot: Slot) -> Mixing:
    """A convolution of ``conv`` taps between a matrix to three times the width and one from it."""
    hidden, taps, bias = need(slot.text, "hidden"), need(slot.text, "conv"), bool(slot.text.conv_bias)
    pieces = (
        Matrix("attention", hidden, 3 * hidden, bias),
        Matrix("output", hidden, hidden, bias),
        Vector(hidden * (taps + bias)),
    )
    return Mixing(pieces, ShortConv(hidden, taps))
