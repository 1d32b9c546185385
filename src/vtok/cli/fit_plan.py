"""Which size each picture of a batch gets: each within the budget, or all together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from vtok.catalog.checkpoints import Checkpoint
from vtok.cli.fit_jobs import Job, Outcome
from vtok.errors import VtokError
from vtok.fitting.fit import Fitted, fit
from vtok.fitting.grant import grant
from vtok.fitting.looking import look, look_at_page
from vtok.fitting.original import File, Page
from vtok.fitting.survey import Survey, ladder

#: Goes through jobs, and shows how far it is.
Each = Callable[[Callable[[Job], Any], Sequence[Job], str], Iterable[Any]]


def plan_each(job: Job, model: Checkpoint, budget: int, change_settings: bool, legible: bool) -> Outcome:
    """The picture at the size that the budget allows, with a word on print that is lost."""
    outcome = Outcome(job)
    try:
        outcome.before = model.family.layout(*job.original.size).total
        outcome.fitted = fit(job.original, model, budget, change_settings=change_settings)
        if legible and outcome.fitted.size != outcome.fitted.source:
            outcome.warning = _warning(survey_of(job), outcome.fitted)
    except VtokError as error:
        outcome.problem = str(error)
    return outcome


def plan_total(jobs: Sequence[Job], model: Checkpoint, budget: int, each: Each) -> list[Outcome]:
    """The sizes that share the budget best (``vtok.fitting.share``); raises ``BudgetError`` where it is too small."""
    outcomes, surveyed = [Outcome(job) for job in jobs], []
    for outcome, seen in zip(outcomes, each(_tried(survey_of), jobs, "looking at pictures"), strict=True):
        try:
            outcome.before = model.family.layout(*outcome.job.original.size).total
        except VtokError as error:
            seen = error
        if isinstance(seen, VtokError):
            outcome.problem = str(seen)
        else:
            surveyed.append((outcome, seen))
    if surveyed:
        granted = grant([survey for _, survey in surveyed], model.family, budget)
        for (outcome, _), one in zip(surveyed, granted, strict=True):
            outcome.fitted = Fitted(outcome.job.original, model, one.choice)
            outcome.warning = one.legibility.warning() if one.legibility else None
    return outcomes


def survey_of(job: Job) -> Survey:
    """What there is on a picture or page."""
    if isinstance(job.original, Page):
        return look_at_page(job.path, job.original.number, job.original.size, job.original.dpi)
    assert isinstance(job.original, File)
    return look(job.path, job.original.limits)


def _warning(survey: Survey, fitted: Fitted) -> str | None:
    found = survey.legibility(fitted.choice, ())
    if found is None or found.survives:
        return None
    # What would save it takes a while to find, and is asked for rarely.
    found = survey.legibility(fitted.choice, ladder(fitted.model.family, fitted.source))
    return None if found is None else found.warning()


def _tried(work: Callable[[Job], Survey]) -> Callable[[Job], Survey | VtokError]:
    def tried(job: Job) -> Survey | VtokError:
        try:
            return work(job)
        except VtokError as error:
            return error

    return tried


def settings_words(settings: Mapping[str, Any]) -> str:
    """Settings as a person types them."""
    return ", ".join(f"{name}={value}" for name, value in settings.items())
