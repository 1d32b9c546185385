"""The size that keeps the most detail of a picture within a budget."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vtok.errors import BudgetError, UsageError
from vtok.fitting.detail import detail
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout, Size
from vtok.geometry.reachable import (
    FEW,
    MANY,
    STRETCH,
    Frame,
    Sizes,
    every_size,
    on_lines,
    on_rays,
    same_shape,
    token_sides,
)

# Details this close are equal: they differ by how floats are rounded.
_CLOSE = 1e-9


@dataclass(frozen=True)
class Choice:
    """A size to shrink a picture to, how it then enters the model, and how much of the picture survives.

    ``source`` and ``size`` are (width, height) in px; ``detail`` is in effective pixels of the source, see
    ``vtok.fitting.detail``.
    """

    source: Size
    size: Size
    layout: Layout
    detail: float

    @property
    def tokens(self) -> int:
        """Tokens in the language model's sequence."""
        return self.layout.total

    @property
    def survives(self) -> float:
        """Effective pixels as a share of the source's pixels, 0 to 1."""
        return self.detail / (self.source[0] * self.source[1])

    def beats(self, other: Choice | None) -> bool:
        """Whether this is better: more detail, then fewer tokens, then more pixels seen, then a smaller file."""
        if other is None:
            return True
        if abs(self.detail - other.detail) > _CLOSE * other.detail:
            return self.detail > other.detail
        return self._rank > other._rank

    @property
    def _rank(self) -> tuple[int, int, int]:
        width, height = self.size
        seen = min(width, self.layout.resized[0]) * min(height, self.layout.resized[1])
        return -self.tokens, seen, -width * height


def choose(family: Family, source: Size, budget: int, stretch: float = STRETCH, most: int = MANY) -> Choice:
    """The size up to ``source`` (width, height) that costs at most ``budget`` tokens and keeps the most detail.

    A picture that is within the budget stays as it is. Neither side is shrunk more than ``stretch`` times as much as
    the other, rounding to whole px aside. Sizes that may still be better than the best on lines of whole tokens are
    looked at one by one where they are at most ``most``: with ``FEW`` that takes less time, and may miss the best.

    Raises ``UsageError`` where the model refuses the picture, and ``BudgetError``, which names the least that it can
    cost, where no size fits.
    """
    if budget < 1:
        raise BudgetError(f"the budget is {budget}; expected 1 token or more")
    whole = family.layout(*source)
    if whole.total <= budget:
        return Choice(source, source, whole, detail(whole, source))
    unit, area = token_sides(whole), _pixels_a_token(family, whole)
    shaped = same_shape(family, source)
    best = _best(family, source, shaped, budget, None, unit)
    lines = on_lines(family, source, Frame(_pixels(area, budget), _scale(best), stretch), unit)
    best = _best(family, source, lines, budget, best, unit)
    rays = on_rays(family, source, Frame(math.inf, _scale(best), stretch))
    best = _best(family, source, rays, budget, best, unit)
    rest = every_size(family, source, Frame(_pixels(area, budget), _scale(best), stretch), most)
    best = _best(family, source, rest, budget, best, unit)
    # Of a small picture also those that the model would shrink further, each for itself.
    small = every_size(family, source, Frame(math.inf, _scale(best), stretch), FEW)
    best = _best(family, source, small, budget, best)
    if best is None:
        # Below the budget there was nothing; how far above it is there something?
        frame = Frame(_pixels(area, min(shaped.least, whole.total)), 0.0, stretch)
        more = on_lines(family, source, frame, unit), every_size(family, source, frame, most)
        least = min(sizes.least for sizes in (shaped, lines, rays, rest, small, *more))
        raise BudgetError(
            f"a picture of {source[0]} x {source[1]} px takes at least {min(least, whole.total):,} tokens, however it "
            f"is shrunk, and the budget is {budget:,}"
        )
    return best


def _pixels(area: float, tokens: int) -> float:
    """The most pixels worth a look: a token more along either side, which rounding may take away again."""
    side = math.sqrt(tokens) + 1
    return area * side * side


def _scale(best: Choice | None) -> float:
    """What neither side need be shrunk below, as a share of the source's."""
    return 0.0 if best is None else math.sqrt(best.survives) * (1 - _CLOSE)


def _best(
    family: Family,
    source: Size,
    sizes: Sizes,
    budget: int,
    best: Choice | None,
    unit: tuple[float, float] | None = None,
) -> Choice | None:
    """The best of ``best`` and ``sizes``; the promising ones are looked at first, the hopeless ones never.

    With a ``unit`` only those that matter on each line are looked at, see ``Sizes.steps``.
    """
    fits = sizes.where(sizes.counts <= budget)
    fits = fits if unit is None else fits.steps(unit)
    # No size shows more than it has, whatever the model does with it.
    scales = np.minimum(fits.widths / source[0], fits.heights / source[1])
    promise = scales**2 * (source[0] * source[1])
    for index in np.lexsort((fits.widths * fits.heights, fits.counts, -promise)):
        if best is not None and promise[index] < best.detail * (1 - _CLOSE):
            break
        size = int(fits.widths[index]), int(fits.heights[index])
        layout = family.layout(*size)
        found = Choice(source, size, layout, detail(layout, source))
        if found.beats(best):
            best = found
    return best


def _pixels_a_token(family: Family, whole: Layout) -> float:
    """The most pixels that a token stands for in a picture that the model does not shrink.

    Larger pictures need no look: what the model would shrink them to is among the smaller ones. Some families shrink
    every picture by a factor, also one that they have shrunk before; hence the second layout.
    """
    viewed = sum(tile.size[0] * tile.size[1] for tile in whole.tiles) / max(whole.content, 1)
    width, height = (min(sides) for sides in zip(whole.resized, whole.source, strict=True))
    try:
        again = family.layout(width, height)
    except UsageError:
        return viewed
    return max(viewed, width * height / max(again.content, 1))
