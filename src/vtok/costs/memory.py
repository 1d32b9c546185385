"""Bytes beside weights and caches: what lives between layers at its highest, the head's output, the engine itself.

Activations are those of an engine that runs layer after layer and frees what it no longer needs, with attention that
keeps no table of scores (scaled_dot_product_attention, flash attention). Within a layer live at once: what entered all
layers, what entered this one, the residual and its norm, four widths of the model; and beside them either three tensors
of the MLP's inner width (gate, up, their product; two without a gate, five and a half with xIELU), or queries, keys and
values before and after their rotation, keys and values repeated for every query head, and the output. These were read
off transformers 5.24's classes and measured on a CPU (docs/accuracy.md), the number of widths of an encoder with rotary
positions was measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from vtok.costs.language import Language
from vtok.costs.layer import Layer
from vtok.costs.pieces import Matrix, Residual, Xielu
from vtok.costs.projector import Projector
from vtok.costs.seeing import Seeing
from vtok.costs.towers import Tower

#: Widths of the model that live in a layer whatever it does.
_AROUND = 4


def encoder_buffer(tower: Tower, projector: Projector, seen: Seeing, number: int) -> int:
    """Bytes of llama.cpp's buffer for the encoder, whose allocator lets tensors take each other's place.

    Beside what the encoder needs there is what DeepStack adds. Its logs say 223.30 MiB for 8,464 patches of
    Qwen3.5-4B's encoder of width 1,024 (llama.cpp #22673), where this gives 223.2, and 372.08 MiB for Qwen3-VL-8B's of
    width 1,152 with three DeepStack layers (#18181), where this gives 383.
    """
    deep = projector.parts["deep"]
    output = deep[-1].outputs if deep and isinstance(deep[-1], Matrix) else 0
    stacked = (projector.deep_layers + 1) * projector.tokens(seen) * output if projector.deep_layers else 0
    return number * (tower.buffered(seen) + stacked)


def layer_activations(layer: Layer, hidden: int, length: int, number: int, tables: bool = False) -> int:
    """Bytes at the highest point of one layer over ``length`` positions, with ``tables`` if it keeps them."""
    mixer, earlier = layer.mixer, [piece for piece in layer.running if isinstance(piece, Residual)]
    around = number * _AROUND * hidden + sum(piece.left(number) for piece in earlier)
    mixing = mixer.living(length, number) if tables else number * length * mixer.working
    reading = length * max((piece.living for piece in earlier), default=0)
    inside = number * length * layer.carried + max(number * length * _inner(layer), mixing, reading)
    return length * around + max(inside, number * length * layer.rewritten)


def _inner(layer: Layer) -> int:
    """Numbers a position in the MLP; of experts, those that serve it."""
    wide = [
        piece.outputs * piece.used for piece in layer.running if isinstance(piece, Matrix) and piece.tensor == "mlp"
    ]
    if any(isinstance(piece, Xielu) for piece in layer.running):
        return max(wide, default=0) * 11 // 2
    return max(wide, default=0) * (3 if len(wide) > 1 else 2)


def language_activations(
    language: Language, lengths: Sequence[int], number: int, batch: int = 1, tables: bool = False
) -> int:
    """Bytes at the highest point of the prefill."""
    pairs = zip(language.layers, lengths, strict=True)
    each = (layer_activations(layer, language.hidden, length, number, tables) for layer, length in pairs)
    return batch * max(each, default=0)


def logits_bytes(language: Language, number: int, batch: int = 1, micro_batch: int | None = None) -> int:
    """Bytes of the head's output for the last position, and of its copy in fp32 that is sampled from.

    An engine with a ``micro_batch`` keeps room for the logits of every position in it, in fp32.
    """
    if micro_batch is not None:
        return 4 * micro_batch * language.head.outputs
    return batch * language.head.outputs * (number + 4)
