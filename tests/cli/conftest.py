"""What every test of the verbs needs."""

import pytest

from vtok.cli import common


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    """Tables as wide as they like: rich keeps the COLUMNS that it met when whoever came first imported it."""
    monkeypatch.setattr(common.console, "_width", 200)
