"""``vtok cost``: does it fit, how much context it takes, how long until the first token, and what would help."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Annotated, Any

import typer

from vtok.catalog.counting import find_model
from vtok.catalog.videos import takes_videos
from vtok.cli import common
from vtok.cli.cost_compare import compare, compare_sheet
from vtok.cli.cost_request import check_method, read_goal, read_request
from vtok.cli.cost_solve import WHAT, answer, devices_sheet, solutions_data, solved
from vtok.cli.cost_table import bar, context_line, memory_sheet, path_sheet
from vtok.cli.cost_words import caveats, notes_on, title, verdict
from vtok.cli.devices import named
from vtok.cli.sheet import print_sheet, printable
from vtok.costs.question import Question, ask
from vtok.costs.request import Request
from vtok.costs.runtimes import RUNTIMES
from vtok.errors import UsageError
from vtok.geometry.registry import parse_setting
from vtok.geometry.videos.choosing import check_wish
from vtok.image import pdf

EPILOG = """Examples:

vtok cost photo.jpg --model qwen2.5-vl-7b --device rtx-3060-12gb --weights q4_k_m

vtok cost scan.pdf --model qwen2.5-vl-7b --device m4-pro --weights mlx-4bit

vtok cost clip.mp4 --model qwen2.5-vl-7b --device rtx-3060-12gb --weights awq --frames 16

vtok cost clip.mp4 --model qwen3-vl-8b --device 4090 --compare frames=8,16,32,64

vtok cost photo.jpg --model qwen2.5-vl-7b --weights q4_k_m --runtime ollama --device 3060

vtok cost --size 1240x1754 --images 8 --model qwen2.5-vl-7b --device here

vtok cost photo.jpg --model qwen2.5-vl-7b --device 4060 --compare budget=256,576,1024,2880 -o plot.png

vtok cost --model qwen2.5-vl-7b --weights q4_k_m --device 4060 --solve pages

