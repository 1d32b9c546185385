"""Requests that make no sense are refused in one line."""

import pytest

from vtok.costs.request import Request
from vtok.costs.result import Context, Range
from vtok.errors import UsageError


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text_tokens": -1}, "text_tokens is -1"),
        ({"new_tokens": 1.5}, "new_tokens is 1.5"),
        ({"batch": 0}, "batch is 0; expected a whole number of at least 1"),
        ({"layer": -2, "budget": 3}, "layer is -2"),
        ({"layer": 2}, "a layer without a budget"),
        ({"method": "visionzip"}, "a method without a budget"),
    ],
)
def test_what_makes_no_sense(given, said):
    with pytest.raises(UsageError, match=said):
        Request(((100, 100),), **given)


def test_positions_add_up():
    context = Context(visual=576, visual_before=576, structural=2, text=22, new=100, window=512)
    assert (context.prompt, context.total, context.overflow) == (600, 700, 188)
    assert Context(1, 1, 0, 1, 1).overflow == 0


def test_ranges():
    both = Range(1, 4) + Range(2, 3)
    assert both == Range(3, 7)
    assert both.times(2) == Range(6, 14)
    assert Range(1, 4).middle == 2
