"""``with vtok.reduce(model, ...)``: the user's own transformers model and code, with fewer visual tokens."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction import budget as budgets
from vtok.reduction.method import Method
from vtok.reduction.registry import parse
from vtok.reduction.selection import Selection
from vtok.vlm.adapters import adapter_of
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.reducing import encode_and_reduce
from vtok.vlm.seam import Shortened, image_output, shorten


class Reduction:
    """What happened inside the block; ``selections`` are those of the last call that had pictures, one an image."""

    def __init__(self, model: Any, method: Method, budget: int | str, renumber: bool) -> None:
        self.adapter: Adapter = adapter_of(model)
        self.model, self.method, self.budget, self.renumber = model, method, budget, renumber
        self.selections: list[Selection] = []

    def cut(self, arguments: dict[str, Any]) -> Shortened | None:
        """Take the pictures out of a call's ``arguments`` and put the cut prompt and its vectors in.

        None, and nothing changed, when the call has no pictures.
        """
        if arguments.get("pixel_values") is None:
            return None
        if arguments.get("input_ids") is None:
            raise MethodError("visual tokens can be cut only where input_ids are given; this call has inputs_embeds")
        cache = arguments.get("cache", arguments.get("past_key_values"))
        if cache is not None and cache.get_seq_length() > 0:
            raise MethodError("pictures cannot be added to a cache that already holds a conversation; start a new one")
        adapter = self.adapter
        inputs = {name: arguments.pop(name) for name in adapter.image_inputs if arguments.get(name) is not None}
        reduced = encode_and_reduce(adapter, self.model, inputs, self.method, self.budget)
        self.selections = [image.selection for image in reduced.images]
        short = shorten(
            arguments["input_ids"],
            arguments.get("attention_mask"),
            adapter.image_token_id(self.model),
            self.selections,
            self.renumber,
        )
        arguments.update(
            input_ids=short.input_ids,
            attention_mask=short.attention_mask,
            position_ids=short.position_ids,
            mm_encoder_outputs=image_output([image.vectors for image in reduced.images]),
        )
        if arguments.get("labels") is not None:
            arguments["labels"] = short.take(arguments["labels"], -100)
        return short


@contextmanager
def reduce(
    model: Any, method: str | Method = "visionzip", budget: int | str = "25%", *, renumber: bool = False
) -> Iterator[Reduction]:
    """Inside the block, ``model`` reads at most ``budget`` visual tokens an image, chosen by ``method``.

    The code around it stays as it is: ``model.generate(**inputs)`` returns sequences that begin with your own
    ``input_ids``, streamers and ``return_dict_in_generate`` work, and the KV cache is short in every layer. A plain
    ``model(**inputs)`` returns logits for the positions that are left, so they are shorter than your prompt
    (``labels`` are cut along). ``budget`` is a number of tokens or a share such as ``"25%"``; one above an image's
    count keeps everything. Kept tokens have the positions that they had; ``renumber`` closes the gaps. The model is
    untouched after the block, also after an error. One block a model at a time, and one thread.

    Raises ``ModelError`` for a model that cannot be served, ``MethodError`` and ``BudgetError`` for what makes no
    sense, all before anything is computed.
    """
    budgets.tokens(budget, 1)
    state = Reduction(model, parse(method), budget, renumber)
    if "generate" in vars(model):
        raise MethodError("this model is already inside a vtok.reduce block; leave that one first")
    before = {name: vars(model)[name] for name in ("forward",) if name in vars(model)}
    model.generate = _generate(state, model.generate)
    model.forward = _forward(state, model.forward)
    try:
        yield state
    finally:
        del model.generate, model.forward
        vars(model).update(before)


def _forward(state: Reduction, original: Any) -> Any:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def forward(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind_partial(*args, **kwargs)
        arguments = {**bound.arguments, **bound.arguments.pop("kwargs", {})}
        arguments.pop("kwargs", None)
        state.cut(arguments)
        _close_the_trap(arguments)
        return original(**arguments)

    return forward


def _close_the_trap(arguments: dict[str, Any]) -> None:
    """Positions with gaps, no mask and no cache look like packed sequences to transformers, and blind the model."""
    cache = arguments.get("cache", arguments.get("past_key_values"))
    positions, ids = arguments.get("position_ids"), arguments.get("input_ids")
    if positions is not None and ids is not None and cache is None and arguments.get("attention_mask") is None:
        arguments["attention_mask"] = torch.ones_like(ids)


def _generate(state: Reduction, original: Any) -> Any:
    @functools.wraps(original)
    def generate(inputs: Tensor | None = None, generation_config: Any = None, **kwargs: Any) -> Any:
        if inputs is not None:
            kwargs["input_ids"] = inputs
        prompt = kwargs.get("input_ids")
        short = state.cut(kwargs)
        if generation_config is not None:
            kwargs["generation_config"] = generation_config
        if short is None or prompt is None:
            return original(**kwargs)
        _keep_lengths(kwargs, prompt.shape[1] - short.input_ids.shape[1])
        if kwargs.get("streamer") is not None:
            kwargs["streamer"] = _PromptFirst(kwargs["streamer"], prompt)
        output = original(**kwargs)
        sequences = output if torch.is_tensor(output) else output.sequences
        generated = sequences[:, short.input_ids.shape[1] :]
        copies = sequences.shape[0] // prompt.shape[0]
        whole = torch.cat([prompt.repeat_interleave(copies, 0).to(generated.device), generated], 1)
        if torch.is_tensor(output):
            return whole
        output.sequences = whole
        return output

    return generate


def _keep_lengths(kwargs: dict[str, Any], dropped: int) -> None:
    """``max_length`` and ``min_length`` count the user's whole prompt, so they shrink by what was dropped."""
    for name in ("max_length", "min_length"):
        if kwargs.get(name) is not None:
            kwargs[name] = max(0, kwargs[name] - dropped)
    config = kwargs.get("generation_config")
    if config is not None and config.max_new_tokens is None and config.max_length is not None:
        config = copy.copy(config)
        config.max_length = max(0, config.max_length - dropped)
        kwargs["generation_config"] = config


class _PromptFirst:
    """A streamer that is first shown the user's own prompt, as it would be without vtok."""

    def __init__(self, streamer: Any, prompt: Tensor) -> None:
        self.streamer, self.prompt = streamer, prompt
        self.first = True

    def put(self, value: Tensor) -> None:
        if self.first:
            value, self.first = self.prompt.cpu(), False
        self.streamer.put(value)

    def end(self) -> None:
        self.streamer.end()
