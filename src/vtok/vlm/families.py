"""Which classes of transformers ``vtok.reduce`` serves: a list that the tests hold against what they have run.

Reading the list needs neither torch nor transformers. ``python -m vtok.vlm.families docs/families.md`` puts the tables
between the file's marks.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- families: made by vtok.vlm.families -->", "<!-- end of families -->"
PROOFS = {
    "masked": "the full sequence, dropped positions hidden",
    "short": "the language model given the kept embeddings alone",
}


@dataclass(frozen=True)
class Reducible:
    """A class that is served: its ``model_type``, what it was held against, and whether its tokens have a grid."""

    name: str
    model_type: str
    proof: str
    grid: bool

    @property
    def videos(self) -> bool:
        """Whether its videos are cut too."""
        return self.name in _listed()["videos"]


@cache
def reducible() -> tuple[Reducible, ...]:
    """Every class that is served, by name."""
    return tuple(Reducible(**entry) for entry in _listed()["class"])


@cache
def refused() -> dict[str, str]:
    """Classes that take encoded pictures and are not served, each with its reason."""
    found: dict[str, str] = _listed()["refused"]
    return found


@cache
def served() -> dict[str, int]:
    """How many of the classes that are served each method can act on, by its name."""
    found: dict[str, int] = _listed()["methods"]
    return found


def tested_with() -> str:
    """The version of transformers that the list was made with."""
    return str(_listed()["transformers"])


def tables() -> str:
    """Both lists as Markdown tables, with what the adapters say."""
    from vtok.vlm.adapters import adapter_for

    lines = ["| class | a budget is for | grid | videos | structure | held against |", "|---|---|---|---|---|---|"]
    for one in reducible():
        adapter = adapter_for(one.model_type)
        grid = "known" if one.grid else "not known"
        video = "cut too" if one.videos else ""
        lines.append(
            f"| `{one.name}` | {adapter.counts} | {grid} | {video} | {adapter.structure} | {PROOFS[one.proof]} |"
        )
    lines += ["", "Not served:", "", "| class | why |", "|---|---|"]
    lines += [f"| `{name}` | {reason} |" for name, reason in refused().items()]
    return "\n".join(lines)


def filled(text: str) -> str:
    """``text`` with the tables between its marks renewed."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


@cache
def _listed() -> dict[str, Any]:
    return tomllib.loads(resources.files("vtok.vlm").joinpath("reducible.toml").read_text(encoding="utf-8"))


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
