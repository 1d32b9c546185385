"""Pictures share a budget under a family: within it, none starved, and better than equal shares."""

import pytest
from PIL import Image

from tests.fitting.drawn import page, photo
from vtok.catalog.counting import find_model
from vtok.errors import BudgetError, UsageError
from vtok.fitting.grant import grant
from vtok.fitting.share import Allocation, Option, equal_shares
from vtok.fitting.survey import Survey, ladder

QWEN = find_model("qwen2.5-vl-7b").family
INTERN = find_model("internvl3-8b").family
PAGE, PHOTO, SKY = Survey.of(page()), Survey.of(photo(slope=1.4)), Survey.of(photo(600, 400, slope=2.5))


@pytest.mark.parametrize("family", [QWEN, INTERN])
@pytest.mark.parametrize("budget", [900, 2000, 4097, 9000, 40_000])
def test_within_the_budget_and_better_than_equal_shares(family, budget):
    surveys = [PAGE, PHOTO, SKY, PAGE, PHOTO]
    if family is INTERN and budget < 5 * 258:
        with pytest.raises(BudgetError, match="5 pictures take at least 1,290 tokens"):
            grant(surveys, family, budget)
        return
    granted = grant(surveys, family, budget)
    assert sum(one.tokens for one in granted) <= budget
    value = Allocation(tuple(_option(one) for one in granted), (1.0,) * 5).value
    equal = equal_shares([survey.item(ladder(family, survey.source)) for survey in surveys], budget)
    assert value >= equal.value - 1e-9
    for survey, one in zip(surveys, granted, strict=True):
        assert one.choice.source == survey.source
        assert family.layout(*one.choice.size).total == one.tokens
        assert (one.legibility is None) == (survey.print is None)


def _option(granted):
    return Option(granted.tokens, granted.worth)


def test_none_is_starved():
    granted = grant([PAGE] * 5 + [PHOTO], QWEN, 1800)
    assert granted[-1].tokens >= 130
    starved = grant([PAGE] * 5 + [PHOTO], QWEN, 1800, floor=0)
    assert starved[-1].tokens < 100


def test_a_blank_page_takes_little():
    blank = Survey.of(Image.new("RGB", (1000, 1300), "white"))
    assert grant([PAGE] * 5 + [blank], QWEN, 1800)[-1].tokens < 10


def test_weights_floors_and_ceilings():
    heavy, light = grant([PAGE, PAGE], QWEN, 1200, weights=[4.0, 1.0])
    assert heavy.tokens > 1.2 * light.tokens
    assert all(one.tokens <= 300 for one in grant([PAGE, SKY], QWEN, 4000, ceiling=300))
    assert all(one.tokens >= 250 for one in grant([PAGE, SKY], QWEN, 900, floor=250))


def test_print_that_is_lost_says_what_it_needs():
    lost = grant([PAGE] * 4, QWEN, 1000)[0]
    assert not lost.legibility.survives
    assert lost.legibility.needed > lost.tokens
    kept = grant([PAGE, PHOTO], QWEN, 10_000)
    assert kept[0].legibility.survives


def test_print_is_kept_where_the_budget_is_enough():
    surveys = [Survey.of(page(size=size)) for size in (12, 16, 20, 26)] + [PHOTO]
    lost = grant(surveys, QWEN, 1500)
    needed = [one.legibility.needed or one.tokens if one.legibility else one.tokens for one in lost]
    assert sum(one.legibility is not None and not one.legibility.survives for one in lost) >= 3
    for batch in (surveys, surveys[:2], surveys[1:4]):
        enough = sum(needed[surveys.index(survey)] for survey in batch)
        kept = grant(batch, QWEN, enough)
        assert sum(one.tokens for one in kept) <= enough
        assert all(one.legibility is None or one.legibility.survives for one in kept)


def test_odd_pictures_among_others():
    dot, strip = (Survey.of(Image.new("RGB", size)) for size in ((1, 1), (5000, 30)))
    granted = grant([dot, PAGE, strip], QWEN, 700)
    assert sum(one.tokens for one in granted) <= 700
    assert granted[0].tokens == QWEN.layout(1, 1).total
    with pytest.raises(UsageError, match="at most 200 times"):
        grant([PAGE, Survey.of(Image.new("RGB", (100_000, 1)))], QWEN, 700)
    assert grant([], QWEN, 100) == []
