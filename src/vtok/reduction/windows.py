"""Even divisions of a grid, which several methods share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vtok.reduction.sharing import share_out


def balanced_grid(grid: tuple[int, int], budget: int) -> tuple[int, int]:
    """The (rows, columns), no more than ``grid``'s and at most ``budget`` in all, with the most cells.

    Among equals the one whose cells are nearest to square wins, so that no direction loses more than the other.
    """
    rows, columns = grid
    best, best_key = (1, 1), (0, 0.0)
    for r in range(1, min(rows, budget) + 1):
        c = min(columns, budget // r)
        # A division is even when rows and columns shrink alike; far from that, more cells are no gain.
        evenness = min(r * columns, c * rows) / max(r * columns, c * rows)
        key = (int(r * c * evenness**2), evenness)
        if key > best_key:
            best, best_key = (r, c), key
    return best


def shares_of(grids: Sequence[tuple[int, int]], budget: int) -> list[int]:
    """What each of several ``grids`` may keep of a ``budget``, by their sizes; in sum exactly the budget."""
    sizes = torch.tensor([rows * columns for rows, columns in grids])
    return share_out(sizes, budget, sizes).tolist()


def window_of(grid: tuple[int, int], parts: tuple[int, int], device: torch.device | str = "cpu") -> Tensor:
    """(rows * columns,) int64: into which of ``parts`` rows x columns windows each token of ``grid`` falls."""
    (rows, columns), (r, c) = grid, parts
    row = torch.arange(rows, device=device) * r // rows
    column = torch.arange(columns, device=device) * c // columns
    return (row[:, None] * c + column[None]).flatten()


def middles(grid: tuple[int, int], parts: tuple[int, int], device: torch.device | str = "cpu") -> Tensor:
    """(r * c,) int64: the token in the middle of each window, ascending."""
    (rows, columns), (r, c) = grid, parts
    row = _middle(rows, r, device)
    column = _middle(columns, c, device)
    return (row[:, None] * columns + column[None]).flatten()


def _middle(length: int, parts: int, device: torch.device | str) -> Tensor:
    part = torch.arange(parts, device=device)
    first = (part * length + parts - 1) // parts
    last = ((part + 1) * length + parts - 1) // parts - 1
    return (first + last) // 2
