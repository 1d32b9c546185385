"""``with vtok.reduce(model, ...)``: the user's own transformers model and code, with fewer visual tokens."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from vtok.errors import MethodError
from vtok.reduction.chain import Budget, Chain
from vtok.reduction.method import Method
from vtok.reduction.registry import parse_chain
from vtok.reduction.selection import Selection
from vtok.vlm.adapters import adapter_of
from vtok.vlm.adapters.base import PIXELS, Adapter
from vtok.vlm.generating import shorter_generate
from vtok.vlm.history import TYPES, History, cache_in, recall, remember
from vtok.vlm.packing import joined, packed
from vtok.vlm.positions import full_positions, shift_deltas
from vtok.vlm.reducing import Cut, Reduced, check, encode_and_reduce
from vtok.vlm.seam import Shortened, image_output, shorten


class Reduction:
    """What happened inside the block, in the last call that had pictures: ``images`` are its pictures after the cut."""

    def __init__(self, model: Any, chain: Chain, renumber: bool) -> None:
        self.adapter: Adapter = adapter_of(model)
        check(self.adapter, model, chain)
        self.model, self.chain, self.renumber = model, chain, renumber
        self.images: list[Reduced] = []
        #: The cut prompt that ``generate`` is at work on.
        self.running: History | None = None
        #: Whether this class takes the rows of all pictures in one tensor.
        self.joins = False

    @property
    def selections(self) -> list[Selection]:
        """Which visual tokens stayed, one selection a picture."""
        return [image.selection for image in self.images]

    def cut(self, arguments: dict[str, Any]) -> Shortened | None:
        """Take the pictures out of a call's ``arguments`` and put the cut prompt and its vectors in.

        None, and nothing changed, when the call has no pictures.
        """
        if not any(arguments.get(name) is not None for name in PIXELS):
            return None
        if arguments.get("input_ids") is None:
            raise MethodError("visual tokens can be cut only where input_ids are given; this call has inputs_embeds")
        positions = full_positions(self.model, arguments)
        inputs = self._take_pictures(arguments)
        ids = arguments["input_ids"]
        done = encode_and_reduce(self.adapter, self.model, inputs, self.chain, ids, arguments.get("attention_mask"))
        self.images = done.images
        kept = [image.kept for image in done.images]
        token = self.adapter.image_token_id(self.model)
        short = shorten(ids, arguments.get("attention_mask"), token, kept, self.renumber, positions)
        self._replace(arguments, short, done)
        return short

    def go_on(self, arguments: dict[str, Any]) -> History | None:
        """Cut the ``arguments`` of a ``generate`` that goes on with a cache which was filled with a cut prompt."""
        cache = cache_in(arguments)
        history = recall(cache)
        if history is None or arguments.get("input_ids") is None:
            return None
        new = arguments["input_ids"][:, cache.get_seq_length() + history.dropped :]
        if bool((new == self.adapter.image_token_id(self.model)).any()):
            raise MethodError("pictures cannot be added to a cache that already holds a conversation; start a new one")
        self._take_pictures(arguments)
        history.go_on(arguments)
        return history

    def step(self, arguments: dict[str, Any]) -> bool:
        """Give a ``forward`` over such a cache, or inside ``generate``, the positions that it lacks."""
        cache = cache_in(arguments)
        history = self.running or recall(cache)
        if history is None or arguments.get("input_ids") is None or arguments.get("position_ids") is not None:
            return False
        history.step(arguments, 0 if cache is None else cache.get_seq_length())
        return True

    @contextmanager
    def at_work(self, history: History) -> Iterator[None]:
        """While ``generate`` runs: some classes lose the positions on the way to ``forward``, which gets them back."""
        self.running = history
        try:
            yield
        finally:
            self.running = None

    @staticmethod
    def refuse_full_cache(arguments: dict[str, Any]) -> None:
        """Raise ``MethodError`` for pictures that come with a cache that is in use already."""
        cache = cache_in(arguments)
        pictures = any(arguments.get(name) is not None for name in PIXELS)
        if pictures and cache is not None and cache.get_seq_length() > 0:
            raise MethodError("pictures cannot be added to a cache that already holds a conversation; start a new one")

    def _take_pictures(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The image arguments, which are no longer among ``arguments``."""
        names = (*PIXELS, *self.adapter.image_inputs(self.model))
        return {name: arguments.pop(name) for name in names if arguments.get(name) is not None}

    def _replace(self, arguments: dict[str, Any], short: Shortened, done: Cut) -> None:
        field = self.adapter.field
        if done.output is None:
            outputs = image_output([image.vectors for image in done.images])
        else:
            self.joins = torch.is_tensor(getattr(done.output, field, None))
            outputs = {"image": packed(done.output, field, done.images)}
        dropped = short.dropped(arguments["input_ids"], arguments.get("attention_mask"))
        shift_deltas(self.model, dropped)
        for name in TYPES:
            if arguments.get(name) is not None:
                arguments[name] = short.take(arguments[name], 0)
        if arguments.get("labels") is not None:
            arguments["labels"] = short.take(arguments["labels"], -100)
        arguments.update(
            input_ids=short.input_ids,
            attention_mask=short.attention_mask,
            position_ids=short.position_ids,
            mm_encoder_outputs=outputs,
        )


@contextmanager
def reduce(
    model: Any, method: str | Method | Chain = "visionzip", budget: Budget = None, *, renumber: bool = False
) -> Iterator[Reduction]:
    """Inside the block, ``model`` reads at most ``budget`` visual tokens an image, chosen by ``method``.

    ``method`` is one, or several with their budgets: ``"visionzip:192 | fastv:64@2"``. ``budget`` is a number of tokens
    or a share such as ``"25%"`` (which is what it is if you say nothing); one above an image's count keeps everything.

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
    before = {name: vars(model)[name] for name in ("forward",) if name in vars(model)}
    model.generate = shorter_generate(state, model.generate)
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
        prompt, short = arguments.get("input_ids"), None
        if not state.step(arguments):
            state.refuse_full_cache(arguments)
            short = state.cut(arguments)
        _close_the_trap(arguments)
        if state.joins and arguments.get("mm_encoder_outputs") is not None:
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
