"""The way of one request, stage by stage: what each stage gave, the sequence as a map, where each word looked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vtok.errors import MethodError
from vtok.reduction.method import Method
from vtok.reduction.method import Stage as When
from vtok.reduction.registry import parse_chain
from vtok.vlm.attention import record
from vtok.vlm.pipeline import VLM, Picture
from vtok.vlm.stages import Answer, Cut, Interleaved

#: Names of the nine regions of a picture, row by row.
REGIONS = ("top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right")


@dataclass(frozen=True)
class Stage:
    """One tensor on the way: its shape, dtype, and the mean, least and largest L2 norm of its last dimension."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    norms: tuple[float, float, float]


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


@dataclass(frozen=True)
class Trace:
    """Everything that was seen on the way from the pictures to the answer."""

    stages: tuple[Stage, ...]
    runs: tuple[Run, ...]
    words: tuple[Word, ...]
    answer: Answer

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "question": self.answer.question,
            "text": self.answer.text,
            "ledger": self.answer.ledger.to_dict(),
            "stages": [asdict(stage) for stage in self.stages],
            "sequence": [asdict(run) for run in self.runs],
            "regions": list(REGIONS),
            "words": [asdict(word) for word in self.words],
        }


@torch.no_grad()
def trace(
    vlm: VLM,
    pictures: Sequence[Picture],
    question: str,
    method: str | Method | None = None,
    budget: int | str | None = None,
    max_new_tokens: int = 32,
) -> Trace:
    """Ask ``question`` and keep what every stage gave; attention is computed for the generated rows alone.

    Raises what ``VLM.ask`` raises.
    """
    chain = None if method is None else parse_chain(method)
    if chain is not None and chain.at(When.LAYERS):
        raise MethodError(
            f"a trace follows words through every layer, where {chain} takes tokens out of some; "
            "trace a method that acts before the language model"
        )
    stages: list[Stage] = []
    prepared = [vlm.prepare(picture) for picture in pictures]
    for one in prepared:
        stages += [stage(name, value) for name, value in one.inputs.items() if value.is_floating_point()]
    cuts = []
    for one in prepared:
        with _watching(vlm.adapter.stages(vlm.model), stages):
            cuts.append(vlm.cut(one, method, budget, question))
    stages += [stage("visual tokens, after the cut", cut.reduced.vectors) for cut in cuts]
    prompt = vlm.interleave(cuts, [question])
    language = vlm.adapter.language_model(vlm.model)
    layers = [layer.self_attn for layer in language.layers]  # type: ignore[union-attr]  # a module's attributes are untyped
    with record(language, layers, row=-1) as recorder:
        answer = vlm.generate(cuts, question, max_new_tokens)
    runs = tuple(_runs(vlm, prompt, cuts))
    return Trace(tuple(stages), runs, tuple(_words(vlm, prompt, cuts, answer, recorder.weights)), answer)


def stage(name: str, value: Tensor) -> Stage:
    """Shape, dtype and norms of one tensor; pixels have their norm a pixel, over the colours."""
    vectors = value.float()
    if value.ndim >= 3 and value.shape[-3] == 3 and name == "pixel_values":
        vectors = vectors.movedim(-3, -1)
    norms = vectors.norm(dim=-1)
    spread = float(norms.mean()), float(norms.min()), float(norms.max())
    return Stage(name, tuple(value.shape), str(value.dtype).removeprefix("torch."), spread)


@contextmanager
def _watching(modules: dict[str, nn.Module], stages: list[Stage]) -> Iterator[None]:
    noted: set[str] = set()

    def note(name: str) -> Any:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            # What is merged before the projector goes through it once more.
            label = f"{name}, after merging" if name in noted else name
            noted.add(name)
            stages.append(stage(label, output if torch.is_tensor(output) else output[0]))

        return hook

    hooks = [module.register_forward_hook(note(name)) for name, module in modules.items()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _runs(vlm: VLM, prompt: Interleaved, cuts: Sequence[Cut]) -> Iterator[Run]:
    short, tokenizer = prompt.short, vlm.processor.tokenizer
    ids = short.input_ids[0].tolist()
    image_of = _owners(prompt, vlm.image_token, cuts)[0].tolist()
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


def _owners(prompt: Interleaved, image_token: int, cuts: Sequence[Cut]) -> tuple[Tensor, Tensor]:
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


def _words(
    vlm: VLM, prompt: Interleaved, cuts: Sequence[Cut], answer: Answer, weights: list[list[Tensor]]
) -> Iterator[Word]:
    image, token = (owner.cpu() for owner in _owners(prompt, vlm.image_token, cuts))
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
