"""Where a picture stands among the rows that a model's encoder gives: grids of visual tokens, and structure beside them.

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
    """One structural row, at ``row``; it stays while any of the visual tokens ``first`` to ``stop`` (exclusive) does."""

    row: int
    first: int
    stop: int


@dataclass(frozen=True)
class Picture:
    """``count`` rows of one picture: its visual tokens, by grids (rows, columns) in order, and its ``structure``."""

    count: int
    grids: tuple[tuple[int, int], ...]
    structure: tuple[Structure, ...] = ()

    @property
    def content(self) -> Tensor:
        """(n,) int64: the rows that are visual tokens, ascending."""
        visual = torch.ones(self.count, dtype=torch.bool)
        visual[[one.row for one in self.structure]] = False
        return visual.nonzero().flatten()

    def rows(self, selection: Selection) -> Selection:
        """``selection`` over the visual tokens as one over all rows: structure stays with the tokens it belongs to."""
        device = selection.kept.device
        content = self.content.to(device)
        alive = torch.zeros(self.count, dtype=torch.bool, device=device)
        alive[content[selection.kept]] = True
        stays = torch.zeros(selection.before, dtype=torch.bool, device=device)
        stays[selection.kept] = True
        for one in self.structure:
            alive[one.row] = bool(stays[one.first : one.stop].any())
        kept = alive.nonzero().flatten()
        slot = torch.full((self.count,), -1, dtype=torch.int64, device=device)
        slot[kept] = torch.arange(kept.numel(), device=device)
        weight = alive.to(torch.float32)
        # What was merged goes where its token now stands.
        place = slot[content[selection.kept]]
        used = selection.slot >= 0
        slot[content[used]] = place[selection.slot[used]]
        weight[content] = selection.weight
        return Selection(kept, slot, weight)


def plain(count: int, grid: tuple[int, int] | None = None) -> Picture:
    """A picture without structure; a strip where its grid is not known."""
    return Picture(count, (grid or (1, count),))


def newlines(grid: tuple[int, int], start: int, token: int) -> tuple[Structure, ...]:
    """A newline behind each row of ``grid``, whose first row of vectors is ``start`` and first visual token ``token``."""
    rows, columns = grid
    return tuple(
        Structure(start + (index + 1) * (columns + 1) - 1, token + index * columns, token + (index + 1) * columns)
        for index in range(rows)
    )
