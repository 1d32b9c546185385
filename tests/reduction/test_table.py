"""The docs' table of methods is what the code says."""

from pathlib import Path

from vtok.reduction.registry import names
from vtok.reduction.table import filled, table


def test_docs_are_up_to_date() -> None:
    text = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")
    assert text == filled(text), "run: python -m vtok.reduction.table docs/methods.md"


def test_every_method_has_a_row() -> None:
    assert all(f"| `{name}` |" in table() for name in names())
