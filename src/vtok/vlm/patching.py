"""Patches that leave before the encoder, which is run on the groups that stay, each at the place that it had.

transformers lets the caller say what an encoder of packed patches otherwise works out from ``image_grid_thw``: the
places of the patches, the windows they see, the weights by which learned positions are stretched over the picture.
That is worked out here for the whole pictures, and what belongs to the groups that stay is kept. To the encoder a
picture then is a strip of so many groups, so that the lengths of its sequences come out right by themselves. Source:
transformers, ``vision_utils.py``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction import budget as budgets
from vtok.reduction.chain import Step
from vtok.reduction.method import Need, PatchMethod
from vtok.reduction.seen import Patches
from vtok.reduction.selection import Selection
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.joining import Encoding
from vtok.vlm.towers import window_order

#: Families whose processors pack the patches of one token behind each other, and whose encoders can be told the rest.
PACKED = (
    "cohere_compass", "dots3_note", "ernie4_5_vl_moe", "exaone4_5", "glm46v", "glm4v", "glm4v_moe", "glm5_next",
    "glm_ocr", "minimax_m3_vl", "qwen2_5_omni_thinker", "qwen2_5_vl", "qwen2_vl", "qwen3_5", "qwen3_5_moe",
    "qwen3_omni_moe_thinker", "qwen3_vl", "qwen3_vl_moe", "qwen4_exp",
)  # fmt: skip

#: Encoders whose embeddings are called with patches, lengths, the pictures' grids, and the places of the patches.
SHAPED = ("glm4v_vision", "glm4v_moe_vision")


def check_packed(model: Any, method: PatchMethod) -> None:
    """Raise ``MethodError`` where patches cannot leave before this model's encoder."""
    if model.config.model_type not in PACKED:
        raise MethodError(
            f"{method.name} drops patches before the encoder, which models of type {model.config.model_type!r} do not "
            f"let anyone do; those of type {', '.join(PACKED)} do. Take a method that acts behind the encoder"
        )


def chosen(model: Any, inputs: Mapping[str, Any], step: Step) -> list[Selection]:
    """The groups of patches of each picture in ``inputs`` that ``step`` keeps, one group a visual token."""
    assert isinstance(step.method, PatchMethod)
    merge, selections = packed_tower(model).spatial_merge_size, []
    sizes = [rows * columns for _, rows, columns in _grids(inputs)]
    for (_, rows, columns), pixels in zip(_grids(inputs), torch.split(inputs["pixel_values"], sizes), strict=True):
        grid = (rows // merge, columns // merge)
        patches = Patches(grid, pixels.reshape(grid[0] * grid[1], -1))
        allowed = budgets.tokens(step.budget, patches.count)
        if step.budget is not None and allowed >= patches.count:
            selections.append(Selection.all(patches.count, pixels.device))
        else:
            selections.append(step.method.select(patches, allowed))
    return selections


def encode(
    adapter: Adapter, model: Any, inputs: Mapping[str, Any], selections: Sequence[Selection], needs: frozenset[Need]
) -> Encoding:
    """Run tower and projector on the groups that ``selections`` keep.

    ``pictures`` of what comes back are the whole ones; ``rows`` and ``seen`` are of the groups that stay.
    """
    with _whole_shapes(packed_tower(model), inputs["image_grid_thw"]):
        encoding = adapter.encode(model, _thinned(model, inputs, selections), needs)
    pictures = tuple(adapter.part(model, inputs, index, one.before) for index, one in enumerate(selections))
    return replace(encoding, output=_spread(encoding.output, selections), pictures=pictures)


def _thinned(model: Any, inputs: Mapping[str, Any], selections: Sequence[Selection]) -> dict[str, Any]:
    """``inputs`` of strips of the groups that stay, with all that is to be known of their places."""
    from transformers import vision_utils

    tower, grids = packed_tower(model), inputs["image_grid_thw"]
    merge = tower.spatial_merge_size
    groups = torch.cat([one.slot >= 0 for one in selections])
    patches = groups.repeat_interleave(merge**2)
    temporal = {"include_temporal": True} if getattr(tower, "include_temporal", False) else {}
    places = vision_utils.get_vision_position_ids(grids, merge, **temporal)
    strips = torch.tensor([[1, merge, merge * one.after] for one in selections]).to(grids)
    made = {"pixel_values": inputs["pixel_values"][patches], "image_grid_thw": strips, "position_ids": places[patches]}
    if hasattr(tower, "window_size"):
        made |= _windows(*window_order(tower, grids), groups, merge**2)
    if hasattr(tower, "num_grid_per_side"):
        taps, weights = vision_utils.get_vision_interpolation_indices_and_weights(
            grids,
            num_grid_per_side=tower.num_grid_per_side,
            mode=tower.interpolation_mode,
            align_corners=tower.interpolation_align_corners,
            spatial_merge_size=merge,
        )
        made |= {"interp_indices": taps[patches], "interp_weights": weights[patches]}
    return {**inputs, **made}


@contextmanager
def _whole_shapes(tower: Any, grids: Tensor) -> Iterator[None]:
    """GLM-4V's learned positions are stretched by the pictures' sizes, which are not those of the strips."""
    if getattr(tower.config, "model_type", None) not in SHAPED:
        yield
        return
    hook = tower.embeddings.register_forward_pre_hook(lambda _, args: (*args[:2], grids, *args[3:]))
    try:
        yield
    finally:
        hook.remove()


def _windows(order: Tensor, bounds: Tensor, groups: Tensor, unit: int) -> dict[str, Tensor]:
    """The windows of the groups that stay: each in the one that it was in, and none that is empty."""
    order = order.to(groups.device)
    alive = groups[order]
    rank = groups.long().cumsum(0) - 1
    left = torch.nn.functional.pad(alive.long().cumsum(0), (1, 0))[(bounds // unit).long()] * unit
    return {"window_index": rank[order[alive]], "cu_window_seqlens": torch.unique(left).to(bounds.dtype)}


def _spread(output: Any, selections: Sequence[Selection]) -> Any:
    """``output`` whose deep features are as long as the whole pictures, zeros where the encoder saw nothing."""
    deep = getattr(output, "deepstack_features", None)
    if deep is None:
        return output
    made = copy.copy(output)
    made["deepstack_features"] = [
        [_back(rows, one) for rows, one in zip(level, selections, strict=True)] for level in deep
    ]
    return made


def _back(rows: Tensor, selection: Selection) -> Tensor:
    full = rows.new_zeros(selection.before, rows.shape[-1])
    full[selection.kept] = rows
    return full


def _grids(inputs: Mapping[str, Any]) -> list[tuple[int, int, int]]:
    """(frames, rows, columns) of each picture in patches; a picture is one frame."""
    return [tuple(grid) for grid in inputs["image_grid_thw"].tolist()]


def packed_tower(model: Any) -> Any:
    """The encoder of a model of ``PACKED``."""
    base = model.base_model
    return base.visual if hasattr(base, "visual") else base.vision_tower
