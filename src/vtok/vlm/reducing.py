"""From pictures to the visual tokens that stay: encode what the methods need, then let them choose."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction import budget as budgets
from vtok.reduction.chain import Chain, Step
from vtok.reduction.method import Need, PixelMethod, Stage
from vtok.reduction.selection import Selection
from vtok.reduction.windows import middles, window_of
from vtok.vlm import merging, patching
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.joining import Encoding
from vtok.vlm.checking import allowed, check_budgets
from vtok.vlm.picture import plain
from vtok.vlm.selecting import Reduced, reduced
from vtok.vlm.wording import wants_words, with_words, words_of


@dataclass(frozen=True)
class Cut:
    """All images of a request after the cut, with the seconds that encoding and reducing took.

    ``output`` is what the encoder gave, None where there was more than one call of it.
    """

    images: list[Reduced]
    encode_seconds: float
    reduce_seconds: float
    output: Any = None


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
        check_budgets(adapter, steps, sum(rows * columns for rows, columns in blocks), blocks)
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
    if grids is not None and all(allowed(steps, r * c)[-1:] in ([], [r * c]) for r, c in grids):
        return frozenset()
    offers = adapter.offers(model) | {Need.TEXT}
    if any(step.method.stage is Stage.TOWER for step in steps):
        offers &= merging.LEFT
    wanted = [step.method.needs_from(offers) for step in steps if step.method.stage is Stage.TOKENS]
    return frozenset().union(*wanted) - {Need.TEXT}


def spread(grid: tuple[int, int], parts: tuple[int, int]) -> Selection:
    """The selection that stands for shrinking a picture: each small patch in the middle of the window it covers."""
    window = window_of(grid, parts)
    sizes = torch.bincount(window)
    return Selection(middles(grid, parts), window, 1.0 / sizes[window].float())


def _shrunk(adapter: Adapter, model: Any, inputs: Mapping[str, Any], chain: Chain) -> list[Reduced] | None:
    """The pictures encoded smaller; None where none has to be."""
    (step,) = chain.at(Stage.PIXELS)
    assert isinstance(step.method, PixelMethod)
    if chain.at(Stage.TOWER) or chain.at(Stage.TOKENS):
        raise MethodError(f"{step.method.name} gives another grid than the methods behind it expect; take one of them")
    grids = adapter.known_grids(model, inputs) or []
    most = [budgets.tokens(step.budget, rows * columns) for rows, columns in grids]
    small = [
        step.method.shrink(grid, n) if n < grid[0] * grid[1] else grid for grid, n in zip(grids, most, strict=True)
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
