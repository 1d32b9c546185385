"""Layers that are gone through more than once: transformers 5.24, models/inkling2_loop/modeling_inkling2_loop.py.

Every pass begins with what came before the loop and has a cache of its own. From the second pass on, each layer reads
the sums that the pass before has left: four queries attend to them, and what they find goes through a gate each into
the inputs of queries, keys, values and experts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vtok.catalog.text_sizes import TextSizes
from vtok.costs import sums
from vtok.costs.layer import Layer
from vtok.costs.pieces import Matrix, Piece, Residual, Vector
from vtok.costs.unknown import need

#: Inputs of a layer that a pass hands on to the next: queries, keys, values, experts.
_MESSAGES = 4


def looped(text: TextSizes, layers: Sequence[Layer]) -> list[Layer]:
    """``layers`` in the order in which they are gone through, those of a later pass holding nothing of their own."""
    start, end, passes = (need(need(text, "loop"), name) for name in ("start", "end", "passes"))
    gates, inside = _gates(text), layers[start:end]
    reading = _reading(text, start, start + len(inside))
    first = [replace(layer, held=(*layer.pieces, *gates)) for layer in inside]
    again = [replace(layer, pieces=(*layer.pieces, *gates, reading), held=()) for layer in inside]
    return [*layers[:start], *first, *again * (passes - 1), *layers[end:]]


def messages(text: TextSizes) -> Vector:
    """The queries of all layers of the loop, those of layers that the model doesn't have too."""
    start, end = (need(need(text, "loop"), name) for name in ("start", "end"))
    return Vector((end - start) * _MESSAGES * need(text, "hidden"))


def _reading(text: TextSizes, start: int, end: int) -> Residual:
    """Attention to the sums that a pass has left, but for the one from before the loop, with which it begins.

    All sums of that pass are kept, those from before the loop once more, and what went into it and came out.
    """
    earlier, left = sums.before(text, start), sums.before(text, end) - sums.before(text, start)
    return Residual(_MESSAGES, max(1, left), need(text, "hidden"), 2 * earlier + left + 2)


def _gates(text: TextSizes) -> tuple[Piece, ...]:
    """For each message a matrix from what it meets and itself, and two from there: what to forget, what to let in."""
    hidden, rank = need(text, "hidden"), need(need(text, "loop"), "rank")
    back = Matrix("attention", rank, hidden)
    return (Matrix("attention", 2 * hidden, rank), back, back) * _MESSAGES
