"""A budget shared among surveyed pictures under one family: the size of each, and what becomes of its print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vtok.fitting.choose import Choice
from vtok.fitting.legibility import Legibility
from vtok.fitting.share import Item, share
from vtok.fitting.survey import Survey, ladder
from vtok.geometry.family import Family
from vtok.geometry.layout import Size


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

    @property
    def needed(self) -> int | None:
        """Tokens with which nothing that is printed is lost; None where the model has no such size."""
        lost = self.legibility is not None and not self.legibility.survives
        return self.legibility.needed if self.legibility is not None and lost else self.tokens


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
    of an equal share, as far as the pictures' own steps allow it, so that none is starved for the others' sake.
    Raises ``BudgetError`` for a budget below what all take at least, ``UsageError`` where the family refuses one.
    """
    ladders: dict[Size, tuple[Choice, ...]] = {}
    for survey in surveys:
        if survey.source not in ladders:
            ladders[survey.source] = ladder(family, survey.source)
    rungs = [ladders[survey.source] for survey in surveys]
    given = [1.0] * len(surveys) if weights is None else list(weights)
    least = [_spared(one, budget // (2 * len(surveys))) if floor is None else floor for one in rungs]
    items = [
        survey.item(steps, weight, low, ceiling)
        for survey, steps, weight, low in zip(surveys, rungs, given, least, strict=True)
    ]
    if floor is None and not _affordable(items, budget):
        items = [Item(item.options, item.weight, 0, item.ceiling) for item in items]
    found = []
    for survey, steps, option in zip(surveys, rungs, share(items, budget).chosen, strict=True):
        choice = next(one for one in steps if one.tokens == option.tokens)
        found.append(Grant(choice, option.kept, survey.legibility(choice, steps)))
    return found


def _spared(rungs: Sequence[Choice], tokens: int) -> int:
    """The most of ``tokens`` that a picture can use; 0 where it takes more in any case."""
    return max((one.tokens for one in rungs if one.tokens <= tokens), default=0)


def _affordable(items: Sequence[Item], budget: int) -> bool:
    """Whether the floors leave a choice at all."""
    ceiling = [float("inf") if item.ceiling is None else item.ceiling for item in items]
    within = [
        [option.tokens for option in item.options if item.floor <= option.tokens <= most]
        for item, most in zip(items, ceiling, strict=True)
    ]
    return all(within) and sum(min(tokens) for tokens in within) <= budget
