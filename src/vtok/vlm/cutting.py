"""A decoder layer's arguments, cut to the positions that are still there.

Columns are positions of the prompt as it entered the language model; ``index`` (b, L) holds those that a layer still
has, at the right, -1 where a prompt has fewer than the longest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

#: Arguments that are not as long as the sequence, or that are cut by name.
_APART = ("attention_mask", "cache", "past_key_values", "use_cache", "position_ids", "position_embeddings")


def right_aligned(alive: Tensor) -> Tensor:
    """(b, L) int64: the columns where ``alive`` (b, n) bool, at the right, -1 before them."""
    lengths = alive.sum(-1)
    width = int(lengths.max())
    rank = alive.long().cumsum(-1) - 1 + (width - lengths)[:, None]
    index = torch.full((alive.shape[0], width), -1, dtype=torch.int64, device=alive.device)
    row, column = alive.nonzero(as_tuple=True)
    index[row, rank[row, column]] = column
    return index


def take(values: Tensor, index: Tensor, dim: int) -> Tensor:
    """``values`` at ``index`` along ``dim``, whose batch is the dimension before it."""
    dim = dim % values.ndim
    moved = values.movedim((dim - 1, dim), (0, 1))
    if moved.shape[0] == 1 and index.shape[0] > 1:
        moved = moved.expand(index.shape[0], *moved.shape[1:])
    rows = torch.arange(index.shape[0], device=index.device)[:, None]
    return moved[rows, index.clamp(min=0)].movedim((0, 1), (dim - 1, dim))


def put_back(full: Tensor, short: Tensor, index: Tensor) -> Tensor:
    """``full`` (b, n, d) with ``short`` (b, L, d) at its columns; what left stays as it was."""
    row, place = (index >= 0).nonzero(as_tuple=True)
    whole = full.clone()
    whole[row, index[row, place]] = short[row, place].to(whole.dtype)
    return whole


def cut_arguments(arguments: Mapping[str, Any], index: Tensor, length: int) -> dict[str, Any]:
    """A layer's keyword arguments for the positions at ``index`` of a prompt of ``length``."""
    made = {name: value if name in _APART else cut_value(value, index, length) for name, value in arguments.items()}
    if torch.is_tensor(made.get("position_ids")) and made["position_ids"].shape[-1] == length:
        made["position_ids"] = take(made["position_ids"], index, -1)
    if made.get("position_embeddings") is not None:
        made["position_embeddings"] = _cut_embeddings(made["position_embeddings"], index, length)
    return made


def cut_mask(mask: Tensor | None, index: Tensor, new: Tensor | None = None, flat: bool = False) -> Tensor | None:
    """The mask of a layer that holds the columns at ``index`` (b, L), seen from all of them or from ``new`` ones.

    ``mask`` is what the model made for the whole prompt, (b, 1, q, k) or (b, k), or None for causal. ``new`` (q,) are
    the columns of the queries where they are not the whole prompt. ``flat``: the attention wants (b, k) masks.
    """
    gone = index < 0
    if mask is None:
        if not bool(gone.any()):
            return None
        if flat:
            return (~gone).long()
        queries = index if new is None else new[None].expand(index.shape[0], -1)
        seen = (index[:, None] <= queries[:, :, None]) & ~gone[:, None]
        return _with_self(seen, new)[:, None]
    if mask.ndim == 2:
        return take(mask, index, 1).masked_fill(gone, 0)
    if mask.shape[0] == 1 and index.shape[0] > 1:
        mask = mask.expand(index.shape[0], *mask.shape[1:])
    cut = torch.stack([one[:, :, columns.clamp(min=0)] for one, columns in zip(mask, index, strict=True)])
    if new is None:
        cut = torch.stack([one[:, columns.clamp(min=0)] for one, columns in zip(cut, index, strict=True)])
    if not bool(gone.any()):
        return cut
    if cut.dtype == torch.bool:
        return _with_self(cut & ~gone[:, None, None], new)
    cut = cut.masked_fill(gone[:, None, None], torch.finfo(cut.dtype).min)
    return cut


def _with_self(seen: Tensor, new: Tensor | None) -> Tensor:
    """What stands in padding sees itself, so that its row of attention is not empty."""
    if new is not None:
        return seen
    return seen | torch.eye(seen.shape[-1], dtype=torch.bool, device=seen.device)


def cut_value(value: Any, index: Tensor, length: int) -> Any:
    """Any tensor that is as long as the prompt in its second dimension; everything else as it is."""
    if torch.is_tensor(value) and value.ndim >= 2 and value.shape[1] == length and value.shape[0] in (1, len(index)):
        return take(value, index, 1)
    return value


def _cut_embeddings(value: Any, index: Tensor, length: int) -> Any:
    if isinstance(value, dict):
        return {name: _cut_embeddings(one, index, length) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_cut_embeddings(one, index, length) for one in value)
    if torch.is_tensor(value) and value.ndim >= 3 and value.shape[-2] == length:
        return take(value, index, -2)
    return value
