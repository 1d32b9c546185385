"""Attention weights for a few query rows, while the model itself goes on with its fast attention.

transformers lets an attention function be registered by name. Ours shows queries and keys, after any rotary embedding,
to whoever watches, and hands on to the function that the model would have used. A watcher works out softmax(q k^T) for
the rows that are wanted; a full attention map is never made. Source: transformers, ``AttentionInterface``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

PREFIX = "vtok_"


class Watcher(Protocol):
    """Whoever wants to see what goes into attention."""

    def see(self, module: nn.Module, query: Tensor, key: Tensor, mask: Tensor | None, scaling: float | None) -> None:
        """Called from inside the attention of every layer that is watched."""
        ...


@dataclass
class Recorder:
    """What was seen, in calls' order: ``weights[i]`` are the rows of ``modules[i]``, one tensor a call.

    Each is (batch, heads, keys) float32, softmaxed, of the one query row ``row`` (0 the first, -1 the last).
    ``keys[i]``, when wanted, are (batch, kv heads, keys, head size), and ``received[i]`` (batch, heads, keys) the mean
    of the attention over all query rows.
    """

    modules: Sequence[nn.Module]
    row: int
    want_keys: bool = False
    want_received: bool = False
    weights: list[list[Tensor]] = field(default_factory=list)
    keys: list[list[Tensor]] = field(default_factory=list)
    received: list[list[Tensor]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.received = [[] for _ in self.modules]
        self.weights = [[] for _ in self.modules]
        self.keys = [[] for _ in self.modules]

    def see(self, module: nn.Module, query: Tensor, key: Tensor, mask: Tensor | None, scaling: float | None) -> None:
        """Called from inside the attention of every layer."""
        for index, wanted in enumerate(self.modules):
            if wanted is module:
                self.weights[index].append(row_weights(query, key, mask, scaling, self.row))
                if self.want_keys:
                    self.keys[index].append(key)
                if self.want_received:
                    self.received[index].append(received_weights(query, key, scaling))


_watchers: ContextVar[tuple[Watcher, ...]] = ContextVar("vtok_watchers", default=())


def row_weights(query: Tensor, key: Tensor, mask: Tensor | None, scaling: float | None, row: int) -> Tensor:
    """Softmaxed attention of one query row over all keys.

    ``query`` (b, heads, q, c), ``key`` (b, kv heads, k, c), ``mask`` (b, 1, q, k) bool (True = may look) or additive
    float, or None; returns (b, heads, k) float32. Without a mask the row is taken to see every key, which holds for
    the first row of an encoder and the last one of a causal model.
    """
    shown = None if mask is None else mask[:, :, row, None, : key.shape[2]]
    return rows_weights(query[:, :, row, None], key, shown, scaling)[:, :, 0]


def rows_weights(query: Tensor, key: Tensor, shown: Tensor | None, scaling: float | None) -> Tensor:
    """Softmaxed attention (b, heads, r, k) float32 of r query rows over all keys.

    ``shown`` (b, 1, r, k) is the rows' mask, bool (True = may look) or additive.
    """
    groups = query.shape[1] // key.shape[1]
    keys = key.float().repeat_interleave(groups, dim=1) if groups > 1 else key.float()
    scores = (query.float() @ keys.mT) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    if shown is not None:
        scores = scores.masked_fill(~shown, float("-inf")) if shown.dtype == torch.bool else scores + shown.float()
    return scores.softmax(-1)


def received_weights(
    query: Tensor, key: Tensor, scaling: float | None, block: int = 256, mask: Tensor | None = None
) -> Tensor:
    """(b, heads, k) float32: the mean over all query rows of the softmaxed attention to each key.

    Rows are worked out ``block`` at a time, so that a full map is never there at once; ``mask`` as in ``row_weights``.
    """
    total = torch.zeros(*query.shape[:2], key.shape[2], device=query.device)
    for start in range(0, query.shape[2], block):
        shown = None if mask is None else mask[:, :, start : start + block, : key.shape[2]]
        total += rows_weights(query[:, :, start : start + block], key, shown, scaling).sum(2)
    return total / query.shape[2]


@contextmanager
def watch(part: nn.Module, watcher: Watcher) -> Iterator[None]:
    """Let ``watcher`` see the attention of ``part`` (a vision tower, a language model).

    The part's configured attention is put back afterwards, also after an error.
    """
    with watch_configs([part.config], watcher):
        yield


@contextmanager
def watch_configs(configs: Sequence[Any], watcher: Watcher) -> Iterator[None]:
    """As ``watch``, for a part whose modules go by several configurations."""
    before = [config._attn_implementation for config in configs]
    token = _watchers.set((*_watchers.get(), watcher))
    for config, own in zip(configs, before, strict=True):
        config._attn_implementation = _shown(own)
    try:
        yield
    finally:
        for config, own in zip(configs, before, strict=True):
            config._attn_implementation = own
        _watchers.reset(token)


@contextmanager
def record(
    part: nn.Module, modules: Sequence[nn.Module], row: int, want_keys: bool = False, want_received: bool = False
) -> Iterator[Recorder]:
    """Record one query row of the attention ``modules`` of ``part``."""
    recorder = Recorder(modules, row, want_keys, want_received)
    with watch(part, recorder):
        yield recorder


def _shown(name: str | None) -> str:
    """The attention called ``name``, with its queries and keys shown to the watchers, under a name of its own."""
    own = name or "eager"
    if own.startswith(PREFIX):
        return own
    shown = f"{PREFIX}{own}"

    def attend(
        module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **kwargs: Any
    ) -> Any:
        for watcher in _watchers.get():
            watcher.see(module, query, key, attention_mask, kwargs.get("scaling"))
        eager = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
        attention = ALL_ATTENTION_FUNCTIONS.get_interface(own, eager)
        return attention(module, query, key, value, attention_mask, **kwargs)

    AttentionInterface.register(shown, attend)
    AttentionMaskInterface.register(shown, ALL_MASK_ATTENTION_FUNCTIONS[own])
    return shown
