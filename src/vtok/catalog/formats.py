"""Formats of weights and of the KV cache: the bytes of a tensor, and the numbers that products are computed in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from vtok.errors import UsageError

#: What a format can treat differently. ``value`` is the matrix that makes values, ``down`` the last one of an MLP,
#: ``vector`` a norm or a bias, ``vision`` and ``projector`` any matrix of these.
TENSORS = (
    "attention",
    "value",
    "mlp",
    "down",
    "experts",
    "router",
    "embedding",
    "head",
    "vector",
    "vision",
    "projector",
)


@dataclass(frozen=True)
class Format:
    """One format. ``bits`` a weight of a matrix, ``others`` those of tensors that it keeps otherwise (see ``TENSORS``).

    ``compute`` is the type of number of ``Device.rates`` in which products are computed, ``activation`` the bytes of a
    number between layers.
    """

    name: str
    bits: float
    others: Mapping[str, float] = field(default_factory=dict)
    compute: str = "bf16"
    activation: int = 2
    source: str = ""

    def bytes_of(self, tensor: str, shape: tuple[int, ...], layer: int = 0, layers: int = 1) -> int:
        """Bytes of a tensor of ``shape`` that is one of ``TENSORS``, in layer ``layer`` (from 0) of ``layers``."""
        return math.ceil(math.prod(shape) * self.others.get(tensor, self.bits) / 8)


#: Formats without blocks: a number is as wide as its type.
_PLAIN = {
    "fp32": Format("fp32", 32, compute="fp32", activation=4, source="IEEE 754"),
    "fp16": Format("fp16", 16, compute="fp16", source="IEEE 754"),
    "bf16": Format("bf16", 16, compute="bf16", source="bfloat16"),
}
_CACHE_BITS = {"f32": 32.0, "f16": 16.0, "bf16": 16.0}


def find_format(name: str) -> Format:
    """The format of weights called ``name``; ``UsageError`` for an unknown one."""
    if name not in _PLAIN:
        raise UsageError(f"there is no weight format {name!r}; expected one of {', '.join(_PLAIN)}")
    return _PLAIN[name]


def cache_bits(name: str) -> float:
    """Bits a number of the KV cache takes in the format ``name``; ``UsageError`` for an unknown one."""
    if name not in _CACHE_BITS:
        raise UsageError(f"there is no cache format {name!r}; expected one of {', '.join(_CACHE_BITS)}")
    return _CACHE_BITS[name]
