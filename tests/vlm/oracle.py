"""The masked oracle: the full sequence, dropped positions hidden by a 4-D mask, says what the short one must say."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


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
