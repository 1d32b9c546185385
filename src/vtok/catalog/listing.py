"""The lists of models and of verified engines for the documentation, made from the catalog so that none can differ."""

from __future__ import annotations

from vtok.catalog.checkpoints import checkpoints
from vtok.catalog.runtimes import pairs

_TABLES = ("models", "runtimes")


def models_table() -> str:
    """A Markdown table: a row a checkpoint, with its further names, its family and its context window in tokens."""
    rows = ["| model | also | family | context |", "|---|---|---|---:|"]
    for one in checkpoints():
        also = ", ".join(f"`{name}`" for name in (*one.aliases, *one.variants))
        context = "closed" if one.closed else f"{one.context:,}" if one.context else ""
        rows.append(f"| `{one.name}` ({one.id}) | {also} | {one.family_name} | {context} |")
    return "\n".join(rows)


def runtimes_table() -> str:
    """A Markdown table: a row a pair of engine and models, with the source in which its rule was read."""
    rows = ["| runtime | models | read in |", "|---|---|---|"]
    for pair in pairs():
        models = ", ".join(f"`{name}`" for name in pair.models)
        rows.append(f"| {pair.runtime} | {models} | {pair.source}{f' ({pair.note})' if pair.note else ''} |")
    return "\n".join(rows)


def with_tables(page: str) -> str:
    """``page`` with what stands between the marks of each table replaced by it; raises ``ValueError`` without marks."""
    for name, table in zip(_TABLES, (models_table(), runtimes_table()), strict=True):
        begin, end = f"<!-- {name}: made from the catalog, do not edit -->", f"<!-- /{name} -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the page lacks the marks {begin} and {end}")
        page = f"{before}{begin}\n{table}\n{end}{after}"
    return page


if __name__ == "__main__":
    import sys
    from pathlib import Path

    for name in sys.argv[1:]:
        page = Path(name)
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
