"""The blocks of a convolutional encoder's stages, in the notation of ``architectures.toml``.

Words stand between commas, each after how often it is repeated; words in brackets are repeated together:
``"down, 12 mix"``, ``"inverted 5-5 x6 /2, 19 (queries 16x96, inverted 0-0 x2)"``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A block by its name: ``sizes`` are its own (kernels, heads and widths), ``expansion`` how many times wider it is
    inside, ``stride`` by how much it, or what it looks at, is coarser."""

    name: str
    sizes: tuple[int, ...] = ()
    expansion: int = 1
    stride: int = 1


def words(stage: str) -> list[Word]:
    """The blocks of a stage in order."""
    flat = re.sub(r"(\d+) \(([^)]*)\)", lambda found: ", ".join([found[2]] * int(found[1])), stage)
    return [one for run in flat.split(", ") for one in _run(run)]


def _run(text: str) -> list[Word]:
    found = re.fullmatch(r"(?:(\d+) )?([a-z]+)(?: ([\dx-]*\d))?(?: x(\d+))?(?: /(\d+))?", text)
    if found is None:
        raise ValueError(f"cannot read the block {text!r} of an encoder")
    sizes = tuple(int(one) for one in re.split("[x-]", found[3])) if found[3] else ()
    return [Word(found[2], sizes, int(found[4] or 1), int(found[5] or 1))] * int(found[1] or 1)
