"""Which size each picture of a batch gets: each within the budget, or all together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from vtok.catalog.checkpoints import Checkpoint
from vtok.cli.fit_jobs import Job, Outcome
from vtok.errors import VtokError
from vtok.fitting.fit import Fitted, fit
from vtok.fitting.legibility import READABLE
from vtok.fitting.looking import look
from vtok.fitting.many import Portion, portions, survey
from vtok.fitting.original import Original
from vtok.fitting.survey import Survey, ladder

#: A picture of which less than this share survives is as good as lost.
NOTHING = 0.001
#: Goes through jobs, and shows how far it is.
Each = Callable[[Callable[[Job], Any], Sequence[Job], str], Iterable[Any]]


def plan_each(job: Job, model: Checkpoint, budget: int, change_settings: bool, legible: bool) -> Outcome:
    """The picture at the size that the budget allows, with a word on print that is lost."""
    outcome = Outcome(job)
    try:
        outcome.before = model.family.layout(*job.original.size).total
        outcome.fitted = fit(job.original, model, budget, change_settings=change_settings)
        outcome.warning = little_left(outcome.fitted)
        if legible and not outcome.warning and outcome.fitted.size != outcome.fitted.source:
            outcome.warning = _warning(look(job.original), outcome.fitted)
    except VtokError as error:
        outcome.problem = str(error)
    return outcome


def plan_total(jobs: Sequence[Job], model: Checkpoint, budget: int, legible: bool, each: Each) -> list[Outcome]:
    """The sizes that share the budget best (``vtok.fitting.share``); raises ``BudgetError`` where it is too small."""

    def seen(job: Job) -> tuple[Original, Survey] | VtokError:
        return survey(job.original, model)

    surveyed = list(each(seen, jobs, "looking at pictures"))
    if all(isinstance(one, VtokError) for one in surveyed):
        return [Outcome(job, problem=str(one)) for job, one in zip(jobs, surveyed, strict=True)]
    outcomes = []
    for job, portion in zip(jobs, portions(surveyed, model, budget), strict=True):
        if isinstance(portion, VtokError):
            outcomes.append(Outcome(job, problem=str(portion)))
            continue
        warning = little_left(portion)
        if legible and not warning and portion.legibility:
            warning = portion.legibility.warning(shared=True)
        outcomes.append(Outcome(job, model.family.layout(*portion.source).total, portion, warning))
    return outcomes


def little_left(fitted: Fitted) -> str | None:
    """One line where next to nothing of a picture is left, or one of its sides is a single px; None elsewhere."""
    collapsed = min(fitted.size) == 1 < min(fitted.source)
    if fitted.survives >= NOTHING and not collapsed:
        return None
    (width, height), (across, down) = fitted.source, fitted.size
    return (
        f"next to nothing is left to see: {width:,} x {height:,} px become {across:,} x {down:,}; cut the picture up, "
        "or raise the budget"
    )


def print_together(outcomes: Sequence[Outcome], budget: int) -> str | None:
    """One line on what would keep the print of all pictures that share a ``budget``; None where none is lost."""
    shared = [one.fitted for one in outcomes if isinstance(one.fitted, Portion)]
    lost = [one for one in shared if one.legibility is not None and not one.legibility.survives]
    if not lost:
        return None
    number = f"{len(lost)} of {len(shared)} pictures"
    start = f"below letters of about {READABLE:.0f} px little is read: print is lost on {number}"
    if all(one.legibility is None or one.legibility.needed is None for one in lost):
        return f"{start}, whatever the budget"
    needed = sum(one.needed for one in shared)
    return (
        f"{start}; what this model can keep of it takes {needed:,} tokens: --budget {needed}{_requests(shared, budget)}"
    )


def _requests(shared: Sequence[Portion], budget: int) -> str:
    """How many requests of one budget hold all pictures, their print kept: the largest first, each where it fits."""
    rooms: list[int] = []
    for needed in sorted((one.needed for one in shared), reverse=True):
        if needed > budget:
            return ""
        place = next((place for place, room in enumerate(rooms) if room >= needed), None)
        if place is None:
            rooms.append(budget - needed)
        else:
            rooms[place] -= needed
    return f", or {len(rooms)} requests of {budget:,}"


def _warning(survey: Survey, fitted: Fitted) -> str | None:
    found = survey.legibility(fitted.choice, ())
    if found is None or found.survives:
        return None
    # What would save it takes a while to find, and is asked for rarely.
    found = survey.legibility(fitted.choice, ladder(fitted.model.family, fitted.source))
    return None if found is None else found.warning()


def settings_words(settings: Mapping[str, Any]) -> str:
    """Settings as a person types them."""
    return ", ".join(f"{name}={value}" for name, value in settings.items())
