"""``vtok show``: which visual tokens stayed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtok.cli import common
from vtok.errors import UsageError

EPILOG = """Examples:

vtok show receipt.png --budget 144 -o kept.png

vtok show photo.jpg --budget 25% --method pool -o kept.svg

vtok show photo.jpg --budget 64 --heat -o heat.png
"""


def show(
    image: Annotated[Path, typer.Argument(help="A picture.", show_default=False)],
    budget: Annotated[
        str | None,
        typer.Option("--budget", "-b", help="The most visual tokens: 144 or 25%, which it is where one is needed."),
    ] = None,
    method: common.MethodOption = "visionzip",
    heat: Annotated[bool, typer.Option("--heat", help="Colour the patches by the score that the method used.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="PNG or SVG; NAME-tokens.png if left out.")
    ] = None,
    model: common.ModelOption = "vtok-mini",
    device: common.DeviceOption = None,
    dtype: common.DtypeOption = None,
    as_json: common.JsonOption = False,
) -> None:
    """Draw the picture with its patch grid: kept tokens lit, dropped ones dimmed, merged ones tinted.

    What the processor cropped away, so that the model never saw it, is hatched.
    """
    output = output or Path(f"{image.stem}-tokens.png")
    common.suffix_of(output, ".png", ".svg")
    vlm = common.load(model, device, dtype)
    from vtok.show.overlay import Overlay
    from vtok.show.write import write_overlay

    with common.notes.status("encoding the picture"):
        cut = vlm.cut(image, method, budget)
    selection = cut.reduced.selection
    if heat and selection.scores is None:
        raise UsageError(f"{cut.method} uses no score, so there is no heat map; leave --heat out or take visionzip")
    overlay = Overlay(cut.prepared.image, cut.prepared.layout, selection, heat=heat)
    common.write_whole(output, lambda part: write_overlay(overlay, part))
    if as_json:
        common.print_json({"output": str(output), "method": cut.method, "budget": cut.budget, **overlay.to_dict()})
    else:
        common.console.print(f"{overlay.caption}", highlight=False)
        common.console.print(f"written: {output}", soft_wrap=True, highlight=False)


show.__doc__ = common.help_text(show, EPILOG)
