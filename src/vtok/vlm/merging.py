"""Tokens that merge inside the encoder, between attention and MLP of each layer, by hooks on the model's own layers.

A layer adds its MLP to what came out of its attention. The norm before the MLP is handed the merged tokens, the sum
that the layer makes of all of them is put aside, and the merged tokens with their own MLP go on in its place. Source of
the order of things: facebookresearch/ToMe, ``tome/patch/timm.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from vtok.errors import MethodError
from vtok.reduction import budget as budgets
from vtok.reduction.chain import Step
from vtok.reduction.method import Need, TowerMethod
from vtok.reduction.selection import Selection
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.joining import Encoding
from vtok.vlm.adapters.tower import TOWERS, has_cls
from vtok.vlm.attention import PREFIX, watch
from vtok.vlm.picture import plain

#: What methods behind it may still look at: attention and keys are of tokens that are not there any more.
LEFT = frozenset({Need.FEATURES, Need.TEXT})


def check_merges(model: Any, method: TowerMethod) -> None:
    """Raise ``MethodError`` where tokens cannot merge inside this model's encoder."""
    config = model.config
    if config.model_type != "llava" or config.vision_config.model_type not in TOWERS:
        raise MethodError(
            f"{method.name} merges inside encoders of CLIP's and SigLIP's kind in LLaVA models, not in those of type "
            f"{config.model_type!r}; take tome, which merges behind the encoder"
        )
    if not isinstance(config.vision_feature_layer, int):
        raise MethodError(f"{method.name} merges from layer to layer, and this model reads several; take tome")
    attention = model.base_model.vision_tower.config._attn_implementation or "eager"
    if attention.removeprefix(PREFIX) not in ("eager", "sdpa"):
        raise MethodError(
            f"{method.name} weighs attention, which {attention!r} does not let anyone do; load the model with "
            "attn_implementation='sdpa', or take tome"
        )


def encode(
    adapter: Adapter, model: Any, inputs: Mapping[str, Any], step: Step, needs: frozenset[Need]
) -> tuple[Encoding, list[Selection]]:
    """Run tower and projector, tokens merging on the way, and say what went into what.

    ``pictures`` of the encoding are the whole ones; ``rows`` and ``seen`` are of the tokens that are left.
    """
    assert isinstance(step.method, TowerMethod)
    grids = adapter.known_grids(model, inputs) or []
    count = grids[0][0] * grids[0][1]
    layers = _layers(model)
    plan = step.method.schedule(count, len(layers), budgets.tokens(step.budget, count))
    merging = Merging(step.method, has_cls(model))
    with merging.hooked(model.base_model.vision_tower, layers, plan):
        encoding = adapter.encode(model, inputs, needs)
    whole = tuple(plain(count, grid) for grid in grids)
    seen = tuple(replace(one, grid=(1, one.count)) for one in encoding.seen)
    return replace(encoding, pictures=whole, seen=seen), merging.selections()


def _layers(model: Any) -> list[nn.Module]:
    """The layers up to the one whose output the projector reads."""
    layers, chosen = list(model.base_model.vision_tower.encoder.layers), model.config.vision_feature_layer
    # hidden_states[0] is the embedding, so that state i is what layer i - 1 gives.
    used = layers[: chosen if chosen >= 0 else len(layers) + 1 + chosen]
    if not used:
        raise MethodError("this model takes its visual tokens before the first layer, where nothing merges; take tome")
    return used


