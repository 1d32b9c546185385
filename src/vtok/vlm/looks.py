"""Where each generated word looked: at the text, at its own answer, at every picture and its nine regions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vtok.vlm.pipeline import VLM
from vtok.vlm.sequence import owners
from vtok.vlm.stages import Answer, Cut, Interleaved

#: Names of the nine regions of a picture, row by row.
REGIONS = ("top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right")


@dataclass(frozen=True)
class Look:
    """Where a word looked in one layer, heads averaged: shares that sum to 1.

    ``regions[i]`` splits ``images[i]`` among the nine ``REGIONS`` of picture i.
    """

    text: float
    answer: float
    images: tuple[float, ...]
    regions: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Word:
    """A generated word, its tokens, and where it looked layer by layer.

    ``heat[i]`` holds, for picture i, a share for each of its visual tokens before the cut, averaged over layers.
    """

    text: str
    tokens: tuple[str, ...]
    layers: tuple[Look, ...]
    heat: tuple[tuple[float, ...], ...]


def looking_words(
    vlm: VLM, prompt: Interleaved, cuts: Sequence[Cut], answer: Answer, weights: list[list[Tensor]]
) -> Iterator[Word]:
    """The generated words; ``weights`` are attention rows (1, heads, n) by layer and generated token."""
    image, token = (owner.cpu() for owner in owners(prompt, vlm.image_token, cuts))
    pieces = answer_pieces(vlm, answer)
    for group in grouped(pieces):
        looks, heats = [], [torch.zeros(cut.reduced.selection.before) for cut in cuts]
        for layer in weights:
            looks.append(_look([layer[i][0].mean(0).cpu() for i in group], image, token, cuts, heats))
        heat = tuple(tuple((one / len(weights)).tolist()) for one in heats)
        yield Word("".join(pieces[i] for i in group).strip(), tuple(pieces[i] for i in group), tuple(looks), heat)


def answer_pieces(vlm: VLM, answer: Answer) -> list[str]:
    """The text of each generated token, end tokens left out."""
    pieces = [vlm.processor.tokenizer.decode([token], skip_special_tokens=True) for token in answer.tokens]
    return [piece for piece in pieces if piece]


def grouped(pieces: list[str]) -> list[list[int]]:
    """Indices of tokens that make up a word: a piece that begins with white space begins a word."""
    groups: list[list[int]] = []
    for index, piece in enumerate(pieces):
        if not groups or piece[:1].isspace():
            groups.append([])
        groups[-1].append(index)
    return groups


def _regions(cut: Cut) -> Tensor:
    """(n,) which of the nine regions each visual token of a picture shows, grid by grid."""
    places = []
    for rows, columns in cut.reduced.picture.grids or (cut.reduced.grid,):
        token = torch.arange(rows * columns)
        places.append((token // columns * 3 // rows) * 3 + token % columns * 3 // columns)
    return torch.cat(places)


def _look(rows: list[Tensor], image: Tensor, token: Tensor, cuts: Sequence[Cut], heats: list[Tensor]) -> Look:
    prompt = image.numel()
    text = sum(float(row[:prompt][image < 0].sum()) for row in rows) / len(rows)
    said = sum(float(row[prompt:].sum()) for row in rows) / len(rows)
    shares, regions = [], []
    for index, cut in enumerate(cuts):
        mine = image == index
        seen = torch.stack([row[:prompt][mine] for row in rows]).mean(0)
        heats[index].index_add_(0, token[mine], seen)
        place = _regions(cut)[token[mine]]
        shares.append(float(seen.sum()))
        regions.append(tuple(torch.zeros(9).index_add_(0, place, seen).tolist()))
    return Look(text, said, tuple(shares), tuple(regions))
