"""Prompts: text and visual tokens among each other, before and after the cut."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vtok.vlm.adapters.base import PIXELS
from vtok.vlm.history import TYPES
from vtok.vlm.loaded import Loaded
from vtok.vlm.positions import full_positions, shift_deltas
from vtok.vlm.prompt import left_padded, prompt_ids
from vtok.vlm.seam import shorten
from vtok.vlm.stages import Cut, Interleaved


def interleave(loaded: Loaded, cuts: Sequence[Cut], questions: Sequence[str]) -> Interleaved:
    """The prompts, text and visual tokens among each other, before and after the cut. Raises ``UsageError``."""
    pictures = [
        loaded.adapter.expansion(loaded.model, loaded.processor, cut.prepared.beside, cut.reduced.picture.count)
        for cut in cuts
    ]
    rows = [prompt_ids(loaded.processor, question, pictures, loaded.image_token) for question in questions]
    padding = loaded.processor.tokenizer.pad_token_id
    ids, mask = left_padded(rows, loaded.processor.tokenizer.eos_token_id if padding is None else padding)
    ids, mask = ids.to(loaded.device), mask.to(loaded.device)
    kept = [cut.reduced.kept for cut in cuts] * len(questions)
    positions = full_positions(loaded.model, _described(loaded, cuts, ids, mask, len(questions)))
    short = shorten(ids, mask, {loaded.image_token: kept}, positions=positions)
    shift_deltas(loaded.model, short.dropped(ids, mask))
    return Interleaved(ids, mask, short)


def _described(loaded: Loaded, cuts: Sequence[Cut], ids: Tensor, mask: Tensor, times: int) -> dict[str, Any]:
    """The prompts and what says how their pictures lie, as the model's own count of positions wants it."""
    arguments: dict[str, Any] = {"input_ids": ids, "attention_mask": mask, **types_of(loaded, ids)}
    for name in {name for cut in cuts for name in cut.prepared.inputs} - set(PIXELS):
        values = [cut.prepared.inputs[name] for cut in cuts]
        if all(torch.is_tensor(value) and value.shape[1:] == values[0].shape[1:] for value in values):
            arguments[name] = torch.cat(values * times)
    return arguments


def types_of(loaded: Loaded, ids: Tensor) -> dict[str, Tensor]:
    """The inputs that mark visual tokens, under each name that the model takes."""
    takes = inspect.signature(type(loaded.model).forward).parameters
    return {name: (ids == loaded.image_token).long() for name in TYPES if name in takes}