@dataclass
class Merging:
    """One run of the encoder: of each token that is there, (b, m), the first place it stands for and how many.

    ``slot`` (b, n) is the token that each of the first n has become part of. All three are None before the first merge.
    """

    method: TowerMethod
    cls: bool
    places: Tensor | None = None
    sizes: Tensor | None = None
    slot: Tensor | None = None
    keys: Tensor | None = None

    def see(self, module: nn.Module, query: Tensor, key: Tensor, mask: Tensor | None, scaling: float | None) -> None:
        """Called from inside the attention of every layer."""
        self.keys = key

    @contextmanager
    def hooked(self, tower: nn.Module, layers: list[nn.Module], plan: tuple[int, ...]) -> Iterator[None]:
        """Inside, so many tokens merge in each of ``layers``; no hook is left behind."""
        with ExitStack() as stack:
            for layer in tower.encoder.layers:  # type: ignore[union-attr]  # a module's attributes are untyped
                if self.method.weighs_attention:
                    stack.callback(layer.self_attn.register_forward_pre_hook(self._weigh, with_kwargs=True).remove)
            for layer, merges in zip(layers, plan, strict=True):
                if merges:
                    for handle in _between(self, layer, merges):
                        stack.callback(handle.remove)
            with watch(tower, self):
                yield

    def _weigh(self, module: nn.Module, args: Any, kwargs: dict[str, Any]) -> Any:
        if self.sizes is None:
            return None
        entered = args[0] if args else kwargs["hidden_states"]
        return args, {**kwargs, "attention_mask": self.sizes.log()[:, None, None].to(entered.dtype)}

    def merge(self, tokens: Tensor, merges: int) -> Tensor:
        """``tokens`` (b, m, d) to (b, m - merges, d), by the keys of the layer that they came from."""
        assert self.keys is not None
        if self.places is None or self.sizes is None or self.slot is None:
            self.places = torch.arange(tokens.shape[1], device=tokens.device).repeat(tokens.shape[0], 1)
            self.sizes, self.slot = torch.ones_like(self.places, dtype=torch.float32), self.places
        made = []
        for index, keys in enumerate(self.keys):
            target = self.method.targets(keys, merges, self.cls)
            into = in_order(target, self.places[index])
            left = tokens.shape[1] - merges
            first = self.places.new_full((left,), tokens.shape[1] + self.slot.shape[1])
            first = first.scatter_reduce(0, into, self.places[index], "amin")
            sizes = torch.zeros(left, device=tokens.device).index_add_(0, into, self.sizes[index])
            # Sizes are float32, and so is what they are multiplied by, where it is not more.
            shares = self.sizes[index][:, None] * tokens[index]
            total = shares.new_zeros(left, tokens.shape[2]).index_add_(0, into, shares)
            made.append(((total / sizes[:, None]).to(tokens.dtype), first, sizes, into[self.slot[index]]))
        merged, self.places, self.sizes, self.slot = (torch.stack(part) for part in zip(*made, strict=True))
        return merged

    def selections(self) -> list[Selection]:
        """What went into what, a picture each, without CLS."""
        assert self.places is not None
        assert self.sizes is not None
        assert self.slot is not None
        skip = int(self.cls)
        found = []
        for places, sizes, slot in zip(self.places, self.sizes, self.slot, strict=True):
            found.append(Selection(places[skip:] - skip, slot[skip:] - skip, 1 / sizes[slot[skip:]]))
        return found


def in_order(target: Tensor, places: Tensor) -> Tensor:
    """(m,) int64: which survivor each token is in, where each of m becomes part of ``target`` (m,).

    Survivors are in the order of the first of the ``places`` (m,) that they stand for.
    """
    first = places.clone().scatter_reduce(0, target, places, "amin")
    stays = (target == torch.arange(target.numel(), device=target.device)).nonzero().flatten()
    rank = torch.empty_like(target)
    rank[stays[first[stays].argsort()]] = torch.arange(stays.numel(), device=target.device)
    return rank[target]


def _between(merging: Merging, layer: Any, merges: int) -> list[Any]:
    """The hooks that merge between attention and MLP of ``layer``."""
    merged: list[Tensor] = []

    def before(_: nn.Module, args: Any) -> Any:
        merged.append(merging.merge(args[0], merges))
        return (merged[0], *args[1:])

    def behind(_: nn.Module, args: Any, output: Tensor) -> Tensor:
        merged.append(output)
        # The layer adds this to the tokens that came out of attention, which are not looked at any more.
        return output.new_zeros(1)

    def last(_: nn.Module, args: Any, output: Any) -> Any:
        made = merged[0] + merged[1]
        merged.clear()
        return (made, *output[1:]) if isinstance(output, tuple) else made

    return [
        layer.layer_norm2.register_forward_pre_hook(before),
        layer.mlp.register_forward_hook(behind),
        # transformers' own hooks keep the layer's output, which must be this one.
        layer.register_forward_hook(last, prepend=True),
    ]
