"""``vtok count`` for people (tables) and for programs (JSON, CSV)."""

from __future__ import annotations

import csv
import sys
from typing import Any

from rich.table import Table

from vtok.cli import common
from vtok.cli.tally import Count, Row, Tally


def write_tables(tally: Tally) -> None:
    """One model: where its tokens come from. Several: a column each, for comparison."""
    if not tally.rows:
        return
    common.console.print(_detailed(tally) if len(tally.models) == 1 else _compared(tally))


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
        }
    )


def write_csv(tally: Tally) -> None:
    """A row an image and model, with a heading; what failed is on stderr."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    columns = "image width height model resized_width resized_height tiles visual structural tokens"
    out.writerow(columns.split())
    for row in tally.rows:
        for model, count in zip(tally.models, row.counts, strict=True):
            if count is not None:
                parts = (count.tiles, count.visual, count.structural, count.tokens)
                out.writerow([row.name, *row.size, model.name, *count.resized, *parts])


def _image(tally: Tally, row: Row) -> dict[str, Any]:
    counts = {
        model.name: None
        if count is None
        else {
            "tokens": count.tokens,
            "visual": count.visual,
            "structural": count.structural,
            "tiles": count.tiles,
            "resized": count.resized,
        }
        for model, count in zip(tally.models, row.counts, strict=True)
    }
    return {"image": row.name, "width": row.size[0], "height": row.size[1], "counts": counts}


def _detailed(tally: Tally) -> Table:
    model = tally.models[0]
    known = model.context is not None
    table = Table(title=model.name, title_justify="left")
    table.add_column("image", overflow="fold")
    for heading in ("size", "resized to", "tiles", "visual", "structural", "tokens"):
        table.add_column(heading, justify="right", no_wrap=True)
    if known:
        table.add_column("of context", justify="right", no_wrap=True)
    for row in tally.rows:
        count = row.counts[0]
        share = [] if not known else [_percent(tally.share(0, count.tokens) if count else None)]
        table.add_row(row.name, _px(row.size), *_cells(count), *share)
    if len(tally.rows) > 1:
        table.add_section()
        name = f"total of {tally.counted(0)}"
        share = [_percent(tally.share(0))] if known else []
        table.add_row(name, "", "", "", "", "", f"[b]{tally.total(0):,}[/b]", *share)
    if known:
        table.caption = f"context window: {model.context:,} tokens"
        table.caption_justify = "left"
    return table


def _compared(tally: Tally) -> Table:
    table = Table(title="tokens", title_justify="left")
    table.add_column("image", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    for model in tally.models:
        table.add_column(model.name, justify="right", overflow="fold")
    for row in tally.rows:
        cells = ("refused" if count is None else f"{count.tokens:,}" for count in row.counts)
        table.add_row(row.name, _px(row.size), *cells)
    table.add_section()
    indices = range(len(tally.models))
    if len(tally.rows) > 1:
        table.add_row(f"total of {len(tally.rows)}", "", *(f"[b]{tally.total(index):,}[/b]" for index in indices))
    contexts = (f"{model.context:,}" if model.context else "not known" for model in tally.models)
    table.add_row("context window", "", *contexts)
    table.add_row("share of it", "", *(_percent(tally.share(index)) for index in indices))
    return table


def _cells(count: Count | None) -> tuple[str, ...]:
    if count is None:
        return "refused", "", "", "", ""
    numbers = (count.tiles, count.visual, count.structural, count.tokens)
    return _px(count.resized), *(f"{number:,}" for number in numbers)


def _px(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _percent(share: float | None) -> str:
    if share is None:
        return "-"
    text = f"{share:.1%}" if share >= 0.001 or not share else "<0.1%"
    return f"[red]{text}[/red]" if share > 1 else text
