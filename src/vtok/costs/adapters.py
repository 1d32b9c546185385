"""Low-rank matrices beside every matrix of a layer (LoRA, Hu et al., arXiv:2106.09685, 4.1).

Phi-4 multimodal has one set for pictures and one for sound; while it reads pictures the first is used and the second
held. Queries, keys and values share a matrix there, and so do the MLP's gate and what it gates.
"""

from __future__ import annotations

from vtok.catalog.text_sizes import TextSizes
from vtok.costs.pieces import Matrix, Piece
from vtok.costs.unknown import need


def of_layer(text: TextSizes) -> list[Piece]:
    """Both sets of a layer; nothing for a model that has none."""
    if text.adapters is None:
        return []
    return [*_set(text, need(text.adapters, "rank"), 1), *_set(text, need(text.adapters, "spare"), 0)]


def _set(text: TextSizes, rank: int, used: int) -> list[Piece]:
    hidden, inner, width = need(text, "hidden"), need(text, "mlp"), need(text, "head_dim")
    queries, keys = need(text, "heads") * width, need(text, "kv_heads") * width
    shapes = (hidden, queries + 2 * keys), (queries, hidden), (hidden, 2 * inner), (inner, hidden)
    halves = [half for inputs, outputs in shapes for half in ((inputs, rank), (rank, outputs))]
    return [Matrix("kept", inputs, outputs, used=used) for inputs, outputs in halves]
