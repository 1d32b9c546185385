"""The page on costs: its lists are the catalog's, and its examples can be typed and begin as they are shown."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vtok.catalog.device_listing import with_tables
from vtok.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "cost.md"
SHOWN = re.findall(r"^\$ vtok (.+)\n((?:(?!```).*\n)+)```", PAGE.read_text(encoding="utf-8"), re.M)


def test_the_lists_are_the_catalog():
    text = PAGE.read_text(encoding="utf-8")
    assert with_tables(text) == text, "run: python -m vtok.catalog.device_listing docs/cost.md"


def test_a_page_without_marks():
    with pytest.raises(ValueError, match="lacks the marks"):
        with_tables("nothing")


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_an_example_prints_what_is_shown(command, shown):
    result = CliRunner().invoke(main.app, shlex.split(command))
    assert result.exit_code == 0
    # Figures move when the formulas get better; what stands beside them does not.
    assert _words(result.stdout) == _words(shown)


def test_every_example_can_be_typed(monkeypatch, tmp_path):
    """Every command of the page that needs no file: its options exist and go together."""
    page = PAGE.read_text(encoding="utf-8")
    commands = [line.partition("#")[0].strip() for line in page.splitlines() if line.startswith("vtok cost --")]
    assert len(commands) >= 4
    for command in commands:
        assert CliRunner().invoke(main.app, shlex.split(command)[1:]).exit_code == 0, command


def _words(text):
    return re.sub(r"\d[\d,.]*( ms| s|%)?|[#=~:.\[\]]+|\s+", " ", text).split()
