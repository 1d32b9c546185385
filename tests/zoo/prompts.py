"""Prompts without a tokenizer: text tokens from 100 on, a run of placeholders for each picture, padded on the left."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tests.zoo.pictures import Inputs, Prompts
from tests.zoo.shrink import IMAGE_TOKEN

#: Config attributes that name the tokens before and after a picture.
_OPENERS = ("vision_start_token_id", "image_start_token_id", "boi_token_id", "im_start_id", "image_bos_token_id")
_CLOSERS = ("vision_end_token_id", "image_end_token_id", "eoi_token_id", "im_end_id")
_WORDS = 100
#: What stands before a picture in families that name no token for it; in some it says that a whole picture follows.
_THUMBNAIL = 95


def prompts_for(model: Any, counts: Sequence[Sequence[int]], texts: Sequence[int]) -> dict[str, Tensor]:
    """``input_ids`` and ``attention_mask`` (b, n): a word, pictures of ``counts`` tokens, ``texts`` words."""
    opener, closer = _named(model.config, _OPENERS), _named(model.config, _CLOSERS)
    opener = opener or [_THUMBNAIL]
    rows = []
    for prompt, (pictures, words) in enumerate(zip(counts, texts, strict=True)):
        row = [1, _WORDS + prompt]
        for index, count in enumerate(pictures):
            row += [*opener, *[IMAGE_TOKEN] * count, *closer, _WORDS + 20 + index]
        rows.append([*row, *range(_WORDS + 40 + prompt, _WORDS + 40 + prompt + words)])
    width = max(map(len, rows))
    ids = torch.tensor([[0] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    return {"input_ids": ids, "attention_mask": mask, **_types(model, ids)}


def counts_of(model: Any, visual: Inputs, prompts: Prompts) -> list[list[int]]:
    """Visual rows of each picture of each prompt, as the model's own encoder makes them."""
    rows = rows_of(model, visual)
    flat = [size for sizes in prompts for size in sizes]
    if len(rows) != len(flat):  # the encoder gives its rows by prompt, or all in one: every picture has as many
        total, left = sum(rows), len(flat)
        rows = [total // left] * left
    each = iter(rows)
    return [[next(each) for _ in sizes] for sizes in prompts]


@torch.no_grad()
def rows_of(model: Any, visual: Inputs) -> list[int]:
    """How many rows ``get_image_features`` gives for each of its units."""
    encode = getattr(getattr(model, "model", None), "get_image_features", None) or model.get_image_features
    names = inspect.signature(encode).parameters
    known = visual if "args" in names else {key: value for key, value in visual.items() if key in names}
    output = encode(**known, return_dict=True)
    pooled = getattr(output, "pooler_output", None)
    if pooled is None and getattr(output, "deepstack_features", None):
        pooled = output.deepstack_features[0][1]
    if pooled is None:
        pooled = output.last_hidden_state
    return [one.shape[0] for one in pooled]


def _named(config: Any, names: Sequence[str]) -> list[int]:
    found = [getattr(config, name) for name in names if isinstance(getattr(config, name, None), int)]
    return found[:1]


def _types(model: Any, ids: Tensor) -> dict[str, Tensor]:
    takes = inspect.signature(type(model).forward).parameters
    types = (ids == IMAGE_TOKEN).long()
    names = ("mm_token_type_ids", "token_type_ids", "moe_mm_token_type_ids")
    return {name: types for name in names if name in takes}
