"""From pictures to the visual tokens that stay: encode what the methods need, select, merge, project."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction import budget as budgets
from vtok.reduction.chain import Chain, Step
from vtok.reduction.method import Need, PatchMethod, PixelMethod, Seen, Stage, TokenMethod, TowerMethod
from vtok.reduction.selection import Selection
from vtok.reduction.windows import middles, window_of
from vtok.vlm import merging, patching
from vtok.vlm.adapters.base import Adapter, Encoding
from vtok.vlm.picture import Picture, plain
from vtok.vlm.wording import wants_words, with_words, words_of


@dataclass(frozen=True)
class Reduced:
    """One picture after the cut.

    ``vectors`` (k, d) go into the language model; ``selection`` is over its visual tokens, ``kept`` over all rows that
    the encoder gave for it, structure among them.
    """

    vectors: Tensor
    selection: Selection
    picture: Picture

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the visual tokens; a strip where they are several grids, or none that is known."""
        return self.picture.grids[0] if len(self.picture.grids) == 1 else (1, self.selection.before)

    @property
    def kept(self) -> Selection:
        """Which rows stay."""
        return self.picture.rows(self.selection)


@dataclass(frozen=True)
class Cut:
    """All images of a request after the cut, with the seconds that encoding and reducing took.

    ``output`` is what the encoder gave, None where there was more than one call of it.
    """

    images: list[Reduced]
    encode_seconds: float
    reduce_seconds: float
    output: Any = None


def check(adapter: Adapter, model: Any, chain: Chain, videos: Adapter | None = None) -> None:
    """Raise ``MethodError`` for a method that cannot act on this model, before anything is computed.

    ``videos`` is the adapter for videos, where they can be cut; each call says what it wants of them.
    """
    # The prompt's text is there whatever the model is.
    offers = adapter.offers(model) | {Need.TEXT}
    for step in chain.steps:
        method = step.method
        if method.video:
            if videos is None:
                raise MethodError(
                    f"{method.name} compares the frames of a video, which cannot be cut here; take another method for "
                    "pictures"
                )
            continue
        if isinstance(method, PatchMethod):
            patching.check_packed(model, method)
        if isinstance(method, TowerMethod):
            merging.check_merges(model, method)
        early = chain.at(Stage.PATCHES) + chain.at(Stage.TOWER)
        if early and method.reads_grid:
            raise MethodError(
                f"{method.name} goes by rows and columns, which are gone behind {early[0].method.name}; take a method "
                "that does not, such as divprune or random"
            )
        if chain.at(Stage.TOWER) and method.stage is Stage.TOKENS and not method.needs <= merging.LEFT:
            raise MethodError(
                f"{method.name} reads the encoder's attention, whose tokens are merged behind {early[0].method.name}; "
                "take a method that reads the vectors alone, such as divprune or random"
            )
        if method.stage is Stage.PIXELS:
            adapter.check_shrinks(model)
        if method.stage is Stage.TOKENS:
            method.needs_from(offers)


@torch.no_grad()
def encode_and_reduce(
    adapter: Adapter,
    model: Any,
    inputs: Mapping[str, Any],
    chain: Chain | None,
    ids: Tensor | None = None,
    mask: Tensor | None = None,
    words: Tensor | None = None,
) -> Cut:
    """Encode the pictures in ``inputs`` (a processor's output) and cut each by ``chain``.

    ``ids`` and ``mask`` (b, n) are the prompts; where there are none yet, ``words`` (t,) are the text tokens of the one
    to come. Raises ``MethodError`` where a method reads the text and neither is there.
    """
    start = time.perf_counter()
    steps = chain.steps if chain else ()
    grids = adapter.known_grids(model, inputs)
    for blocks in adapter.known_blocks(model, inputs) or ():
        _check_budgets(adapter, steps, sum(rows * columns for rows, columns in blocks), blocks)
    if chain and chain.at(Stage.PIXELS):
        shrunk = _shrunk(adapter, model, inputs, chain)
        if shrunk is not None:
            return Cut(shrunk, _since(start, shrunk[0].vectors), 0.0)
    needs, first, choosing = needed(adapter, model, steps, grids), None, 0.0
    if chain and chain.at(Stage.PATCHES):
        first = patching.chosen(model, inputs, chain.at(Stage.PATCHES)[0])
        choosing = _since(start, first[0].kept)
        start = time.perf_counter()
    if chain and chain.at(Stage.TOWER) and not _whole(chain.at(Stage.TOWER)[0], grids):
        encoding, first = merging.encode(adapter, model, inputs, chain.at(Stage.TOWER)[0], needs)
    elif first is None or all(one.after == one.before for one in first):
        encoding, first = adapter.encode(model, inputs, needs, ids), None
    else:
        encoding = patching.encode(adapter, model, inputs, first, needs)
    if wants_words(chain):
        encoding = _worded(adapter, model, encoding, ids, mask, words)
    encoded = _since(start, encoding.rows[0])
    start = time.perf_counter()
    images = reduced(adapter, model, encoding, chain, first)
    return Cut(images, encoded, choosing + _since(start, images[0].vectors), encoding.output)


def _whole(step: Step, grids: Sequence[tuple[int, int]] | None) -> bool:
    return all(budgets.tokens(step.budget, rows * columns) == rows * columns for rows, columns in grids or ())


def _worded(
    adapter: Adapter, model: Any, encoding: Encoding, ids: Tensor | None, mask: Tensor | None, words: Tensor | None
) -> Encoding:
    if ids is not None:
        counts = [picture.count for picture in encoding.pictures]
        return with_words(model, encoding, words_of(ids, mask, adapter.image_token_id(model), counts))
    if words is None:
        raise MethodError(
            "this method reads the question, so it cannot cut a picture before there is one: give the question too, or "
            "take a method that reads the picture alone, such as divprune"
        )
    return with_words(model, encoding, [words] * len(encoding.seen))


