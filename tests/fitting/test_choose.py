"""The choice against every size there is, tried one by one."""

import random

import numpy as np
import pytest

from tests.fitting.small_families import FAMILIES
from vtok.catalog.checkpoints import checkpoints
from vtok.catalog.foreign import Foreign
from vtok.errors import BudgetError, UsageError
from vtok.fitting.choose import choose
from vtok.fitting.detail import detail
from vtok.geometry.reachable import STRETCH
from vtok.geometry.registry import FAMILIES as NAMES
from vtok.geometry.registry import make_family


def test_every_family_is_here():
    assert set(FAMILIES) == set(NAMES)


def every_size(source):
    """All sizes up to ``source`` that may be chosen: nearly its shape, or its shape as near as whole px allow."""
    width, height = source
    long, short = max(source), min(source)
    found = []
    for w in range(1, width + 1):
        for h in range(1, height + 1):
            longer, shorter = (w, h) if width >= height else (h, w)
            same = shorter == max(1, int(longer * short / long + 0.5))
            if same or 1 / STRETCH <= (w / width) / (h / height) <= STRETCH:
                found.append((w, h))
    return found


def tried(family, source):
    """Tokens and detail of every size that the family takes."""
    for size in every_size(source):
        try:
            layout = family.layout(*size)
        except UsageError:
            continue
        yield layout.total, detail(layout, source)


def held_against_all(family, source, draw):
    counts, details = map(np.array, zip(*tried(family, source), strict=True))
    full = family.layout(*source).total
    least = int(counts.min())
    for budget in {least - 1, least, full - 1, *draw.choices(range(1, full + 1), k=4)} - {0}:
        fits = counts <= budget
        if not fits.any():
            with pytest.raises(BudgetError, match=f"at least {least:,} tokens"):
                choose(family, source, budget)
            continue
        found = choose(family, source, budget)
        assert found.tokens <= budget
        assert found.size[0] <= source[0]
        assert found.size[1] <= source[1]
        if full <= budget:
            assert found.size == source
        else:
            assert found.detail >= details[fits].max() * (1 - 1e-9), (source, budget, found.size)


@pytest.mark.parametrize("name", FAMILIES)
def test_none_of_all_sizes_is_better(name):
    draw = random.Random(name)
    for _ in range(3):
        source = draw.randint(25, 85), draw.randint(25, 85)
        held_against_all(FAMILIES[name], source, draw)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_none_of_all_sizes_is_better_often(name):
    draw = random.Random(name)
    for _ in range(40):
        source = draw.randint(20, 120), draw.randint(20, 120)
        held_against_all(FAMILIES[name], source, draw)


def held_against_promises(family, source, draw):
    """As ``held_against_all``, for pictures of many sizes: one that has too few px to show more needs no layout."""
    try:
        full = family.layout(*source).total
    except UsageError:
        return
    widths, heights = np.array(every_size(source)).T
    counts = family.count_many(widths, heights)
    promises = np.minimum(widths / source[0], heights / source[1]) ** 2 * (source[0] * source[1])
    least = int(counts[counts >= 0].min())
    for budget in {least, full - 1, draw.randint(least, full), draw.randint(least, full)} - {full}:
        if budget < least:
            continue
        found = choose(family, source, budget)
        assert found.tokens <= budget
        better = (counts >= 0) & (counts <= budget) & (promises > found.detail * (1 + 1e-9))
        for size in zip(widths[better].tolist(), heights[better].tolist(), strict=True):
            shown = detail(family.layout(*size), source)
            assert shown <= found.detail * (1 + 1e-9), (source, budget, found.size, size)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_none_is_better_at_full_scale(name):
    draw = random.Random(name)
    for _ in range(2):
        held_against_promises(make_family(name), (draw.randint(500, 900), draw.randint(500, 900)), draw)


def test_equal_detail_takes_fewer_tokens():
    # 36 x 28 tokens would fit too, and show no more of a 4:3 picture than 36 x 27: its width is the limit.
    found = choose(make_family("smart_resize", {"max_pixels": 12845056}), (4000, 3000), 1024)
    assert found.size == found.layout.resized == (1008, 756)
    assert found.tokens == 36 * 27
    assert found.survives == pytest.approx(0.252**2)


def test_a_strip_a_pixel_high_can_still_be_shrunk():
    found = choose(make_family("internvl"), (100_000, 1), 600)
    assert found.tokens <= 600
    assert found.size[1] == 1


@pytest.mark.parametrize(
    ("name", "source", "budget", "survives"),
    [
        ("minicpmv", (676, 857), 61, 0.273),  # 397 x 450 px; no line of whole tokens comes near
        ("gemma4", (1092, 1417), 247, 0.326),  # 910 x 1300 px: 10 to 7, which floats round down to 19 x 13 tokens
    ],
)
def test_sizes_off_the_lines_are_found(name, source, budget, survives):
    assert choose(make_family(name), source, budget).survives == pytest.approx(survives, abs=0.002)


def test_budgets_that_cannot_be():
    with pytest.raises(BudgetError, match="the budget is 0; expected 1 token or more"):
        choose(make_family("smart_resize"), (100, 100), 0)
    with pytest.raises(UsageError, match="at most 200 times"):
        choose(make_family("smart_resize"), (3000, 10), 5)


def test_every_checkpoint_is_within_the_budget_and_never_enlarged():
    draw = random.Random(3)
    shrunk = 0
    for one in checkpoints():
        source = draw.randint(300, 3000), draw.randint(300, 3000)
        full = one.family.layout(*source).total
        budget = draw.randint(max(1, full // 3), full)
        try:
            found = choose(one.family, source, budget)
        except BudgetError:
            continue
        assert one.family.layout(*found.size).total == found.tokens <= budget
        assert found.size[0] <= source[0]
        assert found.size[1] <= source[1]
        assert 0 < found.survives <= 1
        shrunk += found.size != source
    assert shrunk > 60


def test_a_rule_that_tells_numbers_only():
    """Somebody else's processor, which says how many tokens a size takes and nothing of where they are."""
    real = make_family("smart_resize")
    found = choose(Foreign("Theirs", lambda height, width: real.layout(width, height).total), (900, 700), 300)
    assert real.layout(*found.size).total == found.tokens <= 300
    assert found.detail > 0.9 * choose(real, (900, 700), 300).detail
