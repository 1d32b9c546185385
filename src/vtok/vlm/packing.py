"""The encoder's output with the rows that stay, as the model's ``forward`` takes it from ``mm_encoder_outputs``.

While ``generate`` multiplies prompts for beams and samples it wants one entry a picture; ``forward`` of about a third of
the classes wants one tensor instead. So an output travels as a list, and ``joined`` is the last thing before ``forward``.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vtok.reduction.selection import Selection

#: What is as long as the whole picture and read by nobody after the encoder.
_SPENT = ("last_hidden_state", "hidden_states", "attentions")


def packed(output: Any, field: str, counts: Sequence[int], kept: Sequence[Selection], rows: Sequence[Tensor]) -> Any:
    """``output`` with ``rows`` (k, d) of each picture in ``field``, and deep features cut by ``kept`` likewise.

    ``counts`` are the rows that each picture had, ``kept`` which of them stay.
    """
    made = copy.copy(output)
    for name in _SPENT:
        if name != field and getattr(made, name, None) is not None:
            made[name] = None
    if getattr(made, field, None) is not None:
        made[field] = list(rows)
    deep = getattr(made, "deepstack_features", None)
    if deep is not None:
        made["deepstack_features"] = [_cut_deep(one, counts, kept) for one in deep]
    return made


def joined(outputs: Any, field: str) -> Any:
    """``mm_encoder_outputs`` with the pictures' rows in one tensor (1, k, d), for classes that take no list."""
    output = outputs.get("image") if isinstance(outputs, dict) else None
    if output is None or not isinstance(getattr(output, field, None), list):
        return outputs
    output = copy.copy(output)
    output[field] = torch.cat(output[field])[None]
    return {**outputs, "image": output}


def _cut_deep(feature: Any, counts: Sequence[int], kept: Sequence[Selection]) -> Any:
    """One level of deep features: a list of tensors, or (layer, list of tensors)."""
    if isinstance(feature, tuple) and len(feature) == 2 and isinstance(feature[0], int):
        return feature[0], _cut_deep(feature[1], counts, kept)
    everything = torch.cat(list(feature)) if isinstance(feature, list | tuple) else feature.flatten(0, -2)
    return [one.apply(part) for one, part in zip(kept, everything.split(list(counts)), strict=True)]
