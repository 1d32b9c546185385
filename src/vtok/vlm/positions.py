"""Positions of the full prompt, so that what stays can keep them.

transformers asks the model itself for the positions of a prompt when it generates; vtok asks the same question about
the prompt as it was, before anything is dropped. That covers M-RoPE in all its kinds. Source: transformers,
``generation/utils.py`` (``_prepare_position_ids_for_generation``) and each model's own version of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def full_positions(model: Any, arguments: Mapping[str, Any]) -> Tensor:
    """The positions (b, n), or (axes, b, n), of a call's whole prompt; padding on any side."""
    given = arguments.get("position_ids")
    if given is not None:
        return torch.as_tensor(given)
    ids = arguments["input_ids"]
    mask = arguments.get("attention_mask")
    mask = torch.ones_like(ids) if mask is None else mask
    kwargs = {name: value for name, value in arguments.items() if name not in ("cache", "past_key_values")}
    own = getattr(model, "_prepare_position_ids_for_generation", None)
    if own is None:
        return (mask.long().cumsum(-1) - 1).clamp(min=0)
    positions: Tensor = own(ids, {**kwargs, "input_ids": ids, "attention_mask": mask})
    return positions


def shift_deltas(model: Any, dropped: Tensor) -> None:
    """Tell a model with M-RoPE that ``dropped`` (b,) tokens left, so that it goes on counting at the right place."""
    base = model.base_model
    deltas = getattr(base, "rope_deltas", None)
    if torch.is_tensor(deltas):
        base.rope_deltas = deltas + dropped.to(deltas)[:, None]


def after(positions: Tensor, count: int) -> Tensor:
    """``count`` positions that follow ``positions`` (..., n) on each of its axes, as ``generate`` goes on counting."""
    return positions[..., -1:] + 1 + torch.arange(count, device=positions.device)
