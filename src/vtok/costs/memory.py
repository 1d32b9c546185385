"""Bytes beside weights and caches: what lives between layers at its highest, the head's output, the engine itself.

Activations are those of an engine that runs layer after layer and frees what it no longer needs, with attention that
keeps no table of scores (scaled_dot_product_attention, flash attention). The highest point of a layer is its MLP, where
the residual, its norm, and three tensors of the inner width live at once (gate, up, their product), or its attention,
with the residual, its norm, queries, keys and values before and after their rotation, repeated keys and values, and the
output.
"""

from __future__ import annotations

from collections.abc import Sequence

from vtok.costs.language import Language, Layer
from vtok.costs.mixers import Delta, Softmax
from vtok.costs.pieces import Matrix
from vtok.costs.seeing import Seeing
from vtok.costs.tower import Tower


def vision_activations(tower: Tower, seen: Seeing, number: int) -> int:
    """Bytes at the highest point of the encoder, ``number`` bytes each."""
    positions = seen.positions(tower)
    inner = max((piece.outputs for piece in tower.layer if isinstance(piece, Matrix)), default=0)
    gated = 3 if sum(1 for piece in tower.layer if isinstance(piece, Matrix) and piece.outputs == inner) > 1 else 2
    width = tower.attention.heads * tower.attention.key_dim
    return number * positions * max(2 * tower.hidden + gated * inner, 2 * tower.hidden + 6 * width)


def layer_activations(layer: Layer, hidden: int, length: int, number: int) -> int:
    """Bytes at the highest point of one layer over ``length`` positions."""
    return number * length * max(2 * hidden + _inner(layer), 2 * hidden + _mixing(layer))


def _inner(layer: Layer) -> int:
    """Numbers a position in the MLP; of experts, those that serve it."""
    wide = [piece.outputs * piece.used for piece in layer.pieces if isinstance(piece, Matrix) and piece.tensor == "mlp"]
    return max(wide, default=0) * (3 if len(wide) > 1 else 2)


def _mixing(layer: Layer) -> int:
    """Numbers a position while positions are mixed."""
    mixer = layer.mixer
    if isinstance(mixer, Softmax):
        queries, keys = mixer.heads * mixer.key_dim, mixer.kv_heads * mixer.key_dim
        repeated = 2 * queries if mixer.kv_heads != mixer.heads else 0
        return 2 * queries + 2 * keys + mixer.kv_heads * mixer.value_dim + repeated + mixer.heads * mixer.value_dim
    if isinstance(mixer, Delta):
        return 3 * mixer.conv_width + 4 * mixer.heads * mixer.value_dim
    return 4 * mixer.width


def language_activations(language: Language, lengths: Sequence[int], number: int, batch: int = 1) -> int:
    """Bytes at the highest point of the prefill, the embedded prompt beside it."""
    pairs = zip(language.layers, lengths, strict=True)
    highest = max((layer_activations(layer, language.hidden, length, number) for layer, length in pairs), default=0)
    prompt = number * language.hidden * max(lengths, default=0)
    return batch * (highest + prompt)


def logits_bytes(language: Language, number: int, batch: int = 1, micro_batch: int | None = None) -> int:
    """Bytes of the head's output for the last position, and of its copy in fp32 that is sampled from.

    An engine with a ``micro_batch`` keeps room for the logits of every position in it, in fp32.
    """
    if micro_batch is not None:
        return 4 * micro_batch * language.head.outputs
    return batch * language.head.outputs * (number + 4)
