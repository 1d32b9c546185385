"""The zoo's tiny models as this room sees them: sizes from their configurations, and what their encoder gets to see."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tests import zoo
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.catalog.text_sizes import TextSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.language import Language, language
from vtok.costs.projector import Projector, projector
from vtok.costs.seeing import Seeing
from vtok.costs.towers import Tower, tower

#: Classes whose encoder comes from timm, which test_timm.py holds where timm is there.
WITH_TIMM = ("fast_vlm", "gemma3n", "perception_lm")

#: Sizes with which a class shows what a real one does: Molmo's processor pads odd grids, whose edge the zoo leaves out;
#: MiniCPM-V merges patches after a layer that two layers don't reach. Inkling has a full layer in six and layers
#: without experts, and so many layers make a block or a loop; LFM3 has three kinds of layers.
_SLIDES = ["hybrid_sliding", "hybrid"]
_EARLY = {"vision_config": {"insert_layer_id": 0}}
SIZES: dict[str, dict[str, Any]] = {
    "molmo2": {"vision_config": {"image_size": [112, 112], "num_position_embeddings": 64}},
    "minicpmv4_6": _EARLY,
    "minimax_m3_vl": {
        "text_config": {
            "layer_types": ["full_attention", "minimax_m3_sparse"],
            "mlp_layer_types": ["dense", "sparse"],
            "index_n_heads": 2,
            "index_head_dim": 24,
            "index_block_size": 8,
            "index_topk_blocks": 2,
        }
    },
    "minicpmv4_7": _EARLY,
    "inkling": {"text_config": {"layer_types": _SLIDES, "mlp_layer_types": ["dense", "sparse"]}},
    "inkling2": {
        "text_config": {
            "num_hidden_layers": 5,
            "layer_types": [*_SLIDES * 2, "hybrid"],
            "n_layers_per_attn_res_block": 2,
        }
    },
    "inkling2_loop": {
        "text_config": {
            "num_hidden_layers": 4,
            "layer_types": _SLIDES * 2,
            "n_layers_per_attn_res_block": 1,
            "loop_layer_index_start": 1,
            "loop_layer_index_end": 3,
            "loop_num_passes": 3,
            "loop_gate_rank": 8,
        }
    },
    "lfm3_vl": {
        "text_config": {"num_hidden_layers": 3, "layer_types": ["conv", "full_attention", "sliding_attention"]},
        "vision_config": {"num_hidden_layers": 3, "layer_types": ["conv", "conv", "full_attention"]},
    },
}
DESCRIBED = tuple(zoo.names())


@dataclass(frozen=True)
class Described:
    """A tiny model and its description."""

    tiny: zoo.Tiny
    text: TextSizes
    vision: VisionSizes

    @property
    def language(self) -> Language:
        return language(self.text)

    @property
    def tower(self) -> Tower:
        return tower(self.vision)

    @property
    def projector(self) -> Projector:
        return projector(self.vision, self.text.hidden)

    def seen(self, inputs: dict[str, Any]) -> Seeing:
        """The grids of patches, and the question of a query transformer, in what a processor would give."""
        question = inputs.get("qformer_input_ids")
        return self._tiles(inputs) if question is None else replace(self._tiles(inputs), words=question.shape[1])

    def _tiles(self, inputs: dict[str, Any]) -> Seeing:
        if "target_sizes" in inputs:
            return _grids(inputs["target_sizes"])
        if "image_grid_thw" in inputs:
            # Inkling 2 counts tokens, and its pixels are those of all patches of one, colours last.
            merge = self.vision.merge if self.vision.kind == "inkling2_vision" else 1
            return _grids(inputs["image_grid_thw"][:, 1:] * merge)
        if "spatial_shapes" in inputs:
            return _grids(inputs["spatial_shapes"])
        if "image_position_ids" in inputs:
            return _grids(inputs["image_position_ids"].amax(1).flip(-1) + 1)
        pixels, patch = inputs["pixel_values"], self.tower.patch
        if self.vision.kind == "inkling_vision":
            return Seeing(((len(pixels), 1),))
        if "image_token_pooling" in inputs:
            side = math.isqrt(pixels.shape[1])
            return Seeing(((side, side),) * len(pixels))
        if pixels.ndim == 3:  # patches, each a row of numbers
            return Seeing(((1, pixels.shape[1]),) * len(pixels))
        if "image_sizes" in inputs and pixels.ndim == 4:
            return _grids(inputs["image_sizes"] // patch)
        high, wide = (side // patch for side in pixels.shape[-2:])
        return Seeing(((high, wide),) * math.prod(pixels.shape[:-3]))

    def visual(self, inputs: dict[str, Any]) -> int:
        """Positions that a class takes for a picture's where it asks which these are."""
        types = inputs.get("moe_mm_token_type_ids")
        return 0 if types is None else int(types.sum())

    def encode(self, inputs: dict[str, Any]) -> Callable[[], Any]:
        """The encoder and the projector alone."""
        whole = self.tiny.model
        found = getattr(getattr(whole, "model", None), "get_image_features", None) or whole.get_image_features
        names = inspect.signature(found).parameters
        words = ("input_ids", "attention_mask", "mm_token_type_ids", "token_type_ids")
        taken = {key: value for key, value in inputs.items() if key not in words}
        known = taken if "args" in names else {key: value for key, value in taken.items() if key in names}
        return lambda: found(**known, return_dict=True)


@cache
def described(name: str) -> Described:
    """One tiny model of its own, whose attention and experts are plain matrix products."""
    return fresh(name, **SIZES.get(name, {}))


def fresh(name: str, **settings: Any) -> Described:
    """The same with settings of its configuration replaced, made anew each time."""
    made = zoo.fresh(name, **settings)
    made.model.set_attn_implementation("eager")
    made.model.set_experts_implementation("eager")
    for part in made.model.modules():  # those of single layers have a configuration of their own
        if type(part).__name__.endswith("Experts") and hasattr(part, "config"):
            part.config._experts_implementation = "eager"
    # The counter follows modules by their gradients, which a parameter that is an input does not have without them.
    made.model.requires_grad_(False)
    config = made.model.config.to_dict()
    vision = vision_sizes(config)
    if name == "video_llama_3":  # the processor says how far a picture is merged; the zoo's says 2
        vision = replace(vision, merge=2)
    return Described(made, text_sizes(config), vision)


def _grids(sizes: Any) -> Seeing:
    return Seeing(tuple((int(high), int(wide)) for high, wide in sizes))


def parts_of(model: Any) -> tuple[Tower, Projector, Language]:
    """Encoder, projector and language model of any model of transformers, as its configuration describes them."""
    config = model.config.to_dict()
    vision, text = vision_sizes(config), text_sizes(config)
    return tower(vision), projector(vision, text.hidden), language(text)
