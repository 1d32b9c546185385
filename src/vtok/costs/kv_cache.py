"""Bytes of what is kept between tokens: keys and values of each layer, and the states of layers without them.

A layer with heads of ``key_dim`` and ``value_dim`` numbers keeps ``kv_heads * (key_dim + value_dim)`` a position;
latent attention the latent and one rotary key; a sliding layer no more than its window; one whose window slides over
new tokens alone the whole prompt, and no more than its window of what came after; a linear layer its state whatever
the length; a layer that attends to pictures alone their positions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from vtok.costs.language import Language
from vtok.costs.layer import Layer
from vtok.costs.runtimes import Runtime


def kv_bytes(
    language: Language, lengths: Sequence[int], bits: float, runtime: Runtime, batch: int = 1, new: int = 0
) -> int:
    """Bytes of keys and values, ``lengths`` being the positions that passed through each layer, ``new`` of the answer.

    ``bits`` is what a number of the cache takes.
    """
    pairs = zip(language.layers, lengths, strict=True)
    return sum(layer_bytes(layer, length, bits, runtime, batch, new) for layer, length in pairs)


def layer_bytes(layer: Layer, length: int, bits: float, runtime: Runtime, batch: int = 1, new: int = 0) -> int:
    """Bytes of the keys and values of one layer, or of what it keeps where it reads those of an earlier one."""
    kept = runtime.kept(layer.mixer.remembered(length), layer.mixer.reach(length - new))
    numbers = layer.mixer.compressed if layer.caches else layer.mixer.beside
    return math.ceil(batch * kept * numbers * bits / 8)


def state_bytes(language: Language, number: int, batch: int = 1) -> int:
    """Bytes of the states of linear attention (fp32) and of convolutions (``number`` bytes each)."""
    states = [layer.mixer.state for layer in language.layers]
    return batch * sum(plain * number + full * 4 for plain, full in states)
