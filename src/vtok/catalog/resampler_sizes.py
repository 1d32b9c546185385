"""The sizes of a projector whose own queries read the patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ResamplerSizes:
    """``queries`` a tile, or so many for so many patches (``queries_of``), go through ``layers`` of width ``hidden``
    with ``heads`` and ``kv_heads`` of ``head_dim`` and an MLP of ``mlp``; every ``every``-th layer reads the patches.

    Where it reads the question too, a table of ``vocabulary`` words and one of ``positions`` are its own. One that
    reads windows of ``window`` patches a side has its ``queries`` in each of them; there are ``copies`` of it, of which
    ``used`` read an output of the encoder each.
    """

    part: ClassVar[str] = "vision.resampler"
    queries: int | None = None
    queries_of: tuple[tuple[int, int], ...] | None = None
    hidden: int | None = None
    layers: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    mlp: int | None = None
    every: int | None = None
    vocabulary: int | None = None
    positions: int | None = None
    window: int | None = None
    copies: int | None = None
    used: int | None = None
