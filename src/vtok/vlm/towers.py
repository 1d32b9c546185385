"""What methods may see of an encoder's attention, for every family whose encoder calls transformers' attention.

The calls of the layer that the projector reads behind are kept while the encoder runs. A call is over the patches of
one unit (a picture, a tile) or over those of all units beside each other; a visual token is one patch or a square of
them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from vtok.errors import MethodError
from vtok.reduction.method import Need
from vtok.vlm.attention import received_weights, row_weights, watch_configs

Grid = tuple[int, int]
Call = tuple[Tensor, Tensor, Tensor | None, float | None]

#: Families whose encoders can be watched, by how patches that become one token lie: rows by rows over the picture ...
ROWS = frozenset(
    (
        "aya_vision", "cohere2_vision", "deepseek_vl", "deepseek_vl_hybrid", "gemma3", "idefics3", "internvl", "janus",
        "kimi_k25", "lighton_ocr", "minicpm_ocr", "mistral3", "mistral_large4", "muse_glimmer", "muse_spark", "ovis2",
        "paddleocr_vl", "paligemma", "qianfan_ocr", "smolvlm", "video_llava", "vipllava",
    )
)  # fmt: skip
#: ... or the patches of each token behind each other.
BLOCKS = frozenset(
    (
        "cohere_compass", "cosmos3_edge", "cosmos3_omni", "dots3_note", "ernie4_5_vl_moe", "exaone4_5", "glm46v",
        "glm4v", "glm4v_moe", "glm5_next", "glm_ocr", "hyperclovax_vision_v2", "inkling2", "inkling2_loop",
        "minimax_m3_vl", "qwen2_5_omni_thinker", "qwen2_5_vl", "qwen2_vl", "qwen3_5", "qwen3_5_moe",
        "qwen3_omni_moe_thinker", "qwen3_vl", "qwen3_vl_moe", "qwen4_exp", "video_llama_3",
    )
)  # fmt: skip
#: Those whose encoder has a CLS token, which comes first.
CLS = frozenset(("internvl", "qianfan_ocr", "video_llava", "vipllava"))
SEEN = frozenset({Need.CLS_ATTENTION, Need.RECEIVED_ATTENTION, Need.KEYS})


@dataclass
class Calls:
    """Attention calls (query, key, mask, scaling) of the encoder's last ``keep`` layers, with each layer's module."""

    keep: int
    layers: list[tuple[nn.Module, list[Call]]] = field(default_factory=list)

    def see(self, module: nn.Module, query: Tensor, key: Tensor, mask: Tensor | None, scaling: float | None) -> None:
        """Called from inside the attention of every layer; what looks at something else than itself is left out."""
        if query.shape[2] != key.shape[2]:
            return
        if not self.layers or self.layers[-1][0] is not module:
            self.layers = [*self.layers, (module, [])][-self.keep :]
        self.layers[-1][1].append((query, key, mask, scaling))


def offers(model: Any) -> frozenset[Need]:
    """What can be seen of this model's encoder."""
    if model.config.model_type not in ROWS | BLOCKS:
        return frozenset()
    cls = {Need.CLS_ATTENTION} if model.config.model_type in CLS else set()
    return frozenset({Need.RECEIVED_ATTENTION, Need.KEYS, *cls})


@contextmanager
def watched(model: Any) -> Iterator[Calls]:
    """Keep the attention calls of the model's encoder; its own attention is put back afterwards."""
    calls = Calls(behind(model))
    configs = {id(part.config): part.config for part in _encoders(model)}
    with watch_configs(list(configs.values()), calls):
        yield calls


def behind(model: Any) -> int:
    """How many layers from the end the one lies whose output the projector reads: 1 for the last."""
    chosen = getattr(model.config, "vision_feature_layer", None)
    if isinstance(chosen, int):
        return -chosen if chosen < 0 else 1
    return min(-one for one in chosen) if chosen and all(one < 0 for one in chosen) else 1


def seen_of(
    model: Any, calls: Calls, needs: frozenset[Need], counts: Sequence[int], grids: Sequence[Grid | None], inputs: Any
) -> dict[str, list[Any]]:
    """Fields of ``Seen`` for each unit of ``counts`` tokens; raises ``MethodError`` where patches do not fit."""
    if len(calls.layers) < calls.keep:
        raise MethodError("this model's encoder does not call an attention function that can be watched")
    places = Places(model, counts, grids, inputs)
    made = places.calls_apart(calls.layers[0][1])
    more: dict[str, list[Any]] = {}
    if Need.RECEIVED_ATTENTION in needs:
        found = [received_weights(query, key, scaling, mask=mask) for query, key, mask, scaling in made]
        more["received_attention"] = places.by_unit(found)
    if Need.KEYS in needs:
        channels = [key.transpose(-1, -2) for _, key, _, _ in made]
        more["keys"] = [one.transpose(-1, -2) for one in places.by_unit(channels)]
    if Need.CLS_ATTENTION in needs:
        more["cls_attention"] = places.by_unit([row_weights(q, k, mask, scaling, 0) for q, k, mask, scaling in made])
    return more


