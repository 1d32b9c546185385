"""The sequence that the language model reads, as a map: what stands where, and whose each position is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vtok.vlm.pipeline import VLM
from vtok.vlm.stages import Cut, Interleaved


@dataclass(frozen=True)
class Run:
    """Positions ``start`` to ``stop`` (exclusive) of the sequence, of one kind: text, special, structure, or an image.

    ``positions`` are the first and last position id; they have gaps where tokens were dropped.
    """

    kind: str
    start: int
    stop: int
    positions: tuple[int, int]
    text: str


def runs_of(vlm: VLM, prompt: Interleaved, cuts: Sequence[Cut]) -> Iterator[Run]:
    """The sequence after the cut as runs of one kind."""
    short, tokenizer = prompt.short, vlm.processor.tokenizer
    ids = short.input_ids[0].tolist()
    image_of = owners(prompt, vlm.image_token, cuts)[0].tolist()
    special = set(tokenizer.all_special_ids) - {vlm.image_token}
    kinds = [
        f"image {image + 1}"
        if image >= 0
        else "structure"
        if token == vlm.image_token
        else "special"
        if token in special
        else "text"
        for token, image in zip(ids, image_of, strict=True)
    ]
    # Of several axes the first is where text would stand.
    positions = short.position_ids.flatten(0, -2)[0].tolist()
    start = 0
    for stop in range(1, len(ids) + 1):
        if stop == len(ids) or kinds[stop] != kinds[start]:
            text = "" if image_of[start] >= 0 else tokenizer.decode(ids[start:stop])
            yield Run(kinds[start], start, stop, (positions[start], positions[stop - 1]), text)
            start = stop


def owners(prompt: Interleaved, image_token: int, cuts: Sequence[Cut]) -> tuple[Tensor, Tensor]:
    """(m,) the image that each position after the cut belongs to, and which of its tokens it is; -1 for text."""
    columns = (prompt.ids[0] == image_token).nonzero().flatten()
    image = torch.full_like(prompt.ids[0], -1)
    token = torch.full_like(prompt.ids[0], -1)
    start = 0
    for index, cut in enumerate(cuts):
        mine = columns[cut.reduced.picture.content.to(columns.device) + start]
        image[mine], token[mine] = index, torch.arange(mine.numel(), device=mine.device)
        start += cut.reduced.picture.count
    columns = prompt.short.columns[0]
    return image[columns], token[columns]
