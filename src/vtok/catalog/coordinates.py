"""In what numbers a model says where something is: read from ``coordinates.toml``, never guessed."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from vtok.catalog.checkpoints import Checkpoint, find_checkpoint
from vtok.errors import UsageError

_NAMED = re.compile(r"(?:(px)|0-(\d+(?:\.\d+)?))(?:\s+(xy|yx))?")


@dataclass(frozen=True)
class Convention:
    """``span`` stands for the full width or height, None: their px as the model sees the picture.

    ``order``: whether x or y comes first. ``centre`` is added before dividing, for numbers that name bins.
    """

    span: float | None = None
    order: Literal["xy", "yx"] = "xy"
    centre: float = 0.0
    source: str = ""

    def __str__(self) -> str:
        return f"{'px' if self.span is None else f'0-{self.span:g}'} {self.order}"


def find_convention(checkpoint: Checkpoint) -> Convention | None:
    """How ``checkpoint`` counts; None where its makers do not tell, as far as vtok knows."""
    for models, kinds, convention in _entries():
        if checkpoint.kind in kinds if checkpoint.kind else checkpoint.id in models:
            return convention
    return None


def convention_of(checkpoint: Checkpoint) -> Convention:
    """The same; raises ``UsageError``, which says what can be given instead, where it is not known."""
    found = find_convention(checkpoint)
    if found is None:
        raise UsageError(
            f"vtok knows no source that tells in what numbers {checkpoint.name} says where something is, and does not "
            'guess; give a convention such as "0-1000", "0-1", "px" or "0-1000 yx"'
        )
    return found


def parse_convention(text: str) -> Convention:
    """``px``, or the numbers from 0 to what stands for the full side, such as ``0-1000``; ``yx`` where y is first."""
    match = _NAMED.fullmatch(text.strip().lower())
    span = float(match[2]) if match and match[2] else None
    if match is None or span == 0:
        raise UsageError(f'cannot read the convention {text!r}; expected "px", "0-1", "0-1000" or "0-1000 yx"')
    return Convention(span, "yx" if match[3] == "yx" else "xy", source="given")


@cache
def _entries() -> tuple[tuple[frozenset[str], frozenset[str], Convention], ...]:
    text = files("vtok.catalog").joinpath("coordinates.toml").read_text(encoding="utf-8")
    return tuple(_entry(entry) for entry in tomllib.loads(text)["convention"])


def _entry(entry: dict[str, Any]) -> tuple[frozenset[str], frozenset[str], Convention]:
    # A variant is called otherwise but has the id of its checkpoint.
    ids = frozenset(find_checkpoint(name).id for name in entry["models"])
    convention = Convention(entry.get("span"), entry.get("order", "xy"), entry.get("centre", 0.0), entry["source"])
    return ids, frozenset(entry.get("kinds", ())), convention