class Places:
    """Which visual token each patch is part of."""

    def __init__(
        self, model: Any, counts: Sequence[int], grids: Sequence[Grid | None], inputs: Mapping[str, Any]
    ) -> None:
        self.model, self.counts, self.grids, self.inputs = model, counts, grids, inputs
        self.blocks = model.config.model_type in BLOCKS

    def by_unit(self, calls: Sequence[Tensor]) -> list[Tensor]:
        """``calls`` (batch, ..., patches) to one (..., tokens) a unit, averaged over the patches of each token."""
        rows = [row for call in calls for row in call]
        if len(rows) == 1 and len(self.counts) > 1:
            rows = self._apart(rows[0])
        if len(rows) != len(self.counts):
            raise self._misfit(sum(row.shape[-1] for row in rows))
        units = [self._pooled(*each) for each in zip(rows, self.counts, self.grids, strict=True)]
        return self._in_order(units)

    def calls_apart(self, calls: Sequence[Call]) -> list[Call]:
        """One call over the patches of all units as one call a unit: none of them looks at another's patches."""
        if len(calls) != 1 or calls[0][0].shape[0] != 1 or len(self.counts) == 1:
            return list(calls)
        query, key, _, scaling = calls[0]
        queries, keys = (self._apart(one.transpose(-1, -2)) for one in (query, key))
        both = zip(queries, keys, strict=True)
        return [(one.transpose(-1, -2), other.transpose(-1, -2), None, scaling) for one, other in both]

    def _apart(self, row: Tensor) -> list[Tensor]:
        share, left = divmod(row.shape[-1], sum(self.counts))
        if left:
            raise self._misfit(row.shape[-1])
        return list(torch.split(row, [share * count for count in self.counts], dim=-1))

    def _pooled(self, row: Tensor, count: int, grid: Grid | None) -> Tensor:
        # A CLS token, where there is one, is first.
        row = row[..., row.shape[-1] % count :] if row.shape[-1] % count == 1 else row
        square = row.shape[-1] // count
        side = math.isqrt(square)
        if side * side * count != row.shape[-1]:
            raise self._misfit(row.shape[-1])
        if side == 1:
            return row
        if self.blocks:
            return row.reshape(*row.shape[:-1], count, square).mean(-1)
        if grid is None:
            raise self._misfit(row.shape[-1])
        return row.reshape(*row.shape[:-1], grid[0], side, grid[1], side).mean((-3, -1)).flatten(-2)

    def _in_order(self, units: list[Tensor]) -> list[Tensor]:
        """Qwen2.5's encoder works on windows of tokens and puts them in order only at its end."""
        tower = next((part for part in _encoders(self.model) if hasattr(part, "fullatt_block_indexes")), None)
        if tower is None:
            return units
        given = self.inputs.get("window_index")
        order = window_order(tower, self.inputs["image_grid_thw"])[0] if given is None else given
        places = order.argsort().to(units[0].device)
        return list(torch.split(torch.cat(units, -1)[..., places], list(self.counts), dim=-1))

    def _misfit(self, patches: int) -> MethodError:
        return MethodError(
            f"the {patches} patches of this model's encoder cannot be told apart into {list(self.counts)} visual "
            "tokens, so its attention cannot be read; take a method that reads the vectors alone, such as divprune"
        )


def window_order(tower: Any, grids: Tensor) -> tuple[Tensor, Tensor]:
    """The tokens (n,) in the order in which a ``tower`` of windows works on them, and its windows' bounds in patches.

    ``grids`` (pictures, 3) are frames, rows and columns of patches.
    """
    from transformers.vision_utils import get_vision_window_index

    order, bounds = get_vision_window_index(grids, tower.spatial_merge_size, tower.window_size, tower.patch_size)
    return order, bounds


def _encoders(model: Any) -> list[Any]:
    """All parts of the model but the language model that have a configuration of their attention."""
    return [
        part
        for name, child in model.base_model.named_children()
        if name not in ("language_model", "text_model")
        for part in child.modules()
        if hasattr(getattr(part, "config", None), "_attn_implementation")
    ]
