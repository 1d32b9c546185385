"""The table of methods in the docs, with how many classes of transformers each of them can serve.

The counts are in reducible.toml; the tests hold them against what every class's adapter and layers say.
``python -m vtok.vlm.served docs/methods.md`` puts the table between the file's two marks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from vtok.reduction import table
from vtok.reduction.registry import method_class
from vtok.vlm.families import reducible, served

BEGIN, END = "<!-- methods: made by vtok.vlm.served -->", "<!-- end of methods -->"


def filled(text: str) -> str:
    """``text`` with the table between its marks renewed."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    column = {
        name: f"{'videos of ' if method_class(name).video else ''}{count} of {len(reducible())}"
        for name, count in served().items()
    }
    return f"{before}{BEGIN}\n{table.table(column)}\n{END}{after}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
