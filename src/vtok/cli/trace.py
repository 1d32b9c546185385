"""``vtok trace``: the way of one picture through the model, for people who want to understand or debug."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from vtok.cli import common

if TYPE_CHECKING:
    from PIL import Image

    from vtok.vlm.sequence import Run
    from vtok.vlm.trace import Trace

EPILOG = """Examples:

vtok trace photo.png "What colour is the circle?"

vtok trace receipt.png "What is the total?" --budget 25% -o where.png

vtok trace photo.png "How many stars are there?" --json > trace.json
"""
SHADES = {"text": "blue", "special": "magenta"}


def trace(
    images: common.ImagesArgument,
    question: common.QuestionArgument,
    model: common.ModelOption = "vtok-mini",
    budget: common.BudgetOption = None,
    method: common.MethodOption = "visionzip",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write where each word looked, as PNG.")] = None,
    max_tokens: common.MaxTokensOption = 32,
    device: common.DeviceOption = None,
    dtype: common.DtypeOption = None,
    as_json: common.JsonOption = False,
) -> None:
    """Follow a picture through the model: each stage, the sequence as a map, and where each word looked.

    Attention is averaged over heads and computed only for the rows of the generated words.
    """
    if output is not None:
        common.suffix_of(output, ".png")
    vlm = common.load(model, device, dtype)
    from vtok.reduction.registry import parse_chain
    from vtok.vlm.trace import trace as run_trace

    cuts = budget is not None or not parse_chain(method).steps[0].open
    with common.notes.status("following the picture"):
        traced = run_trace(vlm, images, question, method if cuts else None, budget, max_tokens)
    if output is not None:
        page = _picture(traced)
        common.write_whole(output, lambda part: page.save(part, "PNG"))
    if as_json:
        common.print_json({"model": model, **traced.to_dict(), "output": None if output is None else str(output)})
        return
    _print(traced)
    if output is not None:
        common.console.print(f"written: {output}", soft_wrap=True, highlight=False)


def _print(traced: Trace) -> None:
    table = Table(title="Stages", title_justify="left")
    for name in ("stage", "shape", "dtype"):
        table.add_column(name)
    for name in ("mean norm", "least", "largest"):
        table.add_column(name, justify="right")
    for stage in traced.stages:
        shape = " x ".join(map(str, stage.shape))
        table.add_row(stage.name, shape, stage.dtype, *(f"{norm:.3f}" for norm in stage.norms))
    common.console.print(table)
    common.console.print("\n[bold]Sequence[/bold]")
    for run in traced.runs:
        common.console.print(_run(run), highlight=False)
    common.console.print(f"\n[bold]Answer[/bold] {traced.answer.text}\n", highlight=False)
    common.console.print(_looks(traced))


def _run(run: Run) -> str:
    where = f"{run.start:>5} - {run.stop - 1:<5}"
    what = f"{run.stop - run.start:>5} x [{SHADES.get(run.kind, 'green')}]{run.kind}[/]"
    first, last = run.positions
    gaps = ", with gaps" if last - first >= run.stop - run.start else ""
    text = f"  {run.text!r}".replace("[", r"\[") if run.text else f"  positions {first} to {last}{gaps}"
    return where + what + text


def _looks(traced: Trace) -> Table:
    table = Table(title="Where each word looked", title_justify="left")
    images = traced.answer.ledger.images
    for name in ("word", "layer"):
        table.add_column(name)
    for index in range(len(images)):
        table.add_column(f"image {index + 1}", justify="right")
        table.add_column("most in")
    for name in ("text", "answer"):
        table.add_column(name, justify="right")
    from vtok.vlm.looks import REGIONS

    for word in traced.words:
        for number, look in enumerate(word.layers, 1):
            cells: list[str] = []
            for share, regions in zip(look.images, look.regions, strict=True):
                most = max(range(len(regions)), key=regions.__getitem__)
                cells += [f"{share:.0%}", f"{REGIONS[most]} {regions[most]:.0%}"]
            table.add_row(
                word.text if number == 1 else "", str(number), *cells, f"{look.text:.0%}", f"{look.answer:.0%}"
            )
        table.add_section()
    return table


def _picture(traced: Trace) -> Image.Image:
    from vtok.show.trace_picture import Panel, draw

    panels = []
    for word in traced.words:
        for index, cut in enumerate(traced.answer.cuts):
            shares = [(look.images[index], look.text, look.answer) for look in word.layers]
            panels.append(Panel(word.text, cut.prepared.image, cut.prepared.layout, word.heat[index], shares))
    return draw(panels)


trace.__doc__ = common.help_text(trace, EPILOG)
