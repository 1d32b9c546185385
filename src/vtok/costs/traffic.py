"""Bytes that each part moves between memory and processor: weights once, and what goes into and out of every matrix.

Caches that keep a large chip's intermediate results are left out of account, so that a prefill moves no less than this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vtok.catalog.formats import Format
from vtok.costs.kv_cache import kv_bytes, state_bytes
from vtok.costs.language import Language
from vtok.costs.pieces import Matrix, Piece, bytes_in
from vtok.costs.projector import Projector
from vtok.costs.runtimes import Runtime
from vtok.costs.seeing import Seeing
from vtok.costs.tower import Tower
from vtok.costs.weights import active_bytes, projector_bytes, tower_bytes


def through(pieces: Iterable[Piece], positions: int, number: int) -> int:
    """Bytes into and out of the matrices for so many positions, ``number`` bytes each."""
    wide = sum(piece.used * (piece.inputs + piece.outputs) for piece in pieces if isinstance(piece, Matrix))
    return positions * number * wide


def vision(tower: Tower, seen: Seeing, form: Format) -> int:
    """Bytes moved by the encoder."""
    inside = tower.layers * through(tower.layer, seen.positions(tower), form.activation)
    return tower_bytes(tower, form) + inside + through(tower.embedding, seen.patches, form.activation)


def projection(projector: Projector, seen: Seeing, form: Format) -> int:
    """Bytes moved by the projector."""
    tokens, number = seen.tokens(projector), form.activation
    found = through((*projector.patch, *projector.every), seen.patches, number) + through(
        projector.half, seen.halves, number
    )
    found += through(projector.token, tokens, number) + projector.deep_layers * through(projector.deep, tokens, number)
    found += through(projector.row, tokens + seen.rows(projector), number)
    found += through(projector.square, seen.merged(projector), number)
    for one in projector.resampler.readings if projector.resampler else ():
        found += through(one.query, tokens, number) + through(one.key, seen.patches, number)
    return projector_bytes(projector, form) + found


def prefill(language: Language, lengths: Sequence[int], form: Format, batch: int = 1) -> int:
    """Bytes moved by all layers over the prompt."""
    pairs = zip(language.layers, lengths, strict=True)
    inside = sum(through(layer.pieces, batch * length, form.activation) for layer, length in pairs)
    across = sum(bytes_in(layer.across, form) for layer in language.layers)
    return active_bytes(language, form, batch * max(lengths, default=0)) + across + inside


def decode(
    language: Language, lengths: Sequence[int], form: Format, bits: float, runtime: Runtime, batch: int = 1
) -> int:
    """Bytes moved for one new token of each of ``batch`` answers: active weights, the head, the whole cache."""
    cache = runtime.passes * kv_bytes(language, lengths, bits, runtime, batch)
    states = 2 * state_bytes(language, form.activation, batch)
    return active_bytes(language, form, batch) + language.head.bytes_in(form) + cache + states
