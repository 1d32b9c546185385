"""Which checkpoints of the catalog get a whole answer; the list of the others in docs/accuracy.md is made from it.

``python -m vtok.costs.answers docs/accuracy.md`` renews it.
"""

from __future__ import annotations

from functools import cache

from vtok.catalog.checkpoints import Checkpoint, checkpoints
from vtok.catalog.pages import filled, rewrite
from vtok.costs.cost import cost

#: One picture, in px; which one does not matter for what is missing.
_PICTURE = (1024, 768)


def open_checkpoints() -> tuple[Checkpoint, ...]:
    """Those whose weights are public."""
    return tuple(one for one in checkpoints() if not one.closed)


@cache
def unanswered() -> dict[str, tuple[str, ...]]:
    """The open checkpoints whose cost is not known wholly, each with what is missing."""
    found = {one.name: cost(_PICTURE, one.name, "rtx-4090").missing for one in open_checkpoints()}
    return {name: missing for name, missing in found.items() if missing}


def answers_table() -> str:
    """A line that counts, and a Markdown table: a row a checkpoint that lacks something."""
    known = len(open_checkpoints())
    rows = ["| checkpoint | what no source tells, or no description covers |", "|---|---|"]
    rows += [f"| `{name}` | {', '.join(missing)} |" for name, missing in unanswered().items()]
    line = f"{known - len(unanswered())} of the {known} open checkpoints of the catalog get a whole answer."
    return "\n".join([line, *(["", *rows] if unanswered() else [])])


def with_answers(page: str) -> str:
    """``page`` with its list renewed; raises ``ValueError`` without marks for it."""
    return filled(page, {"answers": answers_table()})


if __name__ == "__main__":
    rewrite(with_answers)
