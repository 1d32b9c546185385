"""Sharing a budget: as good as brute force, never over, and never worse than equal shares."""

import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtok.errors import BudgetError, UsageError
from vtok.fitting.share import Item, Option, equal_shares, share

options = st.lists(
    st.builds(Option, st.integers(0, 30), st.floats(0.01, 1.0, exclude_min=True)), min_size=1, max_size=5
).map(tuple)
items = st.lists(st.builds(Item, options, st.floats(0.1, 5)), min_size=1, max_size=5)


def brute(shared, budget):
    """The greatest value of any choice within the budget, None where there is none."""
    found = [
        math.fsum(item.weight * math.log(option.kept) for item, option in zip(shared, chosen, strict=True))
        for chosen in itertools.product(*(item.options for item in shared))
        if sum(option.tokens for option in chosen) <= budget
    ]
    return max(found, default=None)


@given(items, st.integers(0, 120))
def test_as_good_as_brute_force(shared, budget):
    best = brute(shared, budget)
    if best is None:
        with pytest.raises(BudgetError):
            share(shared, budget)
        return
    found = share(shared, budget)
    assert found.tokens <= budget
    assert found.value == pytest.approx(best, abs=1e-8)
    assert all(option in item.options for item, option in zip(shared, found.chosen, strict=True))


def staircase(draw, steps=24, largest=1500):
    tokens = np.unique(draw.integers(16, largest, steps))
    kept = np.sort(draw.uniform(0.05, 1, len(tokens)))
    return tuple(Option(int(t), float(k)) for t, k in zip(tokens, kept, strict=True))


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_never_worse_than_equal_shares(seed, number):
    draw = np.random.default_rng(seed)
    shared = [Item(staircase(draw), float(draw.uniform(0.5, 2))) for _ in range(number)]
    budget = int(draw.integers(1, 900)) * number
    equal = equal_shares(shared, budget)
    if equal is not None:
        found = share(shared, budget)
        assert found.tokens <= budget
        assert found.value >= equal.value - 1e-9


def test_what_gains_more_gets_more():
    page = Item(tuple(Option(t, t / 1000) for t in (100, 300, 500, 1000)))
    sky = Item(tuple(Option(t, k) for t, k in ((100, 0.97), (300, 0.98), (500, 0.99), (1000, 1.0))))
    found = share([page, sky], 1100)
    assert [option.tokens for option in found.chosen] == [1000, 100]


def test_alike_pictures_get_alike():
    page = Item(tuple(Option(t, t / 1000) for t in range(100, 1001, 100)))
    assert {option.tokens for option in share([page] * 4, 2000).chosen} == {500}


def test_weight_floor_and_ceiling():
    choices = tuple(Option(t, t / 1000) for t in range(100, 1001, 100))
    heavy = share([Item(choices, weight=3.0), Item(choices)], 800).chosen
    assert [option.tokens for option in heavy] == [600, 200]
    assert share([Item(choices, weight=9.0), Item(choices, floor=400)], 800).chosen[1].tokens == 400
    assert share([Item(choices, weight=9.0, ceiling=300), Item(choices)], 800).chosen[0].tokens == 300
    assert share([Item(choices, floor=5000)], 1000).chosen[0].tokens == 1000  # all that it can use
    with pytest.raises(BudgetError, match="no size between 0 and 50 tokens; its smallest is 100"):
        share([Item(choices, ceiling=50)], 1000)


def test_too_small_a_budget():
    shared = [Item((Option(tokens, 1.0),)) for tokens in (100, 200, 300)]
    with pytest.raises(BudgetError, match="3 pictures take at least 600 tokens together; the budget is 350, which is"):
        share(shared, 350)
    with pytest.raises(BudgetError, match="enough for 2 of them"):
        share(shared, 350)
    with pytest.raises(BudgetError, match="too little for any of them"):
        share(shared, 99)
    assert share(shared, 600).tokens == 600


def test_nothing_to_share():
    assert share([], 100).chosen == ()
    assert share([], 0).tokens == 0


@pytest.mark.parametrize("item", [Item(()), Item((Option(1, 0.0),)), Item((Option(1, 1.5),)), Item((Option(-1, 0.5),))])
def test_options_that_make_no_sense(item):
    with pytest.raises(UsageError, match="item 1 has"):
        share([item], 10)
    with pytest.raises(UsageError, match="item 1 has the weight 0"):
        share([Item((Option(1, 1.0),), weight=0)], 10)


def test_a_thousand_pages_in_good_time():
    draw = np.random.default_rng(0)
    shared = [Item(staircase(draw, 30)) for _ in range(1000)]
    start = time.perf_counter()
    found = share(shared, 400_000)
    assert time.perf_counter() - start < 10
    assert 399_000 < found.tokens <= 400_000
