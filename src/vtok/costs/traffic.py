"""Bytes that each part moves between memory and processor: weights once, and what goes into and out of every matrix.

Caches that keep a large chip's intermediate results are left out of account, so that a prefill moves no less than this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vtok.catalog.formats import Format
from vtok.costs.kv_cache import kv_bytes, state_bytes
from vtok.costs.language import Language
from vtok.costs.pieces import bytes_in, through
from vtok.costs.projector import Projector
from vtok.costs.runtimes import Runtime
from vtok.costs.seeing import Seeing
from vtok.costs.towers import Tower
from vtok.costs.weights import active_bytes, projector_bytes, tower_bytes


def vision(tower: Tower, seen: Seeing, form: Format) -> int:
    """Bytes moved by the encoder."""
    return tower_bytes(tower, form) + tower.moved(seen, tower.held_in(form).activation)


def projection(projector: Projector, handed: Iterable[tuple[Projector, Seeing]], form: Format, beside: int = 0) -> int:
    """Bytes moved by the projector, for all that it gets, in whichever way it merges that."""
    moved = sum(merging.moved(seen, form.activation, beside) for merging, seen in handed)
    return projector_bytes(projector, form) + moved


#: How often a table of scores is written or read: the product that makes it, its scale, three steps of the bound, the
#: mask, the softmax (transformers 5.24, models/gemma2/modeling_gemma2.py), each from one tensor into the next, and the
#: product that reads it.
_TABLE_PASSES = 14


def tables(language: Language, lengths: Sequence[int], number: int, batch: int = 1) -> int:
    """Bytes moved where scores are kept in tables while the prompt is read."""
    pairs = zip(language.layers, lengths, strict=True)
    return _TABLE_PASSES * number * batch * sum(layer.mixer.table(length, length) for layer, length in pairs)


def prefill(
    language: Language, lengths: Sequence[int], form: Format, batch: int = 1, visual: Sequence[int] | None = None
) -> int:
    """Bytes moved by all layers over the prompt, ``visual`` of whose positions in each layer are of pictures."""
    pictures = visual or [0] * len(lengths)
    inside = sum(
        through(pieces, batch * count, form.activation)
        for layer, length, seen in zip(language.layers, lengths, pictures, strict=True)
        for pieces, count in layer.by_positions(length, seen)
    )
    across = sum(bytes_in(layer.across, form) for layer in language.layers)
    most = batch * max(lengths, default=0), batch * max(pictures, default=0)
    return active_bytes(language, form, *most) + across + inside


def decode(
    language: Language,
    lengths: Sequence[int],
    form: Format,
    bits: float,
    runtime: Runtime,
    batch: int = 1,
    new: int = 0,
) -> int:
    """Bytes moved for one new token of each of ``batch`` answers: active weights, the head, the whole cache.

    ``new`` of the ``lengths`` are of the answer.
    """
    cache = runtime.passes * kv_bytes(language, lengths, bits, runtime, batch, new)
    states = 2 * state_bytes(language, form.activation, batch)
    return active_bytes(language, form, batch) + language.head.bytes_in(form) + cache + states
