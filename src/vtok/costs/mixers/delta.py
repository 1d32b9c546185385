"""Gated delta nets in chunks of 64 (Yang et al., arXiv:2412.06464, 3.3), with the products of transformers 5.24.

Those are in models/qwen3_5/modeling_qwen3_5.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers.mixer import Mixer, Mixing, Slot
from vtok.costs.mixers.short_conv import convolved
from vtok.costs.pieces import Matrix, Vector
from vtok.costs.unknown import need

CHUNK = 64


@dataclass(frozen=True)
class Delta(Mixer):
    """A gated delta net of ``heads`` states of ``key_dim`` x ``value_dim``, behind a convolution of ``taps``.

    ``conv_width`` is the number of channels that the convolution runs over.
    """

    heads: int
    key_dim: int
    value_dim: int
    conv_width: int
    taps: int

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of the convolution, and of the products within and between chunks of 64.

        One query alone updates the state by sums.

        The triangular systems that a chunk solves are no products, and are not counted here.
        """
        convolution = convolved(self.conv_width, self.taps, queries)
        if queries == 1:
            return convolution
        inside = CHUNK * (2 * self.key_dim + self.value_dim)
        between = 3 * self.key_dim * self.value_dim
        chunks = 2 * -(-queries // CHUNK) * CHUNK * self.heads * (inside + between)
        return chunks + convolution

    def needed(self, queries: int, keys: int) -> int:
        """FLOPs with a chunk's triangular systems, or the state's own update where a query comes alone."""
        if queries == 1:
            return 6 * self.heads * self.key_dim * self.value_dim
        solved = -(-queries // CHUNK) * self.heads * CHUNK**2 * (self.key_dim + self.value_dim)
        return self.flops(queries, keys) + solved

    @property
    def working(self) -> int:
        """What goes through the convolution, before, in and after it, and four times the values."""
        return 3 * self.conv_width + 4 * self.heads * self.value_dim

    @property
    def state(self) -> tuple[int, int]:
        """The convolution's last inputs, and the states in fp32."""
        return self.conv_width * self.taps, self.heads * self.key_dim * self.value_dim


def delta(slot: Slot) -> Mixing:
    """A gated delta net from ``linear_*`` and ``conv`` of ``TextSizes``."""
    text = slot.text
    hidden, taps = need(text, "hidden"), need(text, "conv")
    heads, key_dim, value_dim = (need(text, f"linear_{name}") for name in ("value_heads", "key_dim", "value_dim"))
    values = heads * value_dim
    conv = 2 * need(text, "linear_key_heads") * key_dim + values
    pieces = (
        Matrix("attention", hidden, conv),
        Matrix("attention", hidden, values),
        Matrix("attention", hidden, heads),
        Matrix("attention", hidden, heads),
        Matrix("output", values, hidden),
        Vector(conv * taps),
        # The decay's two numbers a head, and the norm of what comes out of one.
        Vector(2 * heads + value_dim),
    )
    return Mixing(pieces, Delta(heads, key_dim, value_dim, conv, taps))
