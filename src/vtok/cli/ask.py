"""``vtok ask``: a question about pictures, answered by a model that reads as many visual tokens as you allow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtok.cli import common
from vtok.cli.ledger_table import ledger_table
from vtok.errors import UsageError

if TYPE_CHECKING:
    from vtok.vlm.pipeline import VLM
    from vtok.vlm.stages import Answer

EPILOG = """Examples:

vtok ask photo.png "What colour is the circle?"

vtok ask receipt.png "What is the total?" --budget 144 --method visionzip

vtok ask a.png b.png "Which one is red?" --model ./llava-1.5-7b --budget 25% --compare
"""

#: A method that leaves all tokens where there is no budget.
WHOLE = "visionzip"


def ask(
    images: common.ImagesArgument,
    question: common.QuestionArgument,
    model: common.ModelOption = "vtok-mini",
    budget: common.BudgetOption = None,
    method: common.MethodOption = "visionzip",
    compare: Annotated[bool, typer.Option("--compare", help="Answer at the full count as well, side by side.")] = False,
    overlay: Annotated[
        Path | None, typer.Option("--overlay", "-o", help="Write which tokens stayed, as PNG or SVG.")
    ] = None,
    max_tokens: common.MaxTokensOption = 64,
    device: common.DeviceOption = None,
    dtype: common.DtypeOption = None,
    as_json: common.JsonOption = False,
) -> None:
    """Ask a question about pictures, with as many visual tokens as you allow.

    Without --budget every token stays, unless --method carries one, such as fastv:64@2. The answer is streamed; the
    ledger below it says what it cost.
    """
    if compare and budget is None:
        raise UsageError("--compare needs a --budget to compare the full count with, such as --budget 25%")
    if overlay is not None:
        common.suffix_of(overlay, ".png", ".svg")
        if len(images) > 1:
            raise UsageError("--overlay shows one picture; ask about one, or use vtok show for each")
    vlm = common.load(model, device, dtype)
    if compare:
        _ask(vlm, images, question, None, WHOLE, 1, quiet=True)  # the first run warms caches up and is not shown
    answers = [
        _ask(vlm, images, question, chosen, taken, max_tokens, quiet=as_json or compare)
        for chosen, taken in ([(None, WHOLE), (budget, method)] if compare else [(budget, method)])
    ]
    written = None if overlay is None else _write_overlay(answers[-1], overlay)
    if as_json:
        common.print_json({"model": model, "answers": [_data(a) for a in answers], "overlay": written})
        return
    if not compare:
        common.console.print()
    common.console.print(ledger_table(answers))
    if written:
        common.console.print(f"overlay: {written}", soft_wrap=True)


def _ask(
    vlm: VLM, images: list[Path], question: str, budget: str | None, method: str, max_tokens: int, quiet: bool
) -> Answer:
    with common.notes.status("reading the picture") as status:

        def on_text(text: str) -> None:
            status.stop()
            typer.echo(text, nl=False)

        heard = None if quiet else on_text
        answer = vlm.ask(images, question, budget=budget, method=method, max_new_tokens=max_tokens, on_text=heard)
    if not quiet:
        typer.echo()
    return answer


def _write_overlay(answer: Answer, path: Path) -> str:
    from vtok.show.overlay import Overlay
    from vtok.show.write import write_overlay

    cut = answer.cuts[0]
    overlay = Overlay(cut.prepared.image, cut.prepared.layout, cut.reduced.selection)
    common.write_whole(path, lambda part: write_overlay(overlay, part))
    return str(path)


def _data(answer: Answer) -> dict[str, Any]:
    return {"question": answer.question, "text": answer.text, "ledger": answer.ledger.to_dict()}


ask.__doc__ = common.help_text(ask, EPILOG)
