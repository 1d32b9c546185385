"""Methods inside the language model: at the entry of some decoder layers visual tokens leave the sequence.

Every decoder layer gets a hook before and one behind it. Before a layer from which tokens have left, its arguments are
cut to the positions that are still there, so that it works on a shorter sequence and keeps a shorter cache; behind it,
what it gives is put back among the others, so that the model's own code between its layers finds the sequence it knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from vtok.errors import MethodError, ModelError
from vtok.reduction.chain import Chain, Step
from vtok.reduction.in_layer import LayerMethod
from vtok.reduction.method import Stage
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.attention import watch
from vtok.vlm.cutting import cut_arguments, cut_mask, cut_value, put_back, take
from vtok.vlm.leaving import Leaving, Placed
from vtok.vlm.rows import Rows
from vtok.vlm.seam import Shortened
from vtok.vlm.selecting import Reduced

_MARK = "vtok_leaving"
#: Layers that carry a state from token to token, out of which nothing can be taken.
_RECURRENT = ("linear_attention", "conv", "hybrid", "hybrid_sliding", "mamba")


def check_layers(adapter: Adapter, model: Any, chain: Chain) -> None:
    """Raise for steps of ``chain`` that cannot act in this model's layers, before anything is computed."""
    steps = chain.at(Stage.LAYERS)
    if not steps:
        return
    text = model.config.get_text_config()
    held = sorted({kind for kind in getattr(text, "layer_types", None) or () if kind in _RECURRENT})
    because = f"carry a state from token to token ({', '.join(held)})" if held else ""
    if getattr(text, "num_kv_shared_layers", 0):
        because = "share their keys and values"
    if because:
        raise MethodError(
            f"{steps[0].method.name} acts inside the language model, but layers of this one {because}; take a method "
            "that acts before it, such as divprune"
        )
    layers = decoder_layers(adapter, model)
    for step in steps:
        for layer, _ in _method(step).plan(1, 2, len(layers)):
            if layer == 0:
                raise MethodError(
                    f"{step.method.name}@0 acts before the first layer; write a layer from 1 on behind the @"
                )


def decoder_layers(adapter: Adapter, model: Any) -> Sequence[nn.Module]:
    """The decoder layers; raises ``ModelError`` where they cannot be reached."""
    found: Any = getattr(adapter.language_model(model), "layers", None)
    if found is None or not all(hasattr(layer, "self_attn") for layer in found):
        raise ModelError(
            f"the decoder layers of a {type(model).__name__} have no self_attn that vtok could act at; take a method "
            "that acts before the language model, such as divprune"
        )
    layers: Sequence[nn.Module] = found
    return layers


class Inside:
    """The hooks on one model's decoder layers; ``pending`` is the prompt that the next call begins with."""

    def __init__(self, adapter: Adapter, model: Any, chain: Chain) -> None:
        self.language = adapter.language_model(model)
        self.layers = decoder_layers(adapter, model)
        self.steps = [(_method(step), step) for step in chain.at(Stage.LAYERS)]
        self.pending: Leaving | None = None
        self.running: Leaving | None = None
        self.full: dict[int, Tensor] = {}
        self.index: dict[int, Tensor] = {}

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """The hooks are there inside, and gone afterwards."""
        with ExitStack() as stack:
            rows = Rows(self.layers)
            if any(method.needs for method, _ in self.steps):
                stack.enter_context(watch(self.language, rows))
            for number, layer in enumerate(self.layers):
                before = layer.register_forward_pre_hook(self._before(number), with_kwargs=True)
                stack.callback(before.remove)
                behind = layer.register_forward_hook(self._behind(number))
                stack.callback(behind.remove)
            self.rows = rows
            yield

    def expect(self, placed: Sequence[Placed], real: Tensor, chain: Chain) -> None:
        """The next prompt: where its pictures' tokens stand, and which columns ``real`` (b, n) hold no padding."""
        self.pending = Leaving(placed, real, chain, [method for method, _ in self.steps], len(self.layers))

    def _before(self, number: int) -> Any:
        def hook(layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            hidden = args[0] if args else kwargs["hidden_states"]
            cache = kwargs.get("cache", kwargs.get("past_key_values"))
            if number == 0:
                self._begin(hidden, cache)
            leaving = self.running
            if leaving is None:
                return None
            if leaving.first and number in leaving.acts:
                if leaving.looks_ahead(number):
                    self.rows.look(layer, number, hidden, args, kwargs)
                hidden = leaving.act(number, hidden, self.rows)
            index = leaving.index_at(number)
            if index is None:
                return None
            arguments = dict(kwargs)
            new = None if leaving.first else leaving.new_columns(hidden.shape[1])
            columns = index if new is None else torch.cat([index, leaving.later(hidden.shape[1])], 1)
            mask = self._whole(kwargs.get("attention_mask"), hidden.shape[1], columns.shape[1])
            arguments["attention_mask"] = cut_mask(mask, columns, new, self._flat())
            if leaving.first:
                self.full[number], self.index[number] = hidden, index
                arguments = {
                    **cut_arguments(kwargs, index, hidden.shape[1]),
                    "attention_mask": arguments["attention_mask"],
                }
                args = tuple(cut_value(one, index, hidden.shape[1]) for one in args)
                hidden = take(hidden, index, 1)
            if args:
                return (hidden, *args[1:]), arguments
            return (), {**arguments, "hidden_states": hidden}

        return hook

    def _behind(self, number: int) -> Any:
        def hook(layer: nn.Module, args: Any, output: Any) -> Any:
            full = self.full.pop(number, None)
            if full is None:
                return None
            index = self.index.pop(number)
            if torch.is_tensor(output):
                return put_back(full, output, index)
            return (put_back(full, output[0], index), *output[1:])

        return hook

    def _flat(self) -> bool:
        return "flash" in str(getattr(self.language.config, "_attn_implementation", ""))

    def _whole(self, mask: Any, new: int, own: int) -> Any:
        """The mask of ``new`` positions over all of the sequence; None for causal."""
        assert self.running is not None
        length = self.running.held + new
        if not torch.is_tensor(mask) or mask.shape[-1] == length:
            return mask
        if mask.shape[-1] == own:
            # Where all layers of a kind are behind the cut, transformers asks the first of them how long the cache is.
            return None
        raise MethodError(
            f"a conversation of {length} positions is longer than the sliding window of this model, where tokens "
            "cannot leave inside the language model; take a method that acts before it"
        )

    def _begin(self, hidden: Tensor, cache: Any) -> None:
        """A forward begins: a prompt that is expected, a step over a cache that such a prompt filled, or neither."""
        held = 0 if cache is None else int(cache.get_seq_length())
        self.running = None if cache is None else getattr(cache, _MARK, None)
        if held == 0:
            self.running = self.pending
        self.rows.running = self.running
        if self.running is None:
            return
        self.running.begin(hidden, held)
        if cache is not None:
            setattr(cache, _MARK, self.running)


def placed(images: Sequence[Reduced], short: Shortened, image_token: int) -> list[Placed]:
    """Where the visual tokens of ``images`` stand in the cut prompts, structure left out."""
    rows, columns = (short.input_ids == image_token).nonzero(as_tuple=True)
    found, start = [], 0
    for image in images:
        kept = image.kept.kept
        content = torch.isin(kept, image.picture.content.to(kept.device))
        mine = columns[start : start + kept.numel()]
        found.append(Placed(int(rows[start]), mine[content], image.selection.kept, image.selection.before))
        start += kept.numel()
    return found


def _method(step: Step) -> LayerMethod:
    assert isinstance(step.method, LayerMethod)
    return step.method
