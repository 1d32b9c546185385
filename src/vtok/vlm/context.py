"""``with vtok.reduce(model, ...)``: the user's own transformers model and code, with fewer visual tokens."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from vtok.errors import MethodError
from vtok.reduction.chain import Budget, Chain
from vtok.reduction.method import Method
from vtok.reduction.registry import parse_chain
from vtok.vlm.block import Reduction
from vtok.vlm.generating import shorter_generate
from vtok.vlm.history import History, cache_in, remember
from vtok.vlm.packing import joined


@contextmanager
def reduce(
    model: Any, method: str | Method | Chain = "visionzip", budget: Budget = None, *, renumber: bool = False
) -> Iterator[Reduction]:
    """Inside the block, ``model`` reads at most ``budget`` visual tokens an image or a video, chosen by ``method``.

    ``method`` is one, or several with their budgets: ``"visionzip:192 | fastv:64@2"``. ``budget`` is a number of tokens
    or a share such as ``"25%"`` (which is what it is if you say nothing); one above an image's count keeps everything,
    or is refused where every picture has the same count.

    The code around it stays as it is: ``model.generate(**inputs)`` returns sequences that begin with your own
    ``input_ids``, streamers and ``return_dict_in_generate`` work, and the KV cache is short in every layer. A plain
    ``model(**inputs)`` returns logits for the positions that are left, so they are shorter than your prompt
    (``labels`` are cut along). A cache that came out of a call may be handed to the next one, whose ``input_ids`` are
    the whole conversation. Kept tokens have the positions that they had; ``renumber`` closes the gaps. The model is
    untouched after the block, also after an error. One block a model at a time, and one thread.

    Raises ``ModelError`` for a model that cannot be served, ``MethodError`` and ``BudgetError`` for what makes no
    sense, all before anything is computed.
    """
    state = Reduction(model, parse_chain(method).with_budget(budget, "25%"), renumber)
    if "generate" in vars(model):
        raise MethodError("this model is already inside a vtok.reduce block; leave that one first")
    with forwarding(state):
        model.generate = shorter_generate(state, model.generate)
        try:
            yield state
        finally:
            del model.generate


@contextmanager
def forwarding(state: Reduction) -> Iterator[None]:
    """The model's ``forward`` cuts what comes to it, and its layers are hooked where ``state`` acts in them."""
    model = state.model
    before = {name: vars(model)[name] for name in ("forward",) if name in vars(model)}
    model.forward = _forward(state, model.forward)
    try:
        with state.inside.hooked() if state.inside else nullcontext():
            yield
    finally:
        del model.forward
        vars(model).update(before)


def _forward(state: Reduction, original: Any) -> Any:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def forward(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind_partial(*args, **kwargs)
        arguments = {**bound.arguments, **bound.arguments.pop("kwargs", {})}
        arguments.pop("kwargs", None)
        prompt, short = arguments.get("input_ids"), None
        if not state.step(arguments):
            state.refuse_full_cache(arguments)
            short = state.cut(arguments)
        _close_the_trap(arguments)
        if arguments.get("mm_encoder_outputs") is not None:
            arguments["mm_encoder_outputs"] = joined(arguments["mm_encoder_outputs"], state.adapter.field)
        output = original(**arguments)
        if short is not None and prompt is not None:
            remember(cache_in(output), History(prompt, short))
        return output

    return forward


def _close_the_trap(arguments: dict[str, Any]) -> None:
    """Positions with gaps, no mask and no cache look like packed sequences to transformers, and blind the model."""
    positions, ids = arguments.get("position_ids"), arguments.get("input_ids")
    if positions is None or ids is None or cache_in(arguments) is not None:
        return
    if arguments.get("attention_mask") is None:
        arguments["attention_mask"] = torch.ones_like(ids)
