"""A tower of CLIP's or SigLIP's kind that reads squares, a CLS token first where it has one, and what is seen of it.

Source: transformers, ``models/clip/modeling_clip.py`` and ``models/siglip/modeling_siglip.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from vtok.errors import MethodError
from vtok.reduction.method import Need
from vtok.vlm.adapters.base import encoder
from vtok.vlm.attention import record

TOWERS = ("clip_vision_model", "siglip_vision_model")


def has_cls(model: Any) -> bool:
    """Whether a CLS token stands before the patches."""
    return bool(model.config.vision_config.model_type == "clip_vision_model")


def tower_offers(model: Any) -> frozenset[Need]:
    """What methods may ask for beyond the vectors."""
    cls = {Need.CLS_ATTENTION, Need.FIRST_ATTENTION} if has_cls(model) else set()
    return frozenset({Need.FEATURES, Need.KEYS, Need.RECEIVED_ATTENTION, *cls})


def projector(model: Any) -> nn.Module:
    """What takes patches into the language model's space, one by one."""
    part: nn.Module = model.base_model.multi_modal_projector
    return part


def run_seeing(model: Any, inputs: Mapping[str, Any], needs: frozenset[Need]) -> tuple[Any, dict[str, Tensor]]:
    """The encoder's output, and fields of ``Seen`` over all squares: (squares, ...) as ``Seen`` has them for one."""
    if Need.CLS_ATTENTION in needs and not has_cls(model):
        raise MethodError(
            f"this method reads CLS attention, but the vision tower ({model.config.vision_config.model_type}) has "
            "no CLS token; take a method without it, such as pool or uniform"
        )
    modules = _watched(model, inputs, needs)
    entered: list[Tensor] = []
    hook = projector(model).register_forward_pre_hook(lambda _, args: entered.append(args[0]))
    received = Need.RECEIVED_ATTENTION in needs
    tower = model.base_model.vision_tower
    try:
        with record(tower, modules, row=0, want_keys=Need.KEYS in needs, want_received=received) as recorder:
            output = encoder(model)(**inputs, return_dict=True)
    finally:
        hook.remove()
    skip = 1 if has_cls(model) else 0
    more: dict[str, Tensor] = {}
    if Need.FEATURES in needs:
        more["features"] = entered[0]
    if Need.CLS_ATTENTION in needs:
        more["cls_attention"] = recorder.weights[0][0][:, :, skip:]
    if Need.FIRST_ATTENTION in needs:
        more["first_attention"] = recorder.weights[-1][0][:, :, skip:]
    if received:
        more["received_attention"] = recorder.received[0][0][:, :, skip:]
    if Need.KEYS in needs:
        more["keys"] = recorder.keys[0][0][:, :, skip:]
    return output, more


def _watched(model: Any, inputs: Mapping[str, Any], needs: frozenset[Need]) -> list[nn.Module]:
    """The attention modules to look at: the one that the projector reads behind, then the first, where wanted."""
    if not needs & {Need.CLS_ATTENTION, Need.FIRST_ATTENTION, Need.RECEIVED_ATTENTION, Need.KEYS}:
        return []
    first = model.base_model.vision_tower.encoder.layers[0].self_attn
    return [_attention(model, inputs), *([first] if Need.FIRST_ATTENTION in needs else [])]


def _attention(model: Any, inputs: Mapping[str, Any]) -> nn.Module:
    """The attention of the layer whose output the projector reads; of several layers, the last one."""
    layers = model.base_model.vision_tower.encoder.layers
    chosen = inputs.get("vision_feature_layer")
    chosen = model.config.vision_feature_layer if chosen is None else chosen
    indices = [chosen] if isinstance(chosen, int) else list(chosen)
    # hidden_states[0] is the embedding, so that state i is what layer i - 1 gives.
    states = [index if index >= 0 else len(layers) + 1 + index for index in indices]
    if max(states) < 1:
        raise MethodError("this model takes its visual tokens before the first layer, where there is no attention")
    part: nn.Module = layers[max(states) - 1].self_attn
    return part
