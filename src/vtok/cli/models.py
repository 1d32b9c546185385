"""``vtok models``: which checkpoints vtok knows, and everything it knows of one."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer
from rich.table import Table

from vtok.catalog.checkpoints import Checkpoint, checkpoints, names_of
from vtok.catalog.coordinates import find_convention
from vtok.catalog.counting import find_model
from vtok.catalog.sizes import known
from vtok.catalog.videos import takes_videos, video_rule, video_settings
from vtok.cli import common
from vtok.errors import UsageError
from vtok.vlm import families

EPILOG = """Examples:

vtok models

vtok models qwen

vtok models show qwen2.5-vl-7b

vtok models show ./my-checkpoint

vtok models --reducible
"""


def models(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILTER] | show MODEL", help="A part of a name, id or family; or show and a model."),
    ] = None,
    reducible: Annotated[
        bool, typer.Option("--reducible", help="The classes of transformers that vtok.reduce is proven on.")
    ] = False,
    as_json: common.JsonOption = False,
) -> None:
    """List the models that vtok knows, or show all of one: settings, sizes, and where each figure is from."""
    words = words or []
    if reducible:
        _reducible(words, as_json)
        return
    if words == ["show"]:
        raise UsageError("show which model? Name one, such as: vtok models show qwen2.5-vl-7b")
    if words[:1] == ["show"]:
        if len(words) > 2:
            raise UsageError("show one model at a time: vtok models show NAME")
        _show(find_model(words[1]), as_json)
        return
    found = [one for one in checkpoints() if all(_matches(one, word) for word in " ".join(words).split())]
    if not found:
        raise UsageError(f"no model matches {' '.join(words)!r}; see all with: vtok models")
    if as_json:
        common.print_json([_data(one) for one in found])
        return
    table = Table()
    table.add_column("model", no_wrap=True)
    table.add_column("family", no_wrap=True)
    table.add_column("context", justify="right", no_wrap=True)
    table.add_column("id", overflow="fold")
    for one in found:
        context = "closed" if one.closed else f"{one.context:,}" if one.context else "-"
        table.add_row(one.name, one.family_name, context, one.id)
    if any(one.closed for one in found):
        table.caption = "closed: no weights; counted by what the maker publishes, for comparison only"
        table.caption_justify = "left"
    common.console.print(table)


def _reducible(words: list[str], as_json: bool) -> None:
    """The classes that a test has run, each held against the full sequence (or the short one) in every step."""
    found = [one for one in families.reducible() if all(word.casefold() in one.name.casefold() for word in words)]
    if not found:
        raise UsageError(f"no class that can be reduced matches {' '.join(words)!r}; see all: vtok models --reducible")
    if as_json:
        common.print_json([{**dataclasses.asdict(one), "videos": one.videos} for one in found])
        return
    title = f"{len(found)} classes of transformers {families.tested_with()}, as tests have run them"
    table = Table(title=title, title_justify="left")
    table.add_column("class", overflow="fold")
    table.add_column("model_type", no_wrap=True)
    table.add_column("grid", no_wrap=True)
    table.add_column("videos", no_wrap=True)
    table.add_column("proof", no_wrap=True)
    for one in found:
        grid, videos = "known" if one.grid else "-", "cut too" if one.videos else "-"
        table.add_row(one.name, one.model_type, grid, videos, one.proof)
    common.console.print(table)
    for proof, against in families.PROOFS.items():
        common.console.print(f"{proof}: held against {against}")


def _matches(one: Checkpoint, word: str) -> bool:
    names = (*names_of(one), *one.variants, one.family_name)
    return any(word.casefold() in name.casefold() for name in names)


def _show(one: Checkpoint, as_json: bool) -> None:
    if as_json:
        common.print_json(_data(one))
        return
    table = Table(title=one.name, title_justify="left", show_header=False)
    table.add_column("", no_wrap=True)
    table.add_column("", overflow="fold")
    table.add_row("id", one.id)
    others = [name for name in names_of(one) if name not in (one.name, one.id)]
    if others:
        table.add_row("also called", ", ".join(others))
    table.add_row("family", one.family_name)
    if one.counted_by:
        table.add_row("counted by", one.counted_by)
    table.add_row("settings", _words(one.all_settings) or "in its own files")
    for name, settings in one.variants.items():
        table.add_row(f"as {name}", _words(settings))
    if takes_videos(one):
        table.add_row("videos", _words({key: value for key, value in video_settings(one).items() if value is not None}))
    if one.closed:
        table.add_row("closed", f"{one.closed} publishes how it counts, and no weights: for comparison only")
    table.add_row("context", f"{one.context:,} tokens" if one.context else "not known")
    if one.parameters:
        table.add_row("parameters", f"{one.parameters:,}")
    for part, sizes in (("language model", one.text), ("vision encoder", one.vision)):
        table.add_row(part, _words(known(sizes)) or "not known")
    convention = find_convention(one)
    table.add_row("says where in", str(convention) if convention else "not known")
    if one.note:
        table.add_row("note", one.note)
    table.add_section()
    sources = {
        **one.sources,
        **({"says where in": convention.source} if convention else {}),
        **({"videos": f"transformers 5.24, {video_rule(one).source}"} if takes_videos(one) else {}),
    }
    for what, source in sources.items():
        table.add_row(f"source of {what}", source)
    common.console.print(table)


def _words(values: dict[str, Any] | Any) -> str:
    return ", ".join(f"{key} {_short(value)}" for key, value in values.items())


def _short(value: Any) -> str:
    if isinstance(value, dict):  # a group of sizes
        return f"({_words(value)})"
    text = str(value)
    return text if len(text) < 60 else f"{text[:40]}... ({len(value)} of them)"


def _data(one: Checkpoint) -> dict[str, Any]:
    return {
        "model": one.name,
        "id": one.id,
        "aliases": [name for name in names_of(one) if name not in (one.name, one.id)],
        "family": one.family_name,
        "closed": bool(one.closed),
        "counted_by": one.counted_by or "vtok",
        "settings": one.all_settings,
        "variants": dict(one.variants),
        "context": one.context,
        "parameters": one.parameters,
        "text": dataclasses.asdict(one.text),
        "vision": dataclasses.asdict(one.vision),
        "video": video_settings(one),
        "says_where_in": str(find_convention(one) or "") or None,
        "sources": dict(one.sources),
        "note": one.note,
    }


models.__doc__ = common.help_text(models, EPILOG)
