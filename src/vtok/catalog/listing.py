"""The lists of models and of verified engines for the documentation, made from the catalog so that none can differ."""

from __future__ import annotations

from vtok.catalog.checkpoints import checkpoints
from vtok.catalog.pages import filled, rewrite
from vtok.catalog.runtimes import pairs


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
    """``page`` with its lists renewed; raises ``ValueError`` without marks for them."""
    return filled(page, {"models": models_table(), "runtimes": runtimes_table()})


if __name__ == "__main__":
    rewrite(with_tables)
