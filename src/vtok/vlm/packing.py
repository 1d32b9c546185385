"""The encoder's output with the rows that stay, as the model's ``forward`` takes it in ``mm_encoder_outputs``.

While ``generate`` multiplies prompts for beams and samples it wants one entry a picture; the ``forward`` of a third of
the classes wants one tensor. So an output travels as a list, and ``joined`` is the last thing before ``forward``.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch

from vtok.vlm.selecting import Reduced

#: What is as long as the whole picture and read by nobody after the encoder.
_SPENT = ("last_hidden_state", "hidden_states", "attentions")


#: Marks an output whose class takes the rows of all pictures in one tensor.
_JOINS = "vtok_joins"


def packed(output: Any, field: str, images: Sequence[Reduced]) -> Any:
    """``output`` with the rows of ``images`` in ``field``, and deep features cut in the same way."""
    made = copy.copy(output)
    for name in _SPENT:
        if name != field and getattr(made, name, None) is not None:
            made[name] = None
    deep = getattr(made, "deepstack_features", None)
    if deep is not None:
        made["deepstack_features"] = [_cut_deep(one, images) for one in deep]
    if field != "deepstack_features":
        setattr(made, _JOINS, torch.is_tensor(output[field]))
        made[field] = [image.vectors for image in images]
    return made


def together(outputs: Sequence[Any], field: str) -> Any:
    """Several packed outputs as one, picture after picture."""
    made = copy.copy(outputs[0])
    setattr(made, _JOINS, getattr(outputs[0], _JOINS, False))
    if field != "deepstack_features":
        made[field] = [rows for output in outputs for rows in output[field]]
    if getattr(made, "deepstack_features", None) is not None:
        levels = zip(*(output["deepstack_features"] for output in outputs), strict=True)
        made["deepstack_features"] = [_level(list(parts)) for parts in levels]
    return made


def _level(parts: Sequence[Any]) -> Any:
    if isinstance(parts[0], tuple) and isinstance(parts[0][0], int):
        return parts[0][0], [rows for _, part in parts for rows in part]
    return [rows for part in parts for rows in part]


def joined(outputs: Any, field: str) -> Any:
    """``mm_encoder_outputs`` with the rows of a modality in one tensor (1, k, d), for classes that take no list."""
    if not isinstance(outputs, dict):
        return outputs
    return {name: _joined(one, field) if getattr(one, _JOINS, False) else one for name, one in outputs.items()}


def _joined(output: Any, field: str) -> Any:
    made = copy.copy(output)
    made[field] = torch.cat(output[field])[None]
    return made


def _cut_deep(feature: Any, images: Sequence[Reduced]) -> Any:
    """One level of deep features: a list of tensors, or (layer, list of tensors)."""
    if isinstance(feature, tuple) and len(feature) == 2 and isinstance(feature[0], int):
        return feature[0], _cut_deep(feature[1], images)
    parts = torch.split(torch.cat(list(feature)), [image.picture.count for image in images])
    return [image.picture.cut(part, image.selection) for image, part in zip(images, parts, strict=True)]
