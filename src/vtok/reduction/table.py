"""The table of methods in the docs, made from the code so that it cannot be wrong.

``python -m vtok.reduction.table docs/methods.md`` puts it between the file's two marks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from vtok.reduction.registry import method_class, names

BEGIN, END = "<!-- methods: made by vtok.reduction.table -->", "<!-- end of methods -->"


def table() -> str:
    """All methods as a Markdown table."""
    lines = ["| method | keeps | acts | needs | cost | source |", "|---|---|---|---|---|---|"]
    for name in names():
        found = method_class(name)
        needs = "; ".join(sorted(need.value for need in found.needs)) or "nothing more"
        wishes = "".join(
            f"; where it is there, {need.value}" for need in sorted(found.wishes, key=lambda one: one.value)
        )
        lines.append(
            f"| `{name}` | {found.summary} | {found.stage.value} | {needs}{wishes} | {found.cost} | {found.source} |"
        )
    return "\n".join(lines)


def filled(text: str) -> str:
    """``text`` with the table between its marks renewed."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
