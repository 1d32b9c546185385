"""Which layer does what, in runs that repeat: ``"5 sliding, 1 full"``; one name alone is that of every layer."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby


def runs(names: Iterable[str]) -> str:
    """The names of all layers, one by one, as runs."""
    found = [(name, len(list(group))) for name, group in groupby(names)]
    return found[0][0] if len(found) == 1 else ", ".join(f"{count} {name}" for name, count in found)


def unrolled(pattern: str, layers: int) -> tuple[str, ...]:
    """The name of each of ``layers`` layers, the pattern repeated as often as there are layers."""
    parts = [part.split() for part in pattern.split(",")]
    names = [part[-1] for part in parts for _ in range(int(part[0]) if len(part) == 2 else 1)]
    return tuple((names * -(-layers // len(names)))[:layers])
