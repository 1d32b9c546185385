"""Residual streams (hyper-connections, arXiv:2409.19606): what reads a part's input from them and writes it back.

By the kinds of ``StreamSizes``, with transformers 5.24's classes:

- "separate": weights to read and to write each stream (models/hy_v4_vl);
- "mixed": these, and a table by which streams are mixed (mHC, arXiv:2512.24880; models/glm5_next);
- "low rank": a norm of all streams, weights of every number of them by way of a low rank, in place of the norms of the
  layer and of the model (models/qwen4_exp).

What lives while streams are read and written was measured on these classes in bf16, tensor by tensor: 8, 6 and 7 widths
of the model a stream, most of them copies in fp32, and a few beside. Tests hold it.
"""

from __future__ import annotations

from vtok.catalog.text_sizes import TextSizes
from vtok.costs.pieces import Matrix, Piece, Product, Vector, norm
from vtok.costs.unknown import UnknownFigureError, need

#: Widths of the model that live while streams are read and written: of each stream, and beside them, where what lives
#: in every layer (``memory``) is there too.
_WIDTHS = {"separate": (8, 2), "mixed": (6, -2), "low rank": (7, -2)}


def carried(text: TextSizes) -> int:
    """Numbers a position that streams hold beyond one, whatever a layer does."""
    hidden: int = need(text, "hidden")
    count = text.streams.count if text.streams else None
    return ((count or 1) - 1) * hidden


def rewritten(text: TextSizes) -> int:
    """Numbers a position that live while streams are read and written, beyond what lives in every layer."""
    sizes, hidden = text.streams, int(need(text, "hidden"))
    if sizes is None:
        return 0
    each, beside = _WIDTHS.get(sizes.kind or "", (0, 0))
    return (each * (sizes.count or 1) + beside) * hidden


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
