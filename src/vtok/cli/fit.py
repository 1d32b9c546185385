"""``vtok fit``: pictures and pages made to cost what one can afford."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from vtok.catalog.counting import find_model
from vtok.catalog.runtimes import RUNTIMES
from vtok.cli import common
from vtok.cli.count import too_large
from vtok.cli.fit_files import write
from vtok.cli.fit_jobs import ENDINGS, Job, Names, Outcome, job_of
from vtok.cli.fit_plan import plan_each, plan_total, print_together, settings_words
from vtok.cli.fit_table import data, print_table
from vtok.cli.fit_video import plan_video
from vtok.cli.pictures import collect, read_sizes, with_bar
from vtok.cli.sheet import printable
from vtok.errors import BudgetError, UsageError, VtokError
from vtok.geometry.registry import parse_setting
from vtok.image import pdf
from vtok.image.source import Limits

EPILOG = """Examples:

vtok fit photo.jpg --model qwen2.5-vl-7b --budget 1024 -o fitted/

vtok fit holiday/ --model internvl3-8b --budget 1500 -o fitted/ --format jpg

vtok fit scan.pdf --model qwen2.5-vl-7b --budget 8000 --total -o pages/

vtok fit clip.mp4 --model qwen2.5-vl-7b --budget 8000 -o frames/

