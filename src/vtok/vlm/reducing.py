"""From pictures to the visual tokens that stay: encode what the method needs, select, merge, project."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction import budget as budgets
from vtok.reduction.method import Method, PixelMethod, Seen, TokenMethod
from vtok.reduction.selection import Selection
from vtok.reduction.windows import middles, window_of
from vtok.vlm.adapters.base import Adapter


@dataclass(frozen=True)
class Reduced:
    """One image's tokens after the cut: ``vectors`` (k, d) for the language model, and the selection behind them."""

    vectors: Tensor
    selection: Selection
    grid: tuple[int, int]


@dataclass(frozen=True)
class Cut:
    """All images of a request after the cut, with the seconds that encoding and reducing took."""

    images: list[Reduced]
    encode_seconds: float
    reduce_seconds: float


@torch.no_grad()
def encode_and_reduce(
    adapter: Adapter, model: Any, inputs: Mapping[str, Any], method: Method | None, budget: int | str | None
) -> Cut:
    """Encode the images in ``inputs`` (a processor's output) and cut each to ``budget``."""
    start = time.perf_counter()
    grids = adapter.grids(model, inputs)
    allowed = [budgets.tokens(budget, rows * columns) for rows, columns in grids]
    shrinks = isinstance(method, PixelMethod) and any(n < r * c for n, (r, c) in zip(allowed, grids, strict=True))
    if isinstance(method, PixelMethod) and shrinks:
        small = [
            method.shrink(grid, n) if n < grid[0] * grid[1] else grid for grid, n in zip(grids, allowed, strict=True)
        ]
        vectors = adapter.encode_shrunk(model, inputs, small)
        images = [Reduced(v, spread(grid, parts), grid) for v, grid, parts in zip(vectors, grids, small, strict=True)]
        return Cut(images, _since(start, vectors), 0.0)
    wanted = any(n < r * c for n, (r, c) in zip(allowed, grids, strict=True))
    seen = adapter.encode(model, inputs, method.needs if method and wanted else frozenset())
    encoded = _since(start, [one.vectors for one in seen])
    start = time.perf_counter()
    images = [reduce_one(adapter, model, one, method, n) for one, n in zip(seen, allowed, strict=True)]
    return Cut(images, encoded, _since(start, [image.vectors for image in images]))


def reduce_one(adapter: Adapter, model: Any, seen: Seen, method: Method | None, allowed: int) -> Reduced:
    """Cut one encoded image to ``allowed`` tokens; the vectors are untouched when all may stay."""
    if method is None or allowed >= seen.count:
        return Reduced(seen.vectors, Selection.all(seen.count, seen.vectors.device), seen.grid)
    if not isinstance(method, TokenMethod):
        raise MethodError(f"{method.name} acts {method.stage.value}, which vtok does not do yet; take another method")
    selection = method.select(seen, allowed)
    if selection.merges and method.merges_features:
        assert seen.features is not None
        return Reduced(adapter.project(model, selection.apply(seen.features)), selection, seen.grid)
    return Reduced(selection.apply(seen.vectors), selection, seen.grid)


def spread(grid: tuple[int, int], parts: tuple[int, int]) -> Selection:
    """The selection that stands for shrinking a picture: each small patch in the middle of the window it covers."""
    window = window_of(grid, parts)
    sizes = torch.bincount(window)
    return Selection(middles(grid, parts), window, 1.0 / sizes[window].float())


def _since(start: float, tensors: list[Tensor]) -> float:
    if tensors and tensors[0].is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start
