"""The page on counting: its list of models is the catalog's, and what its examples show is what they print."""

import re
from pathlib import Path

import pytest

import vtok
from vtok.catalog.gguf_file import _DYNAMIC, _SQUARE
from vtok.catalog.listing import with_tables

PAGE = Path(__file__).parents[2] / "docs" / "count.md"


def test_the_list_is_the_catalog():
    text = PAGE.read_text(encoding="utf-8")
    assert with_tables(text) == text, "run: python -m vtok.catalog.listing docs/count.md"


def test_the_page_names_every_verified_projector():
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert ", ".join(f"`{name}`" for name in sorted({*_DYNAMIC, *_SQUARE})) in text


def test_a_page_without_marks():
    with pytest.raises(ValueError, match="lacks the marks"):
        with_tables("nothing")


def test_the_examples_are_true():
    text = PAGE.read_text(encoding="utf-8")
    examples = re.findall(r"^vtok\.count\((.+)\) +# (\d+)$", text, re.M)
    assert len(examples) >= 3
    for arguments, result in examples:
        assert eval(f"vtok.count({arguments})", {"vtok": vtok}) == int(result), arguments  # noqa: S307
