"""Counting for an engine other than transformers: only the pairs that ``runtimes.toml`` has, none by analogy."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from vtok.catalog.checkpoints import Checkpoint, find_checkpoint
from vtok.errors import UsageError

#: The engines that a count can be asked for; the first is the one that all else is proven against.
RUNTIMES = ("transformers", "vllm", "llama.cpp", "ollama")


@dataclass(frozen=True)
class Pair:
    """One engine and the models that it counts by one rule; the fields are those of ``runtimes.toml``."""

    runtime: str
    models: tuple[str, ...]
    source: str
    kinds: tuple[str, ...] = ()
    family: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    take: tuple[str, ...] = ()
    need: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


@cache
def pairs() -> tuple[Pair, ...]:
    """Every pair whose rule was read in the engine's source."""
    text = files("vtok.catalog").joinpath("runtimes.toml").read_text(encoding="utf-8")
    return tuple(_pair(entry) for entry in tomllib.loads(text)["pair"])


def for_runtime(checkpoint: Checkpoint, runtime: str | None) -> Checkpoint:
    """``checkpoint`` as ``runtime`` counts for it; as it is where no runtime is named.

    Raises ``UsageError`` for an engine that is none of ``RUNTIMES``, and for a pair that was not verified.
    """
    if runtime is not None and runtime not in RUNTIMES:
        raise UsageError(f"there is no runtime {runtime!r}; expected one of {', '.join(RUNTIMES)}")
    if runtime is None or runtime == checkpoint.runtime:
        return checkpoint
    found = None
    if checkpoint.runtime == RUNTIMES[0] and checkpoint.rule is None:
        found = next((pair for pair in pairs() if pair.runtime == runtime and _is_one_of(checkpoint, pair)), None)
    if found is None:
        verified = ", ".join(sorted(name for pair in pairs() if pair.runtime == runtime for name in pair.models))
        raise UsageError(
            f"vtok has not verified how {runtime} counts for {checkpoint.name}, and does not guess; "
            f"leave out --runtime to count by transformers' rule; "
            f"verified for {runtime}: {verified or 'nothing beside what its own files tell'}"
        )
    return _applied(checkpoint, found)


def _is_one_of(checkpoint: Checkpoint, pair: Pair) -> bool:
    if checkpoint.kind:
        return checkpoint.kind in pair.kinds
    # A variant is called otherwise but has the id of its checkpoint.
    return any(find_checkpoint(name).id == checkpoint.id for name in pair.models)


def _applied(checkpoint: Checkpoint, pair: Pair) -> Checkpoint:
    sources = {**checkpoint.sources, "count": pair.source}
    own = checkpoint.all_settings
    for key, value in pair.need.items():
        if own.get(key) != value:
            raise UsageError(
                f"{pair.runtime} takes a {key} of {value} for granted, and {checkpoint.name} has {own.get(key)}"
            )
    changed = replace(
        checkpoint,
        runtime=pair.runtime,
        counted_by=f"the rule of {pair.source.partition(', ')[0]}",
        sources=sources,
        note="; ".join(filter(None, (checkpoint.note, pair.note))),
    )
    if pair.family:
        taken = {key: own[key] for key in pair.take}
        changed = replace(changed, family_name=pair.family, settings={**pair.settings, **taken}, variants={})
    changed.family  # noqa: B018 - settings that do not fit are refused here, not at the first picture
    return changed


def _pair(entry: dict[str, Any]) -> Pair:
    return Pair(
        runtime=entry["runtime"],
        models=tuple(entry["models"]),
        source=entry["source"],
        kinds=tuple(entry.get("kinds", ())),
        family=entry.get("family", ""),
        settings=entry.get("settings", {}),
        take=tuple(entry.get("take", ())),
        need=entry.get("need", {}),
        note=entry.get("note", ""),
    )
