"""``vtok fit`` for people (a table) and for programs (JSON)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vtok.catalog.checkpoints import Checkpoint
from vtok.cli.fit_jobs import Outcome
from vtok.cli.sheet import Sheet, print_sheet
from vtok.fitting.many import Portion


def print_table(model: Checkpoint, budget: int, total: bool, outcomes: Sequence[Outcome]) -> None:
    """A row a picture: sizes before and after, tokens before and after, the share that survives, the file."""
    done = [one for one in outcomes if one.fitted is not None and one.problem is None]
    if not done:
        return
    frames = any(one.job.seconds is not None for one in done)
    each = "together" if total else "for each file" if frames else "each"
    sheet = Sheet(
        f"{model.name}, at most {budget:,} tokens {each}",
        ["image", "size", "fitted", "tokens before", "tokens", "survives", "written"],
    )
    for one in done:
        assert one.fitted is not None
        fitted = "copied" if one.copied else _size(one.fitted.size)
        numbers = [f"{one.before:,}", f"{one.fitted.tokens:,}", _share(one.fitted.survives)]
        sheet.rows.append([one.job.name, _size(one.fitted.source), fitted, *numbers, str(one.job.output)])
    if len(done) > 1:
        before, after = sum(one.before for one in done), sum(one.fitted.tokens for one in done if one.fitted)
        sheet.footer.append([f"{len(done)} images", "", "", f"{before:,}", f"{after:,}"])
    sheet.caption = "survives: the share of the source's pixels that the model sees"
    print_sheet(sheet)


def data(
    model: Checkpoint, budget: int, total: bool, outcomes: Sequence[Outcome], failed: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Everything, for programs; ``failed`` are names and problems of what never came so far."""
    done = [one for one in outcomes if one.fitted is not None and one.problem is None]
    return {
        "model": model.name,
        "runtime": model.runtime,
        "budget": budget,
        "shared": total,
        "tokens": sum(one.fitted.tokens for one in done if one.fitted),
        "images": [_data(one) for one in done],
        "failed": [
            *({"name": name, "problem": problem} for name, problem in failed),
            *({"name": one.job.name, "problem": one.problem} for one in outcomes if one.problem is not None),
        ],
    }


def _data(one: Outcome) -> dict[str, Any]:
    fitted = one.fitted
    assert fitted is not None
    return {
        "image": one.job.name,
        "width": fitted.source[0],
        "height": fitted.source[1],
        "fitted": list(fitted.size),
        "tokens_before": one.before,
        "tokens": fitted.tokens,
        "survives": round(fitted.survives, 6),
        "settings": dict(fitted.settings),
        **({} if one.job.seconds is None else {"seconds": round(one.job.seconds, 3)}),
        **(_shared(fitted) if isinstance(fitted, Portion) else {}),
        "warning": one.warning,
        "copied": one.copied,
        "output": str(one.job.output),
    }


def _shared(portion: Portion) -> dict[str, Any]:
    """What ``--total`` knows besides: what the picture is worth, and its letters' heights in px."""
    found = portion.legibility
    letters = found and {"before": round(found.before, 1), "after": round(found.after, 1), "survive": found.survives}
    return {"worth": round(portion.worth, 4), "letters": letters, "tokens_for_print": portion.needed}


def _share(share: float) -> str:
    if share < 0.001:
        return "<0.1%"
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
