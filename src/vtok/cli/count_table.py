"""``vtok count`` for people (tables) and for programs (JSON, CSV)."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from typing import Any

from vtok.cli import common
from vtok.cli.sheet import Sheet, print_sheet
from vtok.cli.tally import Count, Row, Tally


def write_tables(tally: Tally) -> None:
    """One model: where its tokens come from. Several: a column each, for comparison."""
    if tally.rows:
        print_sheet(_detailed(tally) if len(tally.models) == 1 else _compared(tally))


def write_json(tally: Tally) -> None:
    """Everything, in one object."""
    common.print_json(
        {
            "models": [
                {
                    "model": model.name,
                    "id": model.id,
                    "family": model.family_name,
                    "settings": model.all_settings,
                    "runtime": model.runtime,
                    "closed": bool(model.closed),
                    "counted_by": model.counted_by or "vtok",
                    "context": model.context,
                    "images": tally.counted(index),
                    "tokens": tally.total(index),
                    "share_of_context": tally.share(index),
                }
                for index, model in enumerate(tally.models)
            ],
            "images": [_image(tally, row) for row in tally.rows],
            "failed": [{"name": name, "problem": problem} for name, problem in tally.failed],
            "skipped": tally.skipped,
            "notes": list(tally.notes),
        }
    )


def write_csv(tally: Tally) -> None:
    """A row an image and model, with a heading; what failed is on stderr, what nobody tells is empty."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    columns = "image width height model resized_width resized_height tiles visual structural tokens frames"
    out.writerow(columns.split())
    for row in tally.rows:
        for model, count in zip(tally.models, row.counts, strict=True):
            if count is not None:
                parts = (*count.resized, count.tiles, count.visual, count.structural)
                known = [""] * len(parts) if model.rule else parts
                out.writerow([row.name, *row.size, model.name, *known, count.tokens, count.frames])


def _image(tally: Tally, row: Row) -> dict[str, Any]:
    counts = {
        model.name: None
        if count is None
        else {"tokens": count.tokens}
        if model.rule
        else {
            "tokens": count.tokens,
            "visual": count.visual,
            "structural": count.structural,
            "tiles": count.tiles,
            "resized": count.resized,
            **({} if count.frames is None else {"frames": count.frames, "text": count.text}),
        }
        for model, count in zip(tally.models, row.counts, strict=True)
    }
    clip = row.clip
    length = {} if clip is None else {"frames": clip.frames, "fps": clip.fps, "seconds": clip.seconds}
    return {"image": row.name, "width": row.size[0], "height": row.size[1], **length, "counts": counts}


def _detailed(tally: Tally) -> Sheet:
    model = tally.models[0]
    columns = _columns(tally)
    sheet = Sheet(model.name, ["image", "size", *columns, "tokens"])
    if model.context is not None:
        sheet.headings.append("of context")
        sheet.caption = f"context window: {model.context:,} tokens"
    if model.counted_by:
        sheet.caption = "; ".join(filter(None, (f"counted by {model.counted_by}", sheet.caption)))
    sheet.caption = "\n".join(filter(None, (sheet.caption, *tally.notes)))
    for row in tally.rows:
        count = row.counts[0]
        if count is None:
            sheet.rows.append([row.name, _shown(row), "refused"])
        else:
            cells = [row.name, _shown(row), *(read(count) for read in columns.values()), f"{count.tokens:,}"]
            sheet.rows.append([*cells, _percent(tally.share(0, count.tokens))])
    if len(tally.rows) > 1:
        blank = [""] * (1 + len(columns))
        total = [f"total of {tally.counted(0)}", *blank, f"{tally.total(0):,}", _percent(tally.share(0))]
        sheet.footer.append(total)
    return sheet


def _columns(tally: Tally) -> dict[str, Callable[[Count], str]]:
    """What to tell of one model's counts besides their sum; what says nothing for any picture is left out."""
    counts = [count for row in tally.rows if (count := row.counts[0]) is not None]
    if tally.models[0].rule:  # somebody else's, which tells a number and nothing else
        return {}
    columns: dict[str, Callable[[Count], str]] = {}
    if any(count.frames is not None for count in counts):
        columns["frames"] = lambda count: "" if count.frames is None else f"{count.frames:,}"
    columns["resized"] = lambda count: _px(count.resized)
    if any(count.tiles > 1 for count in counts):
        columns["tiles"] = lambda count: f"{count.tiles:,}"
    if any(count.structural for count in counts):
        columns["visual"] = lambda count: f"{count.visual:,}"
        columns["structural"] = lambda count: f"{count.structural:,}"
    return columns


def _compared(tally: Tally) -> Sheet:
    sheet = Sheet("tokens", ["image", "size", *(model.name for model in tally.models)])
    for row in tally.rows:
        cells = ("refused" if count is None else f"{count.tokens:,}" for count in row.counts)
        sheet.rows.append([row.name, _shown(row), *cells])
    indices = range(len(tally.models))
    if len(tally.rows) > 1:
        sheet.footer.append([f"total of {len(tally.rows)}", "", *(f"{tally.total(index):,}" for index in indices)])
    contexts = (f"{model.context:,}" if model.context else "not known" for model in tally.models)
    sheet.footer.append(["context window", "", *contexts])
    sheet.footer.append(["share of it", "", *(_percent(tally.share(index)) for index in indices)])
    sheet.caption = "\n".join(filter(None, ("; ".join(_counted(tally)), *tally.notes)))
    return sheet


def _counted(tally: Tally) -> list[str]:
    """Who counted what, where it is not vtok by transformers' rule."""
    by: dict[str, list[str]] = {}
    for model in tally.models:
        if model.counted_by:
            by.setdefault(model.counted_by, []).append(model.name)
    return [f"{', '.join(names)} {'are' if names[1:] else 'is'} counted by {who}" for who, names in by.items()]


def _shown(row: Row) -> str:
    if row.clip is None:
        return _px(row.size)
    return f"{_px(row.size)}, {row.clip.frames:,} frames" + (f", {row.clip.seconds:.1f} s" if row.clip.seconds else "")


def _px(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _percent(share: float | None) -> str:
    if share is None:
        return "-"
    return f"{share:.1%}" if share >= 0.001 or not share else "<0.1%"