vtok cost photo.jpg --model qwen2.5-vl-7b --weights awq --solve device --ttft 1s
"""


def cost(
    paths: Annotated[list[str] | None, typer.Argument(help="Pictures, PDFs, videos, folders, patterns.")] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="A name from [b]vtok models[/b] or a checkpoint directory.")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option("--device", "-d", help="A name from [b]vtok devices[/b], or [b]here[/b], this machine."),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option("--weights", "-w", help="bf16 (the default), fp8, awq, nf4, mlx-4bit; q4_k_m (that of GGUF), ..."),
    ] = None,
    kv: Annotated[str, typer.Option("--kv", help="The KV cache: f16, bf16, fp8, q8_0, q4_0, ...")] = "f16",
    runtime: Annotated[
        str | None,
        typer.Option("--runtime", help=f"{', '.join(RUNTIMES)}. By the weights when left out."),
    ] = None,
    context: Annotated[
        int | None,
        typer.Option("--context", min=1, max=10**8, help="The window that is opened, in tokens."),
    ] = None,
    sizes: Annotated[
        list[str] | None, typer.Option("--size", help="A size in pixels instead of a file, such as 1920x1080.")
    ] = None,
    images: Annotated[int, typer.Option("--images", min=1, max=10**4, help="So many of each picture.")] = 1,
    text: Annotated[int, typer.Option("--text", min=0, max=10**7, help="Tokens of the prompt's words.")] = 64,
    new: Annotated[int, typer.Option("--new", min=0, max=10**7, help="Tokens of the answer.")] = 128,
    batch: Annotated[int, typer.Option("--batch", min=1, max=10**5, help="So many such requests at once.")] = 1,
    budget: Annotated[
        str | None, typer.Option("--budget", "-b", help="The most visual tokens a picture may keep: 144 or 25%.")
    ] = None,
    method: Annotated[str | None, typer.Option("--method", help="How tokens are cut, such as visionzip.")] = None,
    layer: Annotated[
        int | None, typer.Option("--layer", min=0, help="After how many layers of the language model they are cut.")
    ] = None,
    fps: Annotated[
        float | None, typer.Option("--fps", help="Frames a second to take of a video, instead of the model's own way.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option("--frames", help="Frames to take of a video in all, instead of the model's own way.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting of the model, such as max_pixels=614656.")
    ] = None,
    dpi: Annotated[int, typer.Option("--dpi", min=1, max=4800, help="Dots an inch of a PDF's pages.")] = pdf.DPI,
    compared: Annotated[
        str | None, typer.Option("--compare", help="Several values of one thing, such as budget=256,576,1024.")
    ] = None,
    solve: Annotated[str | None, typer.Option("--solve", help=f"Turn it round: {', '.join(WHAT)}.")] = None,
    ttft: Annotated[str | None, typer.Option("--ttft", help="With --solve: first token within, such as 1.5s.")] = None,
    memory: Annotated[str | None, typer.Option("--memory", help="With --solve: at most, such as 8GiB.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A plot: .png, .svg, or .html by itself.")] = None,
    as_json: common.JsonOption = False,
) -> None:
    """Tell what pictures and videos cost before anything is downloaded: context, memory, and time to the first token.

    Memory is by part; times are ranges, from what good programs reach of
    a device to what others do. What no source tells is shown as unknown
    and leaves what rests on it unknown.
    """
    if model is None:
        raise UsageError("cost on which model? Name one with --model; vtok models lists them")
    _check(solve, compared, ttft, memory, out)
    check_method(method)
    chosen = named(device) if device else None
    check_wish(fps, frames)
    changed = dict(parse_setting(one) for one in settings or ())
    shown, videos = read_request(paths or (), sizes or (), images, dpi, takes_videos(find_model(model)))
    if budget is None and (method or layer is not None) and "budget" in (solve, (compared or "").partition("=")[0]):
        budget = "100%"  # what is compared, or solved for, takes its place
    request = Request(shown, text, new, batch, budget, method, layer, videos, fps, frames)
    question = ask(request, model, chosen, weights, kv, runtime, context, changed)
    if solve is not None:
        _solve(question, solve, ttft, memory, as_json)
        return
    if not request.images and not request.videos and not text:
        raise UsageError("nothing to ask about: give pictures, a --size such as 1920x1080, or --text")
    found = compare(question, compared) if compared else None
    key = found.key if found else ""
    questions = found.questions if found else (question,)
    if out is not None:
        from vtok.show.cost_plot import write_plot

        labels = found.values if found else (question.device.name if question.device else question.model.name,)
        write_plot(
            [one.cost for one in questions],
            labels,
            title(question, found.key if found else ""),
            out,
            found.key if found else "",
        )
    if as_json:
        _print_json(question, questions, found.key if found else None, found.values if found else ())
    elif found:
        _say(title(question, key))
        print_sheet(compare_sheet(found))
        _say(*caveats(questions))
    else:
        _print(question, paths or [])
    if out is not None:
        common.notes.print(f"wrote {printable(str(out))}", highlight=False, markup=False)


def _check(solve: str | None, compared: str | None, ttft: str | None, memory: str | None, out: Path | None) -> None:
    if solve and compared:
        raise UsageError("--solve and --compare are two questions; ask one at a time")
    if solve and out:
        raise UsageError("--solve has nothing to draw; use -o with --compare")
    if not solve and (ttft or memory):
        raise UsageError(
            f"--{'ttft' if ttft else 'memory'} is a goal: say what to look for with --solve {'|'.join(WHAT)}"
        )


def _solve(question: Question, what: str, ttft: str | None, memory: str | None, as_json: bool) -> None:
    goal = read_goal(ttft, memory)
    with common.notes.status("looking ..."):
        found = solved(question, what, goal)
    if as_json:
        common.print_json(solutions_data(what, found))
        return
    _say(answer(what, found, goal))
    if what == "device":
        print_sheet(devices_sheet(found))
    _say(*caveats((found[0].question,)))


def _print(question: Question, paths: list[str]) -> None:
    cost, device = question.cost, question.device
    _say(title(question), context_line(cost), "")
    print_sheet(path_sheet(cost, device))
    _say("")
    print_sheet(memory_sheet(cost, device))
    drawn = bar(cost)
    _say("", *([drawn, ""] if drawn else []), *verdict(question, paths))


def _print_json(question: Question, questions: tuple[Question, ...], key: str | None, values: tuple[str, ...]) -> None:
    data: Any = (
        question.cost.to_dict()
        if key is None
        else {
            "compare": key,
            "costs": [{key: value, **one.cost.to_dict()} for value, one in zip(values, questions, strict=True)],
        }
    )
    common.print_json({**data, "note": "; ".join(notes_on(question))})


def _say(*lines: str) -> None:
    """Print sentences, folded at words on a terminal, and drawings as they are."""
    width = max(40, common.console.width) if common.console.is_terminal else 10**6
    for line in lines:
        folded = line.split("\n") if "\n" in line else textwrap.wrap(line, width) or [""]
        typer.echo("\n".join(printable(part) for part in folded))


cost.__doc__ = common.help_text(cost, EPILOG)
