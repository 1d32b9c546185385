"""llama.cpp's resize: against its arithmetic done one number at a time in single precision, and what was measured."""

import math
import random

import numpy as np
import pytest

from vtok.errors import UsageError
from vtok.geometry.families.mtmd import Mtmd

F = np.float32
SETTINGS = {
    "qwen2.5-vl": Mtmd(),
    "qwen3-vl": Mtmd(patch=16),
    "ollama": Mtmd(min_tokens=1024),
    "gemma4": Mtmd(min_tokens=70, max_tokens=1120, patch=16, merge=3),
    "pixtral": Mtmd(max_tokens=1024, patch=16, merge=1, breaks=True, markers=1),
    "pixels": Mtmd(min_pixels=112896, max_pixels=1003520),
}


def by_hand(family, width, height):
    """(columns, rows), step by step."""
    side = family.side
    least, most = family.min_pixels or family.min_tokens * side**2, family.max_pixels or family.max_tokens * side**2
    high, wide = (max(side, math.floor(float(F(length) / F(side)) + 0.5) * side) for length in (height, width))
    if high * wide > most:
        beta = np.sqrt(F(height * width) / F(most))
        high, wide = (max(side, math.floor(F(F(x) / beta) / F(side)) * side) for x in (height, width))
    elif high * wide < least:
        beta = np.sqrt(F(least) / F(height * width))
        high, wide = (math.ceil(F(F(x) * beta) / F(side)) * side for x in (height, width))
    return wide // side, high // side


def sizes(count, seed):
    draw = random.Random(seed)
    found = [(1, 1), (1, 4000), (14, 14), (42, 70), (28, 28), (8000, 6000), (30000, 20000)]
    while len(found) < count:
        edge = draw.choice((14, 16, 28, 32, 48)) * draw.randint(1, 200) // draw.choice((1, 2)) + draw.choice((-1, 0, 1))
        found.append((max(edge, 1), draw.choice((edge, draw.randint(1, 5000), draw.randint(1, 99))) or 1))
    return found


@pytest.mark.parametrize("name", SETTINGS)
def test_the_arithmetic(name):
    family = SETTINGS[name]
    pairs = sizes(1500, name)
    expected = []
    for width, height in pairs:
        columns, rows = by_hand(family, width, height)
        expected.append(columns * rows + family.markers + (rows - 1) * family.breaks)
    assert family.count_many(*np.array(pairs).T).tolist() == expected
    assert [family.layout(*pair).total for pair in pairs[:200]] == expected[:200]


def test_what_was_measured():
    # A picture of 1600 x 1600 px with Gemma 4 E2B in llama.cpp 0.6.0: 1,089 tokens, and 484 at most 512 wanted.
    assert SETTINGS["gemma4"].layout(1600, 1600).content == 1089
    assert Mtmd(min_tokens=70, max_tokens=512, patch=16, merge=3).layout(1600, 1600).content == 484


def test_halves_go_up():
    # 42 px are one and a half tokens of 28 px: 2, where transformers takes the even neighbour.
    assert Mtmd(min_tokens=1).layout(42, 70).resized == (56, 84)


@pytest.mark.parametrize("name", SETTINGS)
def test_boxes(name):
    family = SETTINGS[name]
    for width, height in sizes(60, f"boxes {name}"):
        layout = family.layout(width, height)
        left, top, right, bottom = layout.grids[0].box
        # The picture is in the middle, whole, and touches two sides; a token is a square.
        assert left + right == pytest.approx(width)
        assert top + bottom == pytest.approx(height)
        assert max(left, top) == pytest.approx(0, abs=1e-6)
        token = layout.token_boxes[0]
        assert token[2] - token[0] == pytest.approx(token[3] - token[1])
        assert layout.seen == pytest.approx((0, 0, width, height))


def test_refusals():
    with pytest.raises(UsageError, match="more pixels than llama"):
        Mtmd().layout(50_000, 50_000)
    assert Mtmd().count_many(np.array([50_000, 640, 0, 10**9]), np.array([50_000, 480, 5, 10**9])).tolist() == [
        -1,
        393,
        -1,
        -1,
    ]
    with pytest.raises(UsageError, match="no pixels"):
        Mtmd().layout(0, 5)
    with pytest.raises(UsageError, match="over the most"):
        Mtmd(min_tokens=9, max_tokens=8)
