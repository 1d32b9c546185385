"""What one answer cost: tokens before and after, bytes of KV cache, seconds by stage. Measured, not guessed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class ImageTokens:
    """One image: its ``name``, its ``size`` (width, height) px, its visual tokens ``before`` and ``after`` the cut."""

    name: str
    size: tuple[int, int]
    before: int
    after: int


@dataclass(frozen=True)
class Seconds:
    """Wall seconds by stage; ``prefill`` ends with the first token, ``per_token`` is the mean of those after it."""

    preprocess: float
    encode: float
    reduce: float
    prefill: float
    per_token: float | None

    @property
    def first_token(self) -> float:
        """From the picture to the first token."""
        return self.preprocess + self.encode + self.reduce + self.prefill


@dataclass(frozen=True)
class Ledger:
    """What happened in one request.

    ``text_tokens`` counts the prompt's tokens that are not visual, ``generated`` the answer's. ``kv_bytes`` is the
    size of the tensors in the KV cache at the end of the answer, for this answer's share of the batch;
    ``kv_lengths`` the positions in each layer. ``batch`` answers were made together, in the seconds given.
    """

    method: str | None
    budget: int | str | None
    images: tuple[ImageTokens, ...]
    text_tokens: int
    generated: int
    kv_bytes: int
    kv_lengths: tuple[int, ...]
    seconds: Seconds
    batch: int = 1

    @property
    def visual_before(self) -> int:
        """Visual tokens of all images before the cut."""
        return sum(image.before for image in self.images)

    @property
    def visual_after(self) -> int:
        """Visual tokens of all images that the language model read."""
        return sum(image.after for image in self.images)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            **asdict(self),
            "visual_before": self.visual_before,
            "visual_after": self.visual_after,
            "seconds": {**asdict(self.seconds), "first_token": self.seconds.first_token},
        }


def cache_size(cache: Any) -> tuple[int, tuple[int, ...]]:
    """Bytes of all tensors in a transformers cache, and the positions held in each layer.

    A layer that carries a state instead of keys holds no positions; its state counts into the bytes.
    """
    size, lengths = 0, []
    for index, layer in enumerate(cache.layers):
        for value in vars(layer).values():
            # Layers with several states keep them by number.
            for tensor in value.values() if isinstance(value, dict) else (value,):
                size += tensor.numel() * tensor.element_size() if torch.is_tensor(tensor) else 0
        attends = torch.is_tensor(getattr(layer, "keys", None))
        lengths.append(int(cache.get_seq_length(index)) if attends else 0)
    return size, tuple(lengths)
