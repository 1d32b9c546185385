"""Gemma 3n's streams: several residual streams beside each other, of which each layer works on one.

A layer predicts all streams from each other, works on the first, and corrects all by what came of it, by coefficients
that a router gives (AltUp, Baykal et al., arXiv:2301.13310, 3). Beside its attention stands a residual through a narrow
rank (LAuReL, Menghani et al., arXiv:2411.07501, 3). As in transformers 5.24, models/gemma3n/modeling_gemma3n.py.
The gates that Gemma 3n makes sparse in its first layers are multiplied in full by every engine known here.
"""

from __future__ import annotations

from vtok.catalog.layer_sizes import AltUp
from vtok.costs.pieces import Matrix, Piece, Product, Vector, norm
from vtok.costs.unknown import UnknownFigureError


def in_layer(altup: AltUp, hidden: int) -> list[Piece]:
    """What a layer of width ``hidden`` has beside attention and MLP."""
    streams, rank = _known(altup)
    # The router is asked twice: what the streams should become, and how far each of them is to be corrected.
    routing = [Matrix("kept", hidden, streams, used=2), norm(hidden)]
    predicting = [Matrix("kept", streams, streams**2), Product(streams, streams, hidden)]
    correcting = [Matrix("kept", streams, streams), Vector(hidden)]
    narrow = [Matrix("kept", hidden, rank), Matrix("kept", rank, hidden), norm(hidden)]
    return [*routing, *predicting, *correcting, *narrow]


def around(altup: AltUp, hidden: int) -> list[Piece]:
    """What makes the other streams of the first before all layers, and joins them after."""
    streams, _ = _known(altup)
    return [Matrix("kept", hidden, hidden)] * (2 * (streams - 1))


def _known(altup: AltUp) -> tuple[int, int]:
    if altup.streams is None or altup.rank is None:
        raise UnknownFigureError("text.altup")
    return altup.streams, altup.rank
