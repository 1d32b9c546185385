"""FLOPs by part, as dense kernels carry them out and torch's ``FlopCounterMode`` counts them.

Attention is counted in full, every query with every key, also where a mask hides half of them: that is what a dense
kernel does. ``attention_needed`` is what is left for kernels that skip what causality or a window hides.
"""

from __future__ import annotations

from collections.abc import Sequence

from vtok.costs.language import Language
from vtok.costs.pieces import flops
from vtok.costs.projector import Projector
from vtok.costs.seeing import Seeing, windows
from vtok.costs.tower import Tower


def vision_linear(tower: Tower, seen: Seeing) -> int:
    """FLOPs of the encoder's matrices."""
    positions = seen.positions(tower)
    late, squares = tower.layers - tower.layers_before, sum(seen.squares(tower))
    inside = tower.layers_before * flops(tower.layer, positions) + late * flops(tower.layer, squares)
    inside += flops(tower.after, positions)
    if squares:
        inside += flops(tower.merging, positions) + flops(tower.merged, squares)
    if tower.relative and tower.window:  # queries, keys and values of what windows are padded with
        padded = sum(tower.window**2 * len(windows(*tile, tower.window)) for tile in seen.tiles)
        inside += windowed_layers(tower) * flops(tower.mixing, padded - positions)
    pooled = flops(tower.pooling, positions) + flops(tower.pooled, len(seen.tiles))
    return flops(tower.embedding, seen.patches) + inside + pooled


def vision_attention(tower: Tower, seen: Seeing) -> int:
    """FLOPs of the encoder's attention, within windows where it has them."""
    whole = sum(tower.attention.flops(n, n) for n in seen.passes(tower))
    if tower.relative:
        whole += sum(_distances(tower, rows, columns) for rows, columns in seen.tiles)
    if tower.window is None:
        squares = seen.squares(tower)
        late = sum(tower.attention.flops(n, n) for n in squares)
        merging = sum(squares) * tower.attention.flops(4, 4)
        return tower.layers_before * whole + (tower.layers - tower.layers_before) * late + merging
    side, small = tower.window, [n for tile in seen.tiles for n in windows(*tile, tower.window)]
    if tower.relative:
        within = len(small) * (tower.attention.flops(side**2, side**2) + _distances(tower, side, side))
    else:
        within = sum(tower.attention.flops(n, n) for n in small)
    windowed = windowed_layers(tower)
    return (tower.layers - windowed) * whole + windowed * within


def windowed_layers(tower: Tower) -> int:
    """Layers whose attention stays within windows."""
    return tower.layers - sum(1 for index in tower.full if index < tower.layers)


def _distances(tower: Tower, rows: int, columns: int) -> int:
    """FLOPs of the products of every query with the vectors of all distances in rows and columns (SAM)."""
    return 2 * tower.attention.heads * tower.attention.key_dim * rows * columns * (rows + columns)


def projection(projector: Projector, seen: Seeing, beside: int = 0) -> int:
    """FLOPs of the projector, those of DeepStack included; a resampler reads ``beside`` class tokens a tile too."""
    tokens = seen.tokens(projector)
    found = projector.deep_layers * flops(projector.deep, tokens) + flops(projector.row, tokens + seen.rows(projector))
    if projector.resampler:
        found += sum(projector.resampler.flops(rows, columns, beside) for rows, columns in seen.tiles)
    # A class token goes on with the patches to what reads them.
    patches = seen.patches + (beside * len(seen.tiles) if projector.resampler else 0)
    found += (
        flops(projector.every, seen.patches + beside * len(seen.tiles))
        + flops(projector.patch, patches)
        + flops(projector.half, seen.halves)
    )
    return found + flops(projector.square, seen.merged(projector)) + flops(projector.token, tokens)


def prefill_linear(language: Language, lengths: Sequence[int], batch: int = 1) -> int:
    """FLOPs of all layers' matrices, ``lengths`` being the positions in each layer."""
    inside = sum(
        layer.flops(length) + layer.flops_across for layer, length in zip(language.layers, lengths, strict=True)
    )
    return batch * (inside + flops(language.around, lengths[0] if lengths else 0))


def prefill_attention(language: Language, lengths: Sequence[int], batch: int = 1) -> int:
    """FLOPs of mixing positions in all layers, in full."""
    pairs = zip(language.layers, lengths, strict=True)
    return batch * sum(layer.mixer.flops(length, length) for layer, length in pairs)


def attention_needed(language: Language, lengths: Sequence[int], batch: int = 1) -> int:
    """FLOPs of mixing positions without what masks hide."""
    pairs = zip(language.layers, lengths, strict=True)
    return batch * sum(layer.mixer.needed(length, length) for layer, length in pairs)


def head(language: Language, positions: int = 1, batch: int = 1) -> int:
    """FLOPs of the output head, for the last position alone where ``positions`` is 1."""
    return batch * language.head.flops(positions)


def decode(language: Language, lengths: Sequence[int], batch: int = 1) -> int:
    """FLOPs of one new token, the head included, with ``lengths`` positions in each layer before it."""
    linear = sum(layer.flops(1) for layer in language.layers) + flops(language.around, 1)
    pairs = zip(language.layers, lengths, strict=True)
    return batch * (linear + sum(layer.mixer.flops(1, length + 1) for layer, length in pairs) + language.head.flops(1))
