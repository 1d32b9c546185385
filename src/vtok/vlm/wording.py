"""The words of a prompt as methods see them: its text tokens in the language model's input space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.chain import Chain
from vtok.reduction.method import Need
from vtok.vlm.adapters.joining import Encoding


def wants_words(chain: Chain | None) -> bool:
    """Whether a method of ``chain`` reads the prompt's text."""
    return chain is not None and any(Need.TEXT in step.method.needs for step in chain.steps)


def with_words(model: Any, encoding: Encoding, words: Sequence[Tensor]) -> Encoding:
    """``encoding`` whose pictures have their words; ``words`` are text tokens (t,), one prompt a picture."""
    embed = model.get_input_embeddings()
    seen = tuple(
        replace(one, text=embed(ids.to(one.vectors.device))) for one, ids in zip(encoding.seen, words, strict=True)
    )
    return replace(encoding, seen=seen)


def words_of(ids: Tensor, mask: Tensor | None, image_token: int, counts: Sequence[int]) -> list[Tensor]:
    """The text tokens of the prompt of each picture, of ``ids`` (b, n); ``counts`` are the pictures' placeholders.

    Pictures follow each other through the batch in reading order. Raises ``MethodError`` for a prompt without text.
    """
    held = ids == image_token
    row_of = held.nonzero()[:, 0]
    text = ~held if mask is None or mask.ndim != 2 else ~held & mask.bool()
    firsts = torch.tensor([0, *counts[:-1]]).cumsum(0)
    rows = [int(row_of[first]) for first in firsts]
    found = [ids[row][text[row]] for row in rows]
    if any(one.numel() == 0 for one in found):
        raise MethodError("this method reads the prompt's text, and a prompt with a picture has none; ask something")
    return found
