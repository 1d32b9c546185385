"""A picture among the rows that a model's encoder gives: grids of visual tokens, and structure beside them.

A *row* here is one vector of the encoder's output, for one placeholder of the prompt. Most rows carry a piece of the
picture; the others are structure (newlines, separators) that a family puts among them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class Structure:
    """A structural row, at ``row``; it stays while any of the visual tokens ``first`` to ``stop`` (exclusive) does."""

    row: int
    first: int
    stop: int


@dataclass(frozen=True)
class Picture:
    """``count`` rows of one picture: its visual tokens, by ``grids`` (rows, columns) in order, and its ``structure``.

    ``grids`` is empty where the tokens have no known place in the picture; ``thumbnail`` is the index of the one
    that shows the whole of it beside the others.
    """

    count: int
    grids: tuple[tuple[int, int], ...]
    structure: tuple[Structure, ...] = ()
    thumbnail: int | None = None

    @property
    def content(self) -> Tensor:
        """(n,) int64: the rows that are visual tokens, ascending."""
        visual = torch.ones(self.count, dtype=torch.bool)
        visual[[one.row for one in self.structure]] = False
        return visual.nonzero().flatten()

    def rows(self, selection: Selection) -> Selection:
        """Which rows stay where ``selection`` says which visual tokens do; structure stays with its tokens."""
        if not self.structure:
            return Selection.of(selection.kept, self.count)
        content = self.content.to(selection.kept.device)
        stays = torch.zeros(selection.before, dtype=torch.bool, device=content.device)
        stays[selection.kept] = True
        beside = [one.row for one in self.structure if bool(stays[one.first : one.stop].any())]
        alive = torch.zeros(self.count, dtype=torch.bool, device=content.device)
        alive[content[selection.kept]] = True
        alive[beside] = True
        return Selection.of(alive.nonzero().flatten(), self.count)

    def cut(self, rows: Tensor, selection: Selection) -> Tensor:
        """``rows`` (count, d), or as many of anything, to those that stay, merged as ``selection`` says."""
        if not self.structure:
            return selection.apply(rows)
        content = self.content.to(rows.device)
        cut = rows.clone()
        cut[content[selection.kept]] = selection.apply(rows[content])
        return cut[self.rows(selection).kept]


def plain(count: int, grid: tuple[int, int] | None = None) -> Picture:
    """A picture without structure."""
    return Picture(count, (grid,) if grid else ())


def newlines(grid: tuple[int, int], start: int, token: int) -> tuple[Structure, ...]:
    """A newline behind each row of ``grid``, which begins at row ``start`` and at visual token ``token``."""
    rows, columns = grid
    return tuple(
        Structure(start + (index + 1) * (columns + 1) - 1, token + index * columns, token + (index + 1) * columns)
        for index in range(rows)
    )
