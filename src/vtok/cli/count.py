"""``vtok count``: how many tokens pictures take, from their heads alone."""

from __future__ import annotations

from typing import Annotated

import typer

from vtok.catalog.counting import find_model
from vtok.catalog.runtimes import RUNTIMES
from vtok.catalog.videos import takes_videos, video_rule
from vtok.cli import common
from vtok.cli.count_table import write_csv, write_json, write_tables
from vtok.cli.pictures import collect, read_sizes
from vtok.cli.sheet import printable
from vtok.cli.tally import Tally, parse_size
from vtok.cli.videos import Wish, add_video
from vtok.errors import UsageError, VtokError
from vtok.geometry.registry import parse_setting
from vtok.geometry.videos.choosing import check_wish
from vtok.geometry.videos.clip import Clip
from vtok.image import pdf
from vtok.image.source import Limits

EPILOG = """Examples:

vtok count photo.jpg --model qwen2.5-vl-7b

vtok count photos/ --model qwen2.5-vl-7b --set max_pixels=614656

vtok count --size 1920x1080 --model llava-1.6-7b --model internvl3-8b --model gemma-3-4b

vtok count report.pdf --dpi 200 --model qwen2.5-vl-7b

vtok count clip.mp4 --model qwen2.5-vl-7b --fps 2

vtok count photo.jpg --model qwen2.5-vl-7b --runtime ollama

vtok count photo.jpg --model mmproj-model-f16.gguf

vtok count "scans/*.png" --model ./my-checkpoint --csv
"""


def count(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Pictures, PDFs, videos, folders of them, or patterns such as '*.jpg'.")
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            help="A name from [b]vtok models[/b], a checkpoint directory or an mmproj-*.gguf. Several compare.",
        ),
    ] = None,
    sizes: Annotated[
        list[str] | None, typer.Option("--size", help="A size in pixels instead of a file, such as 1920x1080.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting of the model, such as max_pixels=614656.")
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option(
            "--runtime",
            help=f"The engine to count for: {', '.join(RUNTIMES)}. Transformers, or llama.cpp for its own files.",
        ),
    ] = None,
    max_pixels: Annotated[
        int, typer.Option("--limit-pixels", min=1, help="The largest picture to count, in pixels.")
    ] = Limits().pixels,
    dpi: Annotated[
        int, typer.Option("--dpi", min=1, max=4800, help="Dots an inch at which a PDF's pages are taken.")
    ] = pdf.DPI,
    most_pages: Annotated[
        int, typer.Option("--limit-pages", min=1, help="The longest PDF to count, in pages.")
    ] = pdf.MOST_PAGES,
    fps: Annotated[
        float | None, typer.Option("--fps", help="Frames a second to take of a video, instead of the model's own way.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option("--frames", help="Frames to take of a video in all, instead of the model's own way.")
    ] = None,
    as_json: common.JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV: a row an image and model.")] = False,
) -> None:
    """Count the tokens that pictures take in a model's sequence.

    Nothing is decoded or downloaded: the head of each file tells its size, of a PDF every page is counted, and of a
    video the frames that the model's processor samples, or as many as --fps or --frames says. A file
    that cannot be read, or a size that a model refuses, is reported and the others are counted; the exit code is
    then 1.
    """
    if not models:
        raise UsageError("count for which model? Name one with --model; vtok models lists them")
    if not paths and not sizes:
        raise UsageError("nothing to count: give pictures, folders, or a --size such as 1920x1080")
    if as_json and as_csv:
        raise UsageError("--json and --csv are two ways to print the same; take one")
    check_wish(fps, frames)
    changed = dict(parse_setting(text) for text in settings or ())
    tally = Tally([find_model(name, changed, runtime) for name in dict.fromkeys(models)])
    if any(key.startswith("video.") for key in changed):
        for model in tally.models:
            video_rule(model)  # refuses a setting that it does not have, whether there is a video or not
    for text in sizes or ():
        tally.add(text, *parse_size(text))
    found = collect(paths or (), any(map(takes_videos, tally.models)))
    tally.skipped = found.skipped
    for name, problem in found.failed:
        tally.fail(name, problem)
    for path, outcome in read_sizes(found.pictures, dpi, most_pages):
        if isinstance(outcome, VtokError):
            tally.fail(str(path), str(outcome))
            continue
        for name, content in outcome:
            size = content.size if isinstance(content, Clip) else content
            if size[0] * size[1] > max_pixels:
                tally.fail(name, too_large(*size, max_pixels))
            elif isinstance(content, Clip):
                add_video(tally, name, content, Wish(fps, frames))
            else:
                tally.add(name, *size)
    write = write_json if as_json else write_csv if as_csv else write_tables
    write(tally)
    for name, problem in tally.failed:
        _note(problem if name in problem else f"{name}: {problem}")
    if tally.failed:
        _note(tally.summary)
        raise typer.Exit(1)
    if tally.skipped:
        _note(tally.skipped_note)


def too_large(width: int, height: int, most: int) -> str:
    """What is wrong with a picture of more than ``most`` pixels."""
    return f"{width} x {height} px are over the limit of {most:,} pixels; raise it with --limit-pixels"


def _note(line: str) -> None:
    common.notes.print(printable(line), soft_wrap=True, highlight=False, markup=False)


count.__doc__ = common.help_text(count, EPILOG)
