"""The public checkpoints that vtok knows, read from ``checkpoints.toml``, and how they are found by name."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from vtok.catalog.sizes import from_table
from vtok.catalog.text_sizes import TextSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.errors import UsageError
from vtok.geometry.family import Family
from vtok.geometry.registry import make_family, settings_of

_VIDEO = "video."


@dataclass(frozen=True)
class Checkpoint:
    """A family, its settings and the sizes of the model; what no source tells is None or left out.

    ``settings`` are those that differ from the family's own. ``context`` is in tokens, ``parameters`` a count.
    ``variants`` are further names, each with settings of its own on top. ``sources`` says, by what it covers
    (settings, sizes, parameters), where the figures are from. ``rule`` stands in for the family where somebody else's
    code counts; it has no settings and tells numbers, not places. ``runtime`` is the engine whose rule it is, and
    ``counted_by`` says who counts where it is not vtok by transformers' rule. ``kind`` is a directory's model_type.
    ``video_settings`` are changes to the rule for videos.
    ``closed`` is the maker of a model without public weights, which is counted by what that maker publishes.
    """

    name: str
    id: str
    family_name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    context: int | None = None
    parameters: int | None = None
    text: TextSizes = field(default_factory=TextSizes)
    vision: VisionSizes = field(default_factory=VisionSizes)
    sources: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    rule: Family | None = None
    counted_by: str = ""
    runtime: str = "transformers"
    kind: str = ""
    video_settings: Mapping[str, Any] = field(default_factory=dict)
    closed: str = ""

    @cached_property
    def family(self) -> Family:
        """The rule from size to layout, its settings filled in."""
        return self.rule or make_family(self.family_name, self.settings)

    @cached_property
    def all_settings(self) -> dict[str, Any]:
        """Every setting of the family with its value here; none where somebody else's code counts."""
        return {} if self.rule else settings_of(self.family)

    def with_settings(self, settings: Mapping[str, Any] | None) -> Checkpoint:
        """The same checkpoint with some of the family's settings changed; ``UsageError`` for one it does not have.

        Those that begin with ``video.`` are for videos; see ``vtok.catalog.videos``, which checks them.
        """
        if not settings:
            return self
        if self.rule:
            raise UsageError(f"{self.name} is counted by {self.counted_by}: change its settings in its own files")
        videos = {key.removeprefix(_VIDEO): value for key, value in settings.items() if key.startswith(_VIDEO)}
        own = {key: value for key, value in settings.items() if not key.startswith(_VIDEO)}
        changed = replace(self, settings={**self.settings, **own}, video_settings={**self.video_settings, **videos})
        changed.family  # noqa: B018 - a setting that makes no sense is refused here, not at the first picture
        return changed


@cache
def checkpoints() -> tuple[Checkpoint, ...]:
    """Every checkpoint of the catalog, in the catalog's order."""
    text = files("vtok.catalog").joinpath("checkpoints.toml").read_text(encoding="utf-8")
    return tuple(_checkpoint(entry) for entry in tomllib.loads(text)["checkpoint"])


def find_checkpoint(name: str) -> Checkpoint:
    """The checkpoint called ``name``: its name, an alias, a variant, or its id with or without the owner.

    Upper and lower case are the same, and so are names with hyphens, blanks or colons elsewhere, as in Ollama's
    gemma3:4b. Raises ``UsageError``, which tells the nearest names, for an unknown one.
    """
    found = _by_name().get(name.casefold()) or _by_letters().get(_letters(name))
    if found is None:
        raise UsageError(f"there is no model {name!r}{_nearest(name)}; see all with: vtok models")
    return found


def is_known(name: str) -> bool:
    """Whether the catalog has a checkpoint of this name."""
    return name.casefold() in _by_name()


def names_of(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Everything that ``find_checkpoint`` takes for this checkpoint as it is, variants aside."""
    short = checkpoint.id.rpartition("/")[2]
    return tuple(dict.fromkeys((checkpoint.name, *checkpoint.aliases, checkpoint.id, short)))


@cache
def _by_name() -> dict[str, Checkpoint]:
    found: dict[str, Checkpoint] = {}
    for checkpoint in checkpoints():
        for name in names_of(checkpoint):
            found.setdefault(name.casefold(), checkpoint)
        for name, settings in checkpoint.variants.items():
            found[name.casefold()] = replace(
                checkpoint, name=name, settings={**checkpoint.settings, **settings}, aliases=(), variants={}
            )
    return found


@cache
def _by_letters() -> dict[str, Checkpoint]:
    return {_letters(name): checkpoint for name, checkpoint in _by_name().items()}


def _letters(name: str) -> str:
    return re.sub(r"[-_:\s]", "", name.casefold())


def _nearest(name: str) -> str:
    wanted = re.sub(r"[_:\s]+", "-", name.casefold())
    names = list(_by_name())
    # What people leave out is the size or the version, so names that begin alike count as near.
    begun = [one for one in names if one.startswith(wanted) and "/" not in one]
    near = list(dict.fromkeys(begun[:3] + difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)))[:4]
    return f"; did you mean {', '.join(near)}?" if near else ""


def _checkpoint(entry: dict[str, Any]) -> Checkpoint:
    closed = entry.get("closed", "")
    return Checkpoint(
        name=entry["name"],
        id=entry["id"],
        family_name=entry["family"],
        settings=entry.get("settings", {}),
        aliases=tuple(entry.get("aliases", ())),
        variants=entry.get("variants", {}),
        context=entry.get("context"),
        parameters=entry.get("parameters"),
        text=from_table(TextSizes, entry.get("text", {})),
        vision=from_table(VisionSizes, entry.get("vision", {})),
        sources=entry["sources"],
        note=entry.get("note", ""),
        counted_by=f"the rule that {closed} publishes (closed, for comparison only)" if closed else "",
        runtime="api" if closed else Checkpoint.runtime,
        closed=closed,
    )
