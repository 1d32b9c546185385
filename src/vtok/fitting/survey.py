"""What a picture would keep at every number of tokens that it may be given: the options that share a budget.

The worth of an option is how like itself the picture stays (``vtok.fitting.similarity``), times the part of it that the
model sees at all, times, where there is print, the part of a readable height that its letters have. So pages of print
weigh more than pictures until their print can be read, and no more after that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from vtok.errors import BudgetError
from vtok.fitting.choose import Choice, choose
from vtok.fitting.legibility import READABLE, Legibility, Print, find_print
from vtok.fitting.share import Item, Option
from vtok.fitting.similarity import Similarity, measure_similarity
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout, Size
from vtok.geometry.reachable import FEW, same_shape, token_sides

#: Numbers of tokens that are tried for a picture, from its least to its most.
LEVELS = 64
# An option is worth something, so that its logarithm is finite.
_LEAST = 1e-6


@dataclass(frozen=True)
class Survey:
    """What there is to know of one picture before a budget is shared: ``source`` is its size in px."""

    source: Size
    similarity: Similarity
    print: Print | None = None

    @classmethod
    def of(cls, copy: Image.Image, source: Size | None = None) -> Survey:
        """From a picture, or from a copy of it that was shrunk from ``source`` px."""
        source = source or copy.size
        return cls(source, measure_similarity(copy, source), find_print(copy, source))

    def worth(self, choice: Choice) -> float:
        """What the picture keeps of itself in one choice, over 0 and up to 1."""
        scale = seen_scale(choice.layout, self.source)
        seen = min(1.0, choice.survives / scale**2) if scale else 0.0
        readable = 1.0
        if self.print is not None:
            readable = min(1.0, scale * self.print.height / min(READABLE, self.print.height))
        return max(_LEAST, self.similarity.at(scale) * seen * readable)

    def legibility(self, choice: Choice, rungs: Sequence[Choice]) -> Legibility | None:
        """What becomes of the print in one choice, and which of ``rungs`` would save it; None where there is none."""
        if self.print is None:
            return None
        height = self.print.height
        token = round(min(token_sides(choice.layout)))
        found = Legibility(height, height * seen_scale(choice.layout, self.source), None, token)
        if found.survives:
            return found
        enough = (
            one.tokens for one in rungs if height * seen_scale(one.layout, self.source) >= found.wanted - found.slack
        )
        return Legibility(height, found.after, next(enough, None), token)

    def item(self, rungs: Sequence[Choice], weight: float = 1.0, floor: int = 0, ceiling: int | None = None) -> Item:
        """What ``share`` takes: an option a rung; see ``Item`` for the rest."""
        return Item(tuple(Option(one.tokens, self.worth(one)) for one in rungs), weight, floor, ceiling)


def seen_scale(layout: Layout, source: Size) -> float:
    """Pixels of the model's finest view for a pixel of the source, along the side that is shrunk more; at most 1."""
    across, down = (shrunk / side for shrunk, side in zip(layout.source, source, strict=True))
    return max(
        min(across * min(1.0, tile.size[0] / (right - left)), down * min(1.0, tile.size[1] / (bottom - top)))
        for tile in layout.tiles
        for left, top, right, bottom in [tile.box]
    )


def ladder(family: Family, source: Size, levels: int = LEVELS) -> tuple[Choice, ...]:
    """The best choices for about ``levels`` budgets, from the least that the picture can take to all it can use.

    Raises ``UsageError`` where the model refuses the picture.
    """
    most = choose(family, source, np.iinfo(np.int64).max)
    sizes = same_shape(family, source)
    steps = np.unique(np.concatenate([sizes.counts[sizes.counts <= most.tokens], [most.tokens]]))
    budgets = np.unique(np.geomspace(steps[0], most.tokens, levels).astype(np.int64))
    if len(steps) <= levels:
        budgets = np.union1d(budgets, steps)
    found: list[Choice] = []
    for budget in budgets:
        try:
            choice = choose(family, source, int(budget), most=FEW)
        except BudgetError:
            continue
        if not found or choice.tokens > found[-1].tokens:
            found.append(choice)
    return tuple(found)
