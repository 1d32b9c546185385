"""From pictures to the visual tokens that stay: encode what the method needs, select, merge, project."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vtok.reduction import budget as budgets
from vtok.reduction.method import Method, PixelMethod, Seen
from vtok.reduction.selection import Selection
from vtok.reduction.windows import middles, window_of
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.picture import Picture, plain


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
        """Rows and columns of the visual tokens; a strip where they are several grids."""
        return self.picture.grids[0] if len(self.picture.grids) == 1 else (1, self.selection.before)

    @property
    def kept(self) -> Selection:
        """Which rows stay."""
        return self.picture.rows(self.selection) if self.picture.structure else self.selection


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
    method: Method | None,
    budget: int | str | None,
    ids: Tensor | None = None,
) -> Cut:
    """Encode the pictures in ``inputs`` (a processor's output) and cut each to ``budget``; ``ids`` are the prompts."""
    start = time.perf_counter()
    if isinstance(method, PixelMethod):
        shrunk = _shrunk(adapter, model, inputs, method, budget)
        if shrunk is not None:
            return Cut(shrunk, _since(start, shrunk[0].vectors), 0.0)
        method = None
    needs = method.needs if method and _anything_to_cut(adapter, model, inputs, budget) else frozenset()
    encoding = adapter.encode(model, inputs, needs, ids)
    encoded = _since(start, encoding.rows[0])
    start = time.perf_counter()
    images = []
    for picture, rows, seen in zip(encoding.pictures, encoding.rows, encoding.seen, strict=True):
        images.append(reduce_one(adapter, model, seen, method, budgets.tokens(budget, seen.count), picture, rows))
    return Cut(images, encoded, _since(start, images[0].vectors), encoding.output)


def reduce_one(
    adapter: Adapter,
    model: Any,
    seen: Seen,
    method: Method | None,
    allowed: int,
    picture: Picture | None = None,
    rows: Tensor | None = None,
) -> Reduced:
    """Cut one encoded picture to ``allowed`` tokens; its rows are untouched when all may stay."""
    picture = picture or plain(seen.count, seen.grid)
    rows = seen.vectors if rows is None else rows
    if method is None or allowed >= seen.count:
        return Reduced(rows, Selection.all(seen.count, rows.device), picture)
    selection = method.select(seen, allowed)
    if selection.merges and method.merges_features:
        assert seen.features is not None
        return Reduced(adapter.project(model, selection.apply(seen.features)), selection, picture)
    kept = picture.rows(selection) if picture.structure else selection
    return Reduced(kept.apply(rows), selection, picture)


def spread(grid: tuple[int, int], parts: tuple[int, int]) -> Selection:
    """The selection that stands for shrinking a picture: each small patch in the middle of the window it covers."""
    window = window_of(grid, parts)
    sizes = torch.bincount(window)
    return Selection(middles(grid, parts), window, 1.0 / sizes[window].float())


def _shrunk(
    adapter: Adapter, model: Any, inputs: Mapping[str, Any], method: PixelMethod, budget: int | str | None
) -> list[Reduced] | None:
    """The pictures encoded smaller; None where none has to be."""
    grids = adapter.known_grids(model, inputs)
    if grids is None:
        adapter.encode_shrunk(model, inputs, [])  # says why it cannot
        raise AssertionError("an adapter that shrinks pictures knows their grids")
    allowed = [budgets.tokens(budget, rows * columns) for rows, columns in grids]
    small = [
        method.shrink(grid, n) if n < grid[0] * grid[1] else grid for grid, n in zip(grids, allowed, strict=True)
    ]
    if small == grids:
        return None
    vectors = adapter.encode_shrunk(model, inputs, small)
    found = zip(vectors, grids, small, strict=True)
    return [Reduced(v, spread(grid, parts), plain(grid[0] * grid[1], grid)) for v, grid, parts in found]


def _anything_to_cut(adapter: Adapter, model: Any, inputs: Mapping[str, Any], budget: int | str | None) -> bool:
    grids = adapter.known_grids(model, inputs)
    if grids is None:
        return budget is not None
    return any(budgets.tokens(budget, rows * columns) < rows * columns for rows, columns in grids)


def _since(start: float, tensor: Tensor) -> float:
    if tensor.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start