def needed(
    adapter: Adapter, model: Any, steps: Sequence[Step], grids: Sequence[tuple[int, int]] | None
) -> frozenset[Need]:
    """What the steps between projector and language model want to see; nothing where nothing is to be cut."""
    if grids is not None and all(_allowed(steps, r * c)[-1:] in ([], [r * c]) for r, c in grids):
        return frozenset()
    offers = adapter.offers(model) | {Need.TEXT}
    if any(step.method.stage is Stage.TOWER for step in steps):
        offers &= merging.LEFT
    wanted = [step.method.needs_from(offers) for step in steps if step.method.stage is Stage.TOKENS]
    return frozenset().union(*wanted) - {Need.TEXT}


def reduced(
    adapter: Adapter, model: Any, encoding: Encoding, chain: Chain | None, first: Sequence[Selection] | None = None
) -> list[Reduced]:
    """The encoded pictures cut by the steps of ``chain`` that act between projector and language model.

    ``first`` says what of each picture came through the encoder, where that is not all of it.
    """
    made, steps = [], chain.steps if chain else ()
    for index, (picture, rows, seen) in enumerate(zip(encoding.pictures, encoding.rows, encoding.seen, strict=True)):
        before = first[index] if first else Selection.all(seen.count, rows.device)
        made.append(_reduced_one(adapter, model, picture, rows, seen, steps, before))
    return made


def spread(grid: tuple[int, int], parts: tuple[int, int]) -> Selection:
    """The selection that stands for shrinking a picture: each small patch in the middle of the window it covers."""
    window = window_of(grid, parts)
    sizes = torch.bincount(window)
    return Selection(middles(grid, parts), window, 1.0 / sizes[window].float())


def _reduced_one(
    adapter: Adapter,
    model: Any,
    picture: Picture,
    rows: Tensor,
    seen: Seen,
    steps: Sequence[Step],
    total: Selection,
) -> Reduced:
    vectors = rows
    _check_budgets(adapter, steps, total.before, seen.grids)
    gridded = bool(picture.grids)
    for step, allowed in zip(steps, _allowed(steps, total.before), strict=True):
        method = step.method
        if not isinstance(method, TokenMethod) or (allowed >= seen.count and step.budget is not None):
            continue
        if method.reads_grid and not gridded:
            raise MethodError(
                f"{method.name} goes by rows and columns, which the visual tokens do not have here "
                f"({model.config.model_type}); take a method that does not, such as divprune or random"
            )
        selection, gridded = method.select(seen, min(allowed, seen.count)), False
        total = selection if total.after == total.before else total.then(selection)
        if selection.merges and method.merges_features and seen.features is not None:
            projected = adapter.project(model, selection.apply(seen.features))
            vectors = _placed(picture, rows, total, projected)
            seen = _narrowed(seen, selection, projected)
        else:
            seen = _narrowed(seen, selection, selection.apply(seen.vectors))
            vectors = _placed(picture, rows, total, seen.vectors)
    return Reduced(vectors, total, picture)


def _placed(picture: Picture, rows: Tensor, total: Selection, vectors: Tensor) -> Tensor:
    """The kept ``vectors`` with the structural rows that stay among them."""
    if not picture.structure:
        return vectors
    full = rows.clone()
    full[picture.content.to(rows.device)[total.kept]] = vectors
    return full[picture.rows(total).kept]


def _narrowed(seen: Seen, selection: Selection, vectors: Tensor) -> Seen:
    """What a second method may look at, behind a first one; the grid is gone."""

    def columns(value: Tensor | None) -> Tensor | None:
        return None if value is None else value[:, selection.kept]

    return replace(
        seen,
        grid=(1, vectors.shape[0]),
        blocks=(),
        video=False,
        vectors=vectors,
        features=None if seen.features is None else selection.apply(seen.features),
        cls_attention=columns(seen.cls_attention),
        keys=columns(seen.keys),
        first_attention=columns(seen.first_attention),
        received_attention=columns(seen.received_attention),
    )


def _allowed(steps: Sequence[Step], count: int, fixed: bool = False) -> list[int]:
    return list(Chain(tuple(steps)).keeps(count, fixed)) if steps else []


def _check_budgets(adapter: Adapter, steps: Sequence[Step], count: int, grids: Sequence[tuple[int, int]]) -> None:
    for step, allowed in zip(steps, _allowed(steps, count, adapter.fixed), strict=True):
        if step.budget is not None and allowed < count and step.method.stage is Stage.TOKENS:
            step.method.check_budget(allowed, grids)


def _shrunk(adapter: Adapter, model: Any, inputs: Mapping[str, Any], chain: Chain) -> list[Reduced] | None:
    """The pictures encoded smaller; None where none has to be."""
    (step,) = chain.at(Stage.PIXELS)
    assert isinstance(step.method, PixelMethod)
    if chain.at(Stage.TOWER) or chain.at(Stage.TOKENS):
        raise MethodError(f"{step.method.name} gives another grid than the methods behind it expect; take one of them")
    grids = adapter.known_grids(model, inputs) or []
    allowed = [budgets.tokens(step.budget, rows * columns) for rows, columns in grids]
    small = [
        step.method.shrink(grid, n) if n < grid[0] * grid[1] else grid for grid, n in zip(grids, allowed, strict=True)
    ]
    if small == grids:
        return None
    vectors = adapter.encode_shrunk(model, inputs, small)
    found = zip(vectors, grids, small, strict=True)
    return [Reduced(v, spread(grid, parts), plain(grid[0] * grid[1], grid)) for v, grid, parts in found]


def _since(start: float, tensor: Tensor) -> float:
    if tensor.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start
