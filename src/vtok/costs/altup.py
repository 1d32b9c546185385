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


def around(altup: AltUp, hidden: int) -> list[Piece]:
    """What makes the other streams of the first before all layers, and joins them after."""
    others: int = need(altup, "streams") - 1
    return [Matrix("kept", hidden, hidden)] * (2 * others)
