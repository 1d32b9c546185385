"""The interleaved prompt: text tokens with a run of placeholders for every image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vtok.errors import UsageError


def prompt_text(processor: Any, question: str, images: int) -> str:
    """The prompt for one question about ``images`` pictures, with one placeholder each, by the chat template.

    A checkpoint without a template gets LLaVA-1.5's (``USER: <image>\\n... ASSISTANT:``). Raises ``UsageError``
    for an empty question.
    """
    if not question.strip():
        raise UsageError('the question is empty; write what you want to know, such as "What colour is the circle?"')
    tokenizer = processor.tokenizer
    template = getattr(processor, "chat_template", None) or tokenizer.chat_template
    if template is None:
        pictures = f"{processor.image_token}\n" * images
        return f"USER: {pictures}{question} ASSISTANT:"
    content: list[dict[str, str]] = [{"type": "image"}] * images + [{"type": "text", "text": question}]
    text: str = tokenizer.apply_chat_template(
        [{"role": "user", "content": content}], chat_template=template, add_generation_prompt=True, tokenize=False
    )
    return text


def prompt_ids(processor: Any, question: str, pictures: Sequence[Sequence[int]], image_token: int) -> list[int]:
    """Token ids of one prompt, with ``pictures[i]`` in place of the i-th image's placeholder.

    Placeholders that a user types into the question are taken out of it, so that they cannot be mistaken for
    an image.
    """
    question = question.replace(processor.image_token, "")
    text = prompt_text(processor, question, len(pictures))
    special = processor.tokenizer.bos_token
    ids = processor.tokenizer(text, add_special_tokens=special is None or not text.startswith(special))["input_ids"]
    left = iter(pictures)
    expanded: list[int] = []
    for token in ids:
        expanded += next(left) if token == image_token else [token]
    return expanded


def left_padded(rows: Sequence[Sequence[int]], padding: int) -> tuple[Tensor, Tensor]:
    """``input_ids`` and ``attention_mask`` (b, n) of prompts of unequal length."""
    width = max(map(len, rows))
    ids = torch.tensor([[padding] * (width - len(row)) + list(row) for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    return ids, mask
