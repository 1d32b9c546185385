"""The masked oracle: the full sequence, dropped positions hidden by a 4-D mask, says what the short one must say."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask


def masked_logits(model: Any, inputs: dict[str, Tensor], keep: Tensor, steps: int) -> tuple[Tensor, list[int]]:
    """Logits at the last prompt position and at each of ``steps`` greedy ones, (steps + 1, vocabulary), and the tokens.

    ``keep`` (n,) bool marks the positions of the one prompt that may be attended to. The whole sequence is run anew
    at every step, without a cache.
    """
    ids, kept, rows, said = inputs["input_ids"], keep.clone(), [], []
    for _ in range(steps + 1):
        length = ids.shape[1]
        mask = torch.ones(length, length, dtype=torch.bool).tril() & kept[None]
        mask |= torch.eye(length, dtype=torch.bool)
        output = model(
            input_ids=ids,
            pixel_values=inputs["pixel_values"],
            attention_mask=mask[None, None],
            position_ids=torch.arange(length)[None],
            use_cache=False,
        )
        rows.append(output.logits[0, -1])
        said.append(int(rows[-1].argmax()))
        ids = torch.cat([ids, torch.tensor([[said[-1]]])], 1)
        kept = torch.cat([kept, torch.tensor([True])])
    return torch.stack(rows), said


@contextmanager
def hidden(model: Any, hide: Tensor | Sequence[tuple[int, Tensor]]) -> Iterator[None]:
    """Inside, no other position of the language model attends to those in ``hide`` (b, n).

    ``hide`` may be several, each with the layer from which it holds, until the next one does.

    The model makes its own masks (bidirectional pictures and all) and keeps its cache at full length; the columns are
    taken away inside the attention function, so that this holds for any architecture that has one.
    """
    steps = [(0, hide)] if torch.is_tensor(hide) else hide
    config = model.config.get_text_config()
    before = config._attn_implementation

    def attend(module: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **kwargs: Any) -> Any:
        own = sys.modules[type(module).__module__].eager_attention_forward
        layer = getattr(module, "layer_idx", 0)
        *_, now = (one for start, one in steps if start <= layer)
        mask = _without(now, query, key, mask)
        return own(module, query, key, value, mask, **kwargs)

    AttentionInterface.register("vtok_oracle", attend)
    AttentionMaskInterface.register("vtok_oracle", eager_mask)
    config._attn_implementation = "vtok_oracle"
    try:
        yield
    finally:
        config._attn_implementation = before


def _without(hide: Tensor, query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor:
    rows, columns = query.shape[2], key.shape[2]
    gone = torch.zeros(hide.shape[0], columns, dtype=torch.bool)
    gone[:, : hide.shape[1]] = hide[:, :columns]
    place = torch.arange(columns - rows, columns)
    gone = gone[:, None, None] & (place[:, None] != torch.arange(columns)[None])
    least = torch.finfo(query.dtype).min
    if mask is None:
        mask = torch.zeros(1, 1, rows, columns, dtype=query.dtype)
        mask = mask.masked_fill(torch.arange(columns)[None] > place[:, None], least)
    if mask.dtype == torch.bool:
        return mask & ~gone
    return mask.masked_fill(gone, least)


def greedy(model: Any, inputs: dict[str, Any], steps: int) -> tuple[Tensor, Tensor, Any]:
    """The tokens (b, steps), the logits (b, steps, vocabulary) behind them, and the cache of a greedy answer."""
    output = model.generate(
        **inputs, max_new_tokens=steps, do_sample=False, return_dict_in_generate=True, output_logits=True
    )
    cache = output.cache if getattr(output, "cache", None) is not None else output.past_key_values
    return output.sequences[:, -steps:], torch.stack(output.logits, 1), cache


@torch.no_grad()
def short_logits(model: Any, inputs: dict[str, Any], keep: Tensor, steps: int) -> Tensor:
    """The logits (1, steps, vocabulary) of the language model given the embeddings at ``keep`` (1, n) and no others.

    The embeddings and positions are those that the plain model makes of the whole prompt. For models with a state
    that runs from token to token, where hiding is not leaving out. The sequence is run anew at every step.
    """
    base, seen = model.base_model, []
    language = getattr(base, "language_model", None) or base.text_model
    hook = language.register_forward_pre_hook(lambda _, args, kwargs: seen.append(kwargs), with_kwargs=True)
    positions = model._prepare_position_ids_for_generation(inputs["input_ids"], dict(inputs))
    try:
        model(**inputs)
    finally:
        hook.remove()
    embedded, positions = seen[0]["inputs_embeds"][:, keep[0]], positions[..., keep[0]]
    rows = []
    for _ in range(steps):
        ones = torch.ones(embedded.shape[:2], dtype=torch.long)
        output = model(inputs_embeds=embedded, attention_mask=ones, position_ids=positions, use_cache=False)
        rows.append(output.logits[:, -1])
        said = model.get_input_embeddings()(rows[-1].argmax(-1))[:, None]
        embedded = torch.cat([embedded, said], 1)
        positions = torch.cat([positions, positions[..., -1:] + 1], -1)
    return torch.stack(rows, 1)
