"""The list of models for the documentation, made from the catalog so that the two cannot differ."""

from __future__ import annotations

from vtok.catalog.checkpoints import checkpoints

BEGIN = "<!-- models: made from the catalog, do not edit -->"
END = "<!-- /models -->"


def models_table() -> str:
    """A Markdown table: a row a checkpoint, with its further names, its family and its context window in tokens."""
    rows = ["| model | also | family | context |", "|---|---|---|---:|"]
    for one in checkpoints():
        also = ", ".join(f"`{name}`" for name in (*one.aliases, *one.variants))
        context = f"{one.context:,}" if one.context else ""
        rows.append(f"| `{one.name}` ({one.id}) | {also} | {one.family_name} | {context} |")
    return "\n".join(rows)


def with_models(page: str) -> str:
    """``page`` with what stands between the two marks replaced by the table; raises ``ValueError`` without marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{models_table()}\n{END}{after}"


if __name__ == "__main__":
    import sys
    from pathlib import Path

    for name in sys.argv[1:]:
        page = Path(name)
        page.write_text(with_models(page.read_text(encoding="utf-8")), encoding="utf-8")
