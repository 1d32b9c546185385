"""Residual streams (hyper-connections, arXiv:2409.19606): what reads a part's input from them and writes it back.

By the kinds of ``StreamSizes``, with transformers 5.24's classes:

- "separate": weights to read and to write each stream (models/hy_v4_vl);
- "mixed": these, and a table by which streams are mixed (mHC, arXiv:2512.24880; models/glm5_next);
- "low rank": a norm of all streams, weights of every number of them by way of a low rank, in place of the norms of the
  layer and of the model (models/qwen4_exp).

What lives while streams are read and written was measured on these classes in bf16, with all tensors followed from
when they are made: it grows by 8.5, 6.0 and 7.4 widths of the model a stream. Most of it are copies in fp32.
"""

from __future__ import annotations

from vtok.catalog.sizes import TextSizes
from vtok.costs.pieces import Matrix, Piece, Product, Vector, norm
from vtok.costs.unknown import UnknownFigureError, need

#: Widths of the model a stream that live while streams are read and written.
_WIDTHS = {"separate": 8.5, "mixed": 6.0, "low rank": 7.4}


def carried(text: TextSizes) -> int:
    """Numbers a position that streams hold beyond one, whatever a layer does."""
    hidden: int = need(text, "hidden")
    count = text.streams.count if text.streams else None
    return ((count or 1) - 1) * hidden


def rewritten(text: TextSizes) -> int:
    """Numbers a position that live while streams are read and written."""
    sizes = text.streams
    return round(_WIDTHS.get(sizes.kind or "", 0) * (sizes.count or 0) * need(text, "hidden")) if sizes else 0


def of_layer(text: TextSizes) -> list[Piece]:
    """What a layer has around its mixer and around its MLP."""
    return _around(text, last=False) * 2 if text.streams else []


def of_model(text: TextSizes) -> list[Piece]:
    """What makes one stream of all after the last layer."""
    return _around(text, last=True) if text.streams else []


def _around(text: TextSizes, last: bool) -> list[Piece]:
    sizes, hidden = need(text, "streams"), need(text, "hidden")
    count, rank = need(sizes, "count"), sizes.rank
    wide = count * hidden
    if sizes.kind == "separate":
        outputs = count if last else 2 * count
        return [Matrix("attention", wide, outputs), Vector(outputs + (1 if last else 2))]
    if sizes.kind == "mixed":
        outputs = (2 + count) * count
        return [] if last else [Matrix("attention", wide, outputs), Vector(outputs + 3), Product(count, count, hidden)]
    if sizes.kind == "low rank" and rank is not None:
        read: list[Piece] = [norm(wide), Matrix("attention", wide, rank), Matrix("attention", rank, wide)]
        return read if last else [*read, Matrix("attention", wide, count)]
    raise UnknownFigureError("text.streams")
