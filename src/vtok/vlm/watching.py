"""What watches a running ``generate``: when each token came, and its text as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessor, TextStreamer

from vtok.vlm.ledger import Seconds
from vtok.vlm.stages import Cut


class Clock(LogitsProcessor):  # type: ignore[misc]  # transformers is untyped here
    """Notes when each token is ready; the first call ends the prefill."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.times: list[float] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Called by ``generate`` once a token; changes nothing."""
        if scores.is_cuda:
            torch.cuda.synchronize()
        self.times.append(time.perf_counter())
        return scores

    def stop(self) -> None:
        """Note when generation came back."""
        self.times.append(time.perf_counter())

    def seconds(self, cuts: Sequence[Cut]) -> Seconds:
        """The ledger's seconds, with those that the pictures took before."""
        first, decoded = self.times[0], len(self.times) - 2
        return Seconds(
            preprocess=sum(cut.prepared.seconds for cut in cuts),
            encode=sum(cut.encode_seconds for cut in cuts),
            reduce=sum(cut.reduce_seconds for cut in cuts),
            prefill=first - self.start,
            per_token=(self.times[-2] - first) / decoded if decoded else None,
        )


class TextOut(TextStreamer):  # type: ignore[misc]  # transformers is untyped here
    """Hands each finished piece of the answer's text to a function."""

    def __init__(self, tokenizer: Any, on_text: Callable[[str], None]) -> None:
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self.on_text = on_text

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """Called by ``TextStreamer`` with text that no later token can change."""
        if text:
            self.on_text(text)
