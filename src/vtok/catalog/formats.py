"""Formats of weights and of the KV cache: the bytes that a tensor takes, and the numbers its products are computed in.

What each is, and where that is from, is in ``formats.toml``.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeVar

from vtok.catalog.storage import Storage, formats_file, storages
from vtok.errors import UsageError

#: What a format can treat differently. ``value`` makes values, alone or fused with queries and keys, ``output`` is the
#: last matrix of attention, ``attention`` any other of it. ``down`` is the last matrix of an MLP, ``mlp`` its others,
#: and experts have both. ``head`` is the output head, or the embedding where that serves as head. ``kept`` is a small
#: matrix that GGUF keeps in 16 bits. ``vector`` is a norm or a bias, ``vision`` and ``projector`` are any matrix of
#: these.
TENSORS = (
    "query",
    "key",
    "value",
    "output",
    "attention",
    "mlp",
    "down",
    "router",
    "embedding",
    "head",
    "kept",
    "vector",
    "vision",
    "projector",
)

# Which of n layers a rule holds for; "more" is llama.cpp's use_more_bits.
_LAYERS: Mapping[str, Callable[[int, int], bool]] = {
    "more": lambda layer, n: layer < n // 8 or layer >= 7 * n // 8 or (layer - n // 8) % 3 == 2,
    "middle": lambda layer, n: n // 8 <= layer < 7 * n // 8,
    "first eighth": lambda layer, n: layer < n // 8,
    "first sixteenth": lambda layer, n: layer < n // 16,
    "first 2": lambda layer, n: layer < 2,
    "first 4": lambda layer, n: layer < 4,
}


@dataclass(frozen=True)
class Place:
    """Where in a language model a matrix is: layer ``layer`` (from 0) of ``layers``.

    ``gqa`` is how many query heads share a KV head, ``experts`` how many experts a layer has, 0 where there is none.
    """

    layer: int = 0
    layers: int = 1
    gqa: int = 1
    experts: int = 0


ANYWHERE = Place()


@dataclass(frozen=True)
class Rule:
    """Which of a format's tensors are stored otherwise; the fields are those of ``formats.toml``."""

    tensors: tuple[str, ...]
    storage: str
    layers: str = ""
    gqa: int = 0
    experts: int | None = None
    least_experts: int = 0

    def fits(self, tensor: str, place: Place) -> bool:
        """Whether the rule is about ``tensor`` at ``place``."""
        return (
            tensor in self.tensors
            and (not self.layers or _LAYERS[self.layers](place.layer, place.layers))
            and place.gqa >= self.gqa
            and self.experts in (None, place.experts)
            and place.experts >= self.least_experts
        )


@dataclass(frozen=True, eq=False)
class Format:
    """One format of a whole checkpoint; there is one object of each.

    ``compute`` is the type of number of ``Device.rates`` in which products are computed, ``activation`` the bytes of a
    number between layers. ``runtimes`` are the engines that read it.
    """

    name: str
    storage: str
    vector: str
    vision: str
    router: str = ""
    rules: tuple[Rule, ...] = ()
    aliases: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    compute: str = "bf16"
    activation: int = 2
    source: str = ""

    @property
    def bits(self) -> float:
        """Bits a weight of most matrices of the language model."""
        return storages()[self.storage].bits

    def storage_of(self, tensor: str, columns: int, place: Place = ANYWHERE) -> Storage:
        """How ``tensor``, one of ``TENSORS``, is stored whose layer's input is ``columns`` wide."""
        found = storages()[self._name_of(tensor, place)]
        while columns % found.block and found.fallback:
            found = storages()[found.fallback]
        # What is not even a multiple of llama.cpp's smaller blocks stays in 16 bits.
        return storages()["f16"] if columns % found.block and self._is_gguf else found

    def bytes_of(self, tensor: str, shape: tuple[int, ...], place: Place = ANYWHERE) -> int:
        """Bytes of a tensor of ``shape``, (..., rows, columns) as torch has it, that is one of ``TENSORS``."""
        return _bytes(self, tensor, shape, place)

    @property
    def _is_gguf(self) -> bool:
        return "llama.cpp" in self.runtimes

    def _name_of(self, tensor: str, place: Place) -> str:
        if tensor == "vector":
            return self.vector
        if tensor in ("vision", "projector") or (tensor == "kept" and self._is_gguf):
            return self.vision
        if tensor == "router" and self.router:
            return self.router
        return next((rule.storage for rule in self.rules if rule.fits(tensor, place)), self.storage)


@lru_cache(maxsize=1 << 14)
def _bytes(form: Format, tensor: str, shape: tuple[int, ...], place: Place) -> int:
    """Every cost adds up the same matrices again."""
    columns = shape[-1] if shape else 1
    return form.storage_of(tensor, columns, place).size(math.prod(shape[:-1]), columns)


@dataclass(frozen=True)
class CacheFormat:
    """One format of the KV cache, and the engines that have it."""

    name: str
    storage: str
    aliases: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    source: str = ""

    @property
    def bits(self) -> float:
        """Bits a number of the cache takes."""
        return storages()[self.storage].bits


_Named = TypeVar("_Named", Format, CacheFormat)


@cache
def formats() -> tuple[Format, ...]:
    """Every format of weights, in the order of the file."""
    return tuple(_format(entry) for entry in formats_file()["weights"])


@cache
def cache_formats() -> tuple[CacheFormat, ...]:
    """Every format of the KV cache, in the order of the file."""
    return tuple(CacheFormat(**_tuples(entry)) for entry in formats_file()["kv"])


def find_format(name: str) -> Format:
    """The format of weights called ``name``, case aside; ``UsageError``, with the nearest names, for an unknown one."""
    return _find(name, {word: one for one in formats() for word in (one.name, *one.aliases)}, "weight format")


def find_cache_format(name: str) -> CacheFormat:
    """The format of the KV cache called ``name``; ``UsageError``, with the nearest names, for an unknown one."""
    return _find(name, {word: one for one in cache_formats() for word in (one.name, *one.aliases)}, "KV cache format")


def cache_bits(name: str) -> float:
    """Bits a number of the KV cache takes in the format ``name``; ``UsageError`` for an unknown one."""
    return find_cache_format(name).bits


def _find(name: str, known: Mapping[str, _Named], what: str) -> _Named:
    wanted = name.casefold()
    found = known.get(wanted) or known.get(wanted.replace("-", "_"))
    if found is None:
        near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(known)}"
        raise UsageError(f"there is no {what} {name!r}; {hint}")
    return found


def _format(entry: dict[str, Any]) -> Format:
    rules = tuple(Rule(**_tuples(rule)) for rule in entry.get("rules", ()))
    activation = 4 if entry["storage"] == "f32" else 2
    return Format(**{**_tuples(entry), "rules": rules, "activation": activation})


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
