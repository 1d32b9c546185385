"""``generate`` inside the block: the prompt goes in short, and what comes out begins with the user's own."""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from vtok.vlm.history import History, cache_in, remember

if TYPE_CHECKING:
    from vtok.vlm.block import Reduction


def shorter_generate(state: Reduction, original: Any) -> Any:
    """``original`` (a model's ``generate``) with the pictures cut by ``state``."""

    @functools.wraps(original)
    def generate(inputs: Tensor | None = None, generation_config: Any = None, **kwargs: Any) -> Any:
        if inputs is not None:
            kwargs["input_ids"] = inputs
        if generation_config is not None:
            kwargs["generation_config"] = generation_config
        prompt = kwargs.get("input_ids")
        cache = cache_in(kwargs)
        history = state.go_on(kwargs)
        if history is None:
            state.refuse_full_cache(kwargs)
            short = state.cut(kwargs)
            history = History(prompt, short) if short is not None and prompt is not None else None
        if history is None or prompt is None:
            return original(**kwargs)
        length = kwargs["input_ids"].shape[1]
        _keep_lengths(kwargs, prompt.shape[1] - length)
        if kwargs.get("streamer") is not None:
            kwargs["streamer"] = _PromptFirst(kwargs["streamer"], prompt)
        with state.at_work(history):
            output = original(**kwargs)
        sequences = output if torch.is_tensor(output) else output.sequences
        generated = sequences[:, length:]
        copies = sequences.shape[0] // prompt.shape[0]
        if copies == 1:
            remember(cache if torch.is_tensor(output) else cache_in(output), history)
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
