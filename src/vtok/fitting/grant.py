"""A budget shared among surveyed pictures under one family: the size of each, and what becomes of its print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vtok.fitting.choose import Choice
from vtok.fitting.legibility import Legibility
from vtok.fitting.share import Item, equal_shares, share
from vtok.fitting.survey import Survey, ladder
from vtok.geometry.family import Family
from vtok.geometry.layout import Size

# Worth from which on a picture is as good as whole, by its similarity.
_GOOD = 0.95


@dataclass(frozen=True)
class Grant:
    """What one picture gets: a ``choice`` of size, what it is ``worth``, over 0 and up to 1, and how print fares."""

    choice: Choice
    worth: float
    legibility: Legibility | None

    @property
    def tokens(self) -> int:
        """Tokens in the language model's sequence."""
        return self.choice.tokens


def grant(
    surveys: Sequence[Survey],
    family: Family,
    budget: int,
    weights: Sequence[float] | None = None,
    floor: int | None = None,
    ceiling: int | None = None,
) -> list[Grant]:
    """The best sizes for all pictures together within ``budget`` tokens, see ``vtok.fitting.share``; in their order.

    No picture gets more than ``ceiling``, nor less than ``floor`` where it can use as much. Left out, the floor is half
    of an equal share, or less where the picture is as good as whole with it, so that none is starved; and where the
    budget is enough for the print on all pictures, what each needs for its own. Equal shares are never worth more.
    Raises ``BudgetError`` for a budget below what all take at least, ``UsageError`` where the family refuses one.
    """
    ladders: dict[Size, tuple[Choice, ...]] = {}
    for survey in surveys:
        if survey.source not in ladders:
            ladders[survey.source] = ladder(family, survey.source)
    rungs = [ladders[survey.source] for survey in surveys]
    given = [1.0] * len(surveys) if weights is None else list(weights)
    items = [
        survey.item(steps, weight, floor or 0, ceiling)
        for survey, steps, weight in zip(surveys, rungs, given, strict=True)
    ]
    if floor is None:
        items = _floored(items, [_for_print(*pair) for pair in zip(surveys, rungs, strict=True)], budget)
    found = []
    for survey, steps, option in zip(surveys, rungs, share(items, budget).chosen, strict=True):
        choice = next(one for one in steps if one.tokens == option.tokens)
        found.append(Grant(choice, option.kept, survey.legibility(choice, steps)))
    return found


def _floored(items: Sequence[Item], prints: Sequence[int], budget: int) -> list[Item]:
    """The items with the first floors, from the most to none, that can be paid and do not make equal shares better."""
    spared = [_spared(item, budget // (2 * len(items))) for item in items]
    both = [max(pair) for pair in zip(spared, prints, strict=True)]
    equal = equal_shares(items, budget)
    for floors in (both, prints, spared):
        floored = [replace(item, floor=floor) for item, floor in zip(items, floors, strict=True)]
        if _affordable(floored, budget) and (equal is None or share(floored, budget).value >= equal.value):
            return floored
    return list(items)


def _for_print(survey: Survey, rungs: Sequence[Choice]) -> int:
    """The fewest tokens with which the print on a picture is kept; 0 where there is none, or none can be."""
    found = survey.legibility(rungs[0], rungs)
    return 0 if found is None or found.survives else found.needed or 0


def _spared(item: Item, tokens: int) -> int:
    """The most of ``tokens`` that an item can use, or fewer with which it is as good as whole."""
    within = [option for option in item.options if option.tokens <= tokens]
    good = [option.tokens for option in within if option.kept >= _GOOD]
    return min(good, default=max((option.tokens for option in within), default=0))


def _affordable(items: Sequence[Item], budget: int) -> bool:
    """Whether the floors leave a choice at all."""
    ceiling = [float("inf") if item.ceiling is None else item.ceiling for item in items]
    within = [
        [option.tokens for option in item.options if item.floor <= option.tokens <= most]
        for item, most in zip(items, ceiling, strict=True)
    ]
    return all(within) and sum(min(tokens) for tokens in within) <= budget
