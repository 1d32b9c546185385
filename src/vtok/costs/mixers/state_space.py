"""State spaces in chunks (Mamba 2: Dao and Gu, arXiv:2405.21060, 6), with the products of transformers 5.24.

Those are in models/nemotron_h/modeling_nemotron_h.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers.mixer import Mixer, Mixing, Slot
from vtok.costs.mixers.short_conv import convolved
from vtok.costs.pieces import Matrix, Vector, norm
from vtok.costs.unknown import UnknownFigureError, need


@dataclass(frozen=True)
class StateSpace(Mixer):
    """``heads`` states of ``head_dim`` x ``size``, ``chunk`` positions at a time, behind a convolution of ``taps``.

    ``conv_width`` is the number of channels that the convolution runs over.
    """

    heads: int
    head_dim: int
    size: int
    chunk: int
    conv_width: int
    taps: int

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of the products within chunks, into and out of their states, and among these; one query reads alone."""
        number = self.heads * self.head_dim * self.size
        if queries == 1:
            return 2 * number + convolved(self.conv_width, self.taps, 1)
        chunks = -(-queries // self.chunk)
        positions = chunks * self.chunk
        inside = 2 * positions * self.chunk * self.heads * (self.size + self.head_dim)
        across = 2 * (2 * positions + (chunks + 1) ** 2) * number
        return inside + across + convolved(self.conv_width, self.taps, queries)

    @property
    def working(self) -> int:
        """What goes through the convolution, before, in and after it, and four times what comes out."""
        return 3 * self.conv_width + 4 * self.heads * self.head_dim

    @property
    def state(self) -> tuple[int, int]:
        """The convolution's last inputs, and the states in fp32."""
        return self.conv_width * self.taps, self.heads * self.head_dim * self.size


def state_space(slot: Slot) -> Mixing:
    """A state space from the group of ``TextSizes``."""
    sizes, hidden = slot.text.state_space, need(slot.text, "hidden")
    if sizes is None:
        raise UnknownFigureError("text.state_space")
    heads, head_dim, size = need(sizes, "heads"), need(sizes, "head_dim"), need(sizes, "size")
    taps, inner = need(sizes, "taps"), heads * head_dim
    conv = inner + 2 * need(sizes, "groups") * size
    pieces = (
        # A gate, what is convolved, and a step a head, from one matrix.
        Matrix("attention", hidden, inner + conv + heads),
        Matrix("output", inner, hidden),
        Vector(conv * (taps + 1)),
        # The steps' biases, the decays, what goes past the state; the norm of what comes out.
        Vector(3 * heads),
        norm(inner),
    )
    return Mixing(pieces, StateSpace(heads, head_dim, size, need(sizes, "chunk"), conv, taps))
