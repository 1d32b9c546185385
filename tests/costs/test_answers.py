"""How many checkpoints get a whole answer, and that the page says which do not."""

from pathlib import Path

import pytest

import vtok
from vtok.costs.answers import answers_table, open_checkpoints, unanswered, with_answers

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"


def test_the_page_counts_them():
    if not PAGE.exists():
        pytest.skip("a distribution without its documentation")
    text = PAGE.read_text(encoding="utf-8")
    assert with_answers(text) == text, "run: python -m vtok.costs.answers docs/accuracy.md"


def test_what_is_whole_lacks_nothing_and_the_others_do():
    for one in open_checkpoints():
        cost = vtok.cost((640, 480), one.name, "rtx-4090")
        parts = (*vars(cost.memory).values(), *vars(cost.flops).values(), *vars(cost.seconds).values())
        whole = None not in parts
        assert whole == (one.name not in unanswered()), one.name


def test_most_are_whole():
    assert len(unanswered()) <= len(open_checkpoints()) // 4
    first = answers_table().partition("\n")[0]
    assert first.startswith(f"{len(open_checkpoints()) - len(unanswered())} of the {len(open_checkpoints())} open")
