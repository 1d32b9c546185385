"""``vtok.fit_many``: many pictures within one budget, each at the size that its content asks for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from vtok.catalog.checkpoints import Checkpoint
from vtok.catalog.counting import Model, Picture, find_model
from vtok.errors import UsageError, VtokError
from vtok.fitting.fit import Fitted
from vtok.fitting.grant import grant
from vtok.fitting.legibility import Legibility
from vtok.fitting.looking import look
from vtok.fitting.original import Original, original_of
from vtok.fitting.survey import Survey
from vtok.image.source import DEFAULT_LIMITS, Limits

# numpy and Pillow let go of the interpreter while they work, but pictures are large: few at a time.
_THREADS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class Portion(Fitted):
    """A fitted picture that shares a budget with others: what it is ``worth`` (over 0 and up to 1), how print fares."""

    worth: float = 1.0
    legibility: Legibility | None = None

    @property
    def needed(self) -> int:
        """Tokens with which the print that the model can keep is kept; as many as there are where none is lost."""
        if self.legibility is None or self.legibility.survives:
            return self.tokens
        return self.legibility.needed or self.tokens


def fit_many(
    pictures: Iterable[Picture | bytes | Original],
    model: Model,
    budget: int,
    settings: Mapping[str, Any] | None = None,
    runtime: str | None = None,
    *,
    weights: Sequence[float] | None = None,
    floor: int | None = None,
    ceiling: int | None = None,
    errors: Literal["raise", "return"] = "raise",
    limits: Limits = DEFAULT_LIMITS,
) -> list[Portion | VtokError]:
    """All ``pictures`` within ``budget`` tokens for ``model``, in their order, together worth the most.

    What a picture is worth at a size, and what is made greatest, is told in ``vtok.fitting.survey`` and ``share``.
    ``weights`` say how much each counts; no picture gets more than ``ceiling`` tokens nor less than ``floor`` (half of
    an equal share when left out). ``pictures`` are what ``vtok.fit`` takes.

    Raises ``BudgetError``, which tells the least that all take, where the budget is below that. A picture that cannot
    be read or that the model refuses raises ``ImageError`` or ``UsageError``, or with ``errors="return"`` its error
    stands in its place and the others share the budget.
    """
    if errors not in ("raise", "return"):
        raise UsageError(f"errors is {errors!r}; expected 'raise' or 'return'")
    found = find_model(model, settings, runtime)
    originals = [_original(picture, limits) for picture in pictures]
    with ThreadPoolExecutor(_THREADS) as pool:
        surveyed = list(pool.map(lambda original: survey(original, found), originals))
    if errors == "raise":
        for outcome in surveyed:
            if isinstance(outcome, VtokError):
                raise outcome
    return portions(surveyed, found, budget, weights, floor, ceiling)


def survey(original: Original | VtokError, model: Checkpoint) -> tuple[Original, Survey] | VtokError:
    """An original with its survey, or what is wrong with it: it cannot be read, or the model refuses its size."""
    if isinstance(original, VtokError):
        return original
    try:
        model.family.layout(*original.size)
        return original, look(original)
    except VtokError as error:
        return error


def portions(
    surveyed: Sequence[tuple[Original, Survey] | VtokError],
    model: Checkpoint,
    budget: int,
    weights: Sequence[float] | None = None,
    floor: int | None = None,
    ceiling: int | None = None,
) -> list[Portion | VtokError]:
    """What each original gets; errors stay in their places. See ``fit_many``."""
    given = [1.0] * len(surveyed) if weights is None else list(weights)
    if len(given) != len(surveyed):
        raise UsageError(f"{len(given)} weights for {len(surveyed)} pictures; expected one a picture")
    whole = [(place, one) for place, one in enumerate(surveyed) if not isinstance(one, VtokError)]
    granted = grant([one for _, (_, one) in whole], model.family, budget, [given[i] for i, _ in whole], floor, ceiling)
    outcome: list[Portion | VtokError] = [one for one in surveyed if isinstance(one, VtokError)]
    for (place, (original, _)), one in zip(whole, granted, strict=True):
        outcome.insert(place, Portion(original, model, one.choice, worth=one.worth, legibility=one.legibility))
    return outcome


def _original(picture: Picture | bytes | Original, limits: Limits) -> Original | VtokError:
    try:
        return original_of(picture, limits)
    except VtokError as error:
        return error
