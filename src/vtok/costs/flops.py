"""FLOPs of the language model by part, as dense kernels carry them out and torch's ``FlopCounterMode`` counts them.

Attention is counted in full, every query with every key, also where a mask hides half of them: that is what a dense
kernel does. ``attention_needed`` is what is left for kernels that skip what causality or a window hides.
"""

from __future__ import annotations

from collections.abc import Sequence

from vtok.costs.language import Language
from vtok.costs.layer import Layer
from vtok.costs.pieces import flops


def prefill_linear(
    language: Language, lengths: Sequence[int], batch: int = 1, visual: Sequence[int] | None = None
) -> int:
    """FLOPs of all layers' matrices, ``lengths`` being the positions in each layer, ``visual`` of them of pictures."""
    pictures = visual or [0] * len(lengths)
    inside = sum(
        layer.flops(length, seen) + layer.flops_across
        for layer, length, seen in zip(language.layers, lengths, pictures, strict=True)
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


def decode(language: Language, lengths: Sequence[int], batch: int = 1, new: int = 0) -> int:
    """FLOPs of one new token, the head included, with ``lengths`` positions in each layer before it.

    ``new`` of these are of the answer. Positions that a layer no longer keeps take no part.
    """
    linear = sum(layer.flops(1) for layer in language.layers) + flops(language.around, 1)
    pairs = zip(language.layers, lengths, strict=True)
    mixed = sum(layer.mixer.flops(1, _looked_at(layer, length + 1, new + 1)) for layer, length in pairs)
    return batch * (linear + mixed + language.head.flops(1))


def _looked_at(layer: Layer, length: int, new: int) -> int:
    """Positions that the last of ``length`` is multiplied with, ``new`` of these being of the answer."""
    reach = layer.mixer.reach(length - new)
    return length if reach is None else min(length, reach)
