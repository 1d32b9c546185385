"""Gemma 3n's streams: several residual streams beside each other, of which each layer works on one.

A layer predicts all streams from each other, works on the first, and corrects all by what came of it, by coefficients
that a router gives (AltUp, Baykal et al., arXiv:2301.13310, 3). Beside its attention stands a residual through a narrow
rank (LAuReL, Menghani et al., arXiv:2411.07501, 3). As in transformers 5.24, models/gemma3n/modeling_gemma3n.py.
The gates that Gemma 3n makes sparse in its first layers are multiplied in full by every engine known here.
"""

from __future__ import annotations

from vtok.catalog.layer_sizes import AltUp
from vtok.costs.pieces import Matrix, Piece, Product, Vector, norm
from vtok.costs.unknown import need


def in_layer(altup: AltUp, hidden: int) -> list[Piece]:
    """What a layer of width ``hidden`` has beside attention and MLP."""
    streams, rank = need(altup, "streams"), need(altup, "rank")
    router = Matrix("kept", hidden, streams, used=2)  # for what streams become, and for how far they are corrected
    predicting: list[Piece] = [Matrix("kept", streams, streams**2), Product(streams, streams, hidden)]
    correcting: list[Piece] = [Matrix("kept", streams, streams), Vector(hidden)]
    narrow: list[Piece] = [Matrix("kept", hidden, rank), Matrix("kept", rank, hidden), norm(hidden)]
    return [router, norm(hidden), *predicting, *correcting, *narrow]


def carried(altup: AltUp, hidden: int, inner: int) -> int:
    """Numbers a position that live in a layer with an MLP of ``inner`` beyond those of any layer.

    The streams are there three times: as the model made them, as they entered the layer, and as it predicts them.
    There are nine tensors of the model's width where others have four, and four of the MLP's where others have three.
    The counts are those of transformers' class, and were measured on a CPU.
    """
    streams: int = need(altup, "streams")
    return (3 * streams + 5) * hidden + inner


def rewritten(altup: AltUp, hidden: int) -> int:
    """The same while a layer corrects the streams by what came of one."""
    streams: int = need(altup, "streams")
    return (5 * streams + 7) * hidden


def around(altup: AltUp, hidden: int) -> list[Piece]:
    """What makes the other streams of the first before all layers, and joins them after."""
    others: int = need(altup, "streams") - 1
    return [Matrix("kept", hidden, hidden)] * (2 * others)
