"""Pages of the documentation whose tables are made from the data, between marks, so that none can differ."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path


def filled(page: str, tables: Mapping[str, str]) -> str:
    """``page`` with what stands between the marks of each of ``tables``, by name, replaced by it.

    Raises ``ValueError`` for a page that lacks the marks.
    """
    for name, table in tables.items():
        begin, end = f"<!-- {name}: made from the catalog, do not edit -->", f"<!-- /{name} -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the page lacks the marks {begin} and {end}")
        page = f"{before}{begin}\n{table}\n{end}{after}"
    return page


def rewrite(renew: Callable[[str], str]) -> None:
    """Renew every file that the command line names."""
    for name in sys.argv[1:]:
        page = Path(name)
        page.write_text(renew(page.read_text(encoding="utf-8")), encoding="utf-8")
