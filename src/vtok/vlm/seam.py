"""The seam before the language model: dropped placeholders leave the prompt, the others keep their positions.

The kept visual tokens go in through transformers' own ``mm_encoder_outputs``; no model code is patched, and the KV
cache is short in every layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers.modeling_outputs import BaseModelOutputWithPooling

from vtok.errors import MethodError, ModelError
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class Shortened:
    """A batch of prompts after the cut, padded on the left: all (b, m), and what was kept of the originals.

    ``position_ids`` are (axes, b, m) for models with several axes. ``columns`` holds, for each position, the column of
    the original prompt it stood in (-1 for padding).
    """

    input_ids: Tensor
    attention_mask: Tensor
    position_ids: Tensor
    columns: Tensor

    def take(self, values: Tensor, fill: int) -> Tensor:
        """Another (b, n) tensor of the original prompt, such as labels, cut the same way."""
        taken = values.gather(1, self.columns.clamp(min=0))
        return taken.masked_fill(self.columns < 0, fill)

    def dropped(self, input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
        """(b,) how many tokens of each prompt left."""
        before = torch.full_like(input_ids[:, 0], input_ids.shape[1])
        before = before if attention_mask is None else attention_mask.long().sum(-1)
        return before - self.attention_mask.long().sum(-1)


def shorten(
    input_ids: Tensor,
    attention_mask: Tensor | None,
    kept: Mapping[int, Sequence[Selection]],
    renumber: bool = False,
    positions: Tensor | None = None,
) -> Shortened:
    """Drop from every prompt the placeholders that are not ``kept``.

    ``kept`` has, for each placeholder token (that of images, that of videos), one selection an image in order.
    ``input_ids`` and ``attention_mask`` are (b, n), padded on any side. Kept tokens have the ``positions`` (b, n) or
    (axes, b, n) that they had in the full prompt, counted by the mask if not given; with ``renumber`` they are counted
    anew, without gaps. Raises ``ModelError`` when the placeholders do not match the images, ``MethodError`` for a mask
    that is not 2-D, or for renumbering several axes.
    """
    if attention_mask is None:
        attention_mask = torch.ones_like(input_ids)
    if attention_mask.ndim != 2:
        raise MethodError(
            f"tokens cannot be cut under a {attention_mask.ndim}-D attention mask; pass the 2-D one of the processor"
        )
    if renumber and positions is not None and positions.ndim == 3:
        raise MethodError("this model's positions are places in the picture (M-RoPE), which renumber would tear apart")
    keep = attention_mask.bool().clone()
    for token, selections in kept.items():
        held = input_ids == token
        expected = sum(selection.before for selection in selections)
        if int(held.sum()) != expected:
            raise ModelError(
                f"the prompts hold {int(held.sum())} image placeholders, but the images are {expected} visual tokens; "
                "use the processor that belongs to this model"
            )
        # Images follow each other through the batch in reading order, each as an unbroken count of placeholders.
        survives = torch.cat([_survives(selection) for selection in selections]).to(input_ids.device)
        keep[held] = survives & keep[held]
    if positions is None or renumber:
        positions = (attention_mask.long().cumsum(-1) - 1).clamp(min=0)
    lengths = keep.sum(-1)
    width = int(lengths.max())
    rank = keep.long().cumsum(-1) - 1 + (width - lengths)[:, None]
    columns = torch.full((input_ids.shape[0], width), -1, dtype=torch.int64, device=input_ids.device)
    row, column = keep.nonzero(as_tuple=True)
    columns[row, rank[row, column]] = column
    real = columns >= 0
    source = columns.clamp(min=0)
    kept_positions = positions.expand(*positions.shape[:-2], *input_ids.shape).gather(
        -1, source.expand(*positions.shape[:-2], *source.shape)
    )
    if renumber:
        kept_positions = (real.long().cumsum(-1) - 1).clamp(min=0)
    # What stands in padding is never read, but it must not be taken for a placeholder.
    filler = next(token for token in range(len(kept) + 1) if token not in kept)
    return Shortened(
        input_ids.gather(1, source).masked_fill(~real, filler),
        real.to(attention_mask.dtype),
        kept_positions.masked_fill(~real, 0),
        columns,
    )


def image_output(vectors: Sequence[Tensor]) -> dict[str, BaseModelOutputWithPooling]:
    """``mm_encoder_outputs`` from one (k, d) tensor an image."""
    return {"image": BaseModelOutputWithPooling(pooler_output=list(vectors))}


def _survives(selection: Selection) -> Tensor:
    mask = torch.zeros(selection.before, dtype=torch.bool, device=selection.kept.device)
    mask[selection.kept] = True
    return mask