vtok fit "receipts/*.png" --model qwen3-vl-8b --budget 600 --runtime llama.cpp -o small/ --json
"""
# Decoding lets go of Python's lock; more pictures at once than this only take memory.
_THREADS = min(4, os.cpu_count() or 1)


def fit(
    paths: Annotated[list[str], typer.Argument(help="Pictures, PDFs, folders of them, or patterns such as '*.jpg'.")],
    model: Annotated[
        str, typer.Option("--model", "-m", help="A name from [b]vtok models[/b], a checkpoint directory or a GGUF.")
    ],
    budget: Annotated[int, typer.Option("--budget", "-b", help="The most tokens, of each picture or of all.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.", file_okay=False)],
    total: Annotated[
        bool, typer.Option("--total/--per-image", help="Share the budget among all pictures, by what is on them.")
    ] = False,
    kind: Annotated[
        str | None, typer.Option("--format", help="png, jpg or webp. As the picture is when left out; pages are png.")
    ] = None,
    quality: Annotated[int, typer.Option("--quality", min=1, max=100, help="Of jpg and webp.")] = 90,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what was written before.")] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting that the model runs with, such as max_pixels=614656.")
    ] = None,
    runtime: Annotated[str | None, typer.Option("--runtime", help=f"The engine: {', '.join(RUNTIMES)}.")] = None,
    change_settings: Annotated[
        bool, typer.Option("--change-settings", help="Where shrinking is not enough, lower a setting, and say which.")
    ] = False,
    legible: Annotated[
        bool, typer.Option("--legibility/--no-legibility", help="Warn of print that will not be readable.")
    ] = True,
    most_pixels: Annotated[
        int, typer.Option("--limit-pixels", min=1, help="The largest picture to decode, in pixels.")
    ] = Limits().pixels,
    dpi: Annotated[
        int, typer.Option("--dpi", min=1, max=4800, help="Dots an inch at which a page has its full size.")
    ] = pdf.DPI,
    most_pages: Annotated[
        int, typer.Option("--limit-pages", min=1, help="The longest PDF to take, in pages.")
    ] = pdf.MOST_PAGES,
    as_json: common.JsonOption = False,
) -> None:
    """Shrink pictures, and render pages, to the size that costs at most the budget and keeps the most detail.

    Originals stay as they are, and what is in the folder already is not overwritten. A picture within the budget is
    copied. What fails is reported and the others are fitted; the exit code is then 1.
    """
    if kind is not None and kind not in ENDINGS:
        raise UsageError(f"cannot write the format {kind!r}; expected one of {', '.join(ENDINGS)}")
    if budget < 1:
        raise BudgetError(f"the budget is {budget}; expected 1 token or more")
    if total and change_settings:
        raise UsageError("--change-settings is for one picture at a time; leave --total out, or use --set")
    checkpoint = find_model(model, dict(parse_setting(text) for text in settings or ()), runtime)
    batch = _batch(paths, output, kind, dpi, most_pages, most_pixels)
    if total and batch.videos:
        raise UsageError("--total shares a budget among pictures; fit videos without it, each gets the whole budget")
    if total:
        outcomes = plan_total(batch.jobs, checkpoint, budget, legible, _each) if batch.jobs else []
        finish = partial(_written, quality=quality, force=force)
        outcomes = list(_each(finish, outcomes, "writing pictures"))
    else:

        def work(job: Job) -> Outcome:
            return _written(plan_each(job, checkpoint, budget, change_settings, legible), quality, force)

        outcomes = list(_each(work, batch.jobs, "fitting pictures"))
        for path in batch.videos:
            frames = plan_video(path, checkpoint, budget, batch.names)
            outcomes += [_written(frame, quality, force) for frame in frames]
    if as_json:
        common.print_json(data(checkpoint, budget, total, outcomes, batch.failed))
    else:
        print_table(checkpoint, budget, total, outcomes)
    _close(outcomes, batch, print_together(outcomes, budget) if legible else None)


@dataclass
class _Batch:
    """What to do, what cannot be done and why, and how many files are no pictures."""

    names: Names
    jobs: list[Job] = field(default_factory=list)
    videos: list[Path] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: int = 0

    @property
    def note(self) -> str:
        """A few words on the files that are no pictures."""
        files = "file that is no picture" if self.skipped == 1 else "files that are no pictures"
        return f"; skipped {self.skipped:,} {files}" if self.skipped else ""


def _batch(paths: Sequence[str], output: Path, kind: str | None, dpi: int, most_pages: int, most_pixels: int) -> _Batch:
    found = collect(paths)
    # What was written into a folder of pictures before is no picture of theirs.
    given = {Path(text).expanduser() for text in paths}
    inputs = [path for path in found.pictures if path in given or not _is_below(path, output)]
    names = Names(output, paths, inputs, None if kind is None else ENDINGS[kind])
    batch = _Batch(names, failed=list(found.failed), skipped=sum(found.skipped.values()))
    for path, outcome in read_sizes(inputs, dpi, most_pages):
        if isinstance(outcome, VtokError):
            batch.failed.append((str(path), str(outcome)))
            continue
        for name, size in outcome:
            if not isinstance(size, tuple):
                batch.videos.append(path)
            elif size[0] * size[1] > most_pixels:
                batch.failed.append((name, too_large(*size, most_pixels)))
            else:
                batch.jobs.append(job_of(path, name, names, dpi, most_pages, Limits(pixels=most_pixels)))
    return batch


def _written(outcome: Outcome, quality: int, force: bool) -> Outcome:
    if outcome.fitted is not None and outcome.problem is None:
        try:
            outcome.copied = write(outcome.job, outcome.fitted, quality, force)
        except VtokError as error:
            outcome.problem = str(error)
    return outcome


def _each(work: Callable[[Any], Any], things: Sequence[Any], doing: str) -> Iterator[Any]:
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            yield from with_bar(pool.map(work, things), len(things), doing)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _close(outcomes: Sequence[Outcome], batch: _Batch, together: str | None) -> None:
    """Warnings, what failed, and the exit code."""
    for one in outcomes:
        if one.fitted is not None and one.problem is None:
            if one.fitted.settings:
                _note(f"{one.job.name}: only with {settings_words(one.fitted.settings)} in the model's processor")
            if one.warning:
                _note(f"{one.job.name}: {one.warning}")
    if together:
        _note(together)
    problems = [*batch.failed, *((one.job.name, one.problem) for one in outcomes if one.problem is not None)]
    for name, problem in problems:
        _note(problem if name in problem else f"{name}: {problem}")
    if problems:
        fitted = sum(one.problem is None for one in outcomes)
        _note(f"{fitted} fitted, {len(problems)} not{batch.note}")
        raise typer.Exit(1)
    if not outcomes:
        raise UsageError(f"there are no pictures to fit{batch.note}")


def _is_below(path: Path, folder: Path) -> bool:
    return path.absolute().is_relative_to(folder.absolute())


def _note(line: str) -> None:
    common.notes.print(printable(line), soft_wrap=True, highlight=False, markup=False)


fit.__doc__ = common.help_text(fit, EPILOG)
