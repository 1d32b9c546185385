"""The three ways to count, on every family: one size, its layout, and many sizes at once, refusals included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_families import FAMILIES
from test_mtmd import SETTINGS as MTMD
from test_mtmd_tiles import SETTINGS as TILES
from test_random_sizes import SIDES
from test_transformers_recent import RECENT
from test_transformers_tiled import ALL

from vtok.errors import UsageError
from vtok.geometry.registry import FAMILIES as NAMES
from vtok.geometry.registry import make_family

EVERY = {
    **{name: make_family(name) for name in NAMES},
    **FAMILIES,
    **ALL,
    **{name: family for name, (family, _) in RECENT.items()},
    **{f"mtmd {name}": family for name, family in MTMD.items()},
    **{f"tiles {name}": family for name, family in TILES.items()},
}
SIZES = SIDES | st.integers(-1, 3) | st.integers(5000, 400_000)


def said(count, *size):
    """What a way to count says of one size, -1 where it refuses."""
    try:
        return count(*size)
    except UsageError:
        return -1


@pytest.mark.parametrize("name", EVERY)
def test_one_layout_and_many(name):
    family = EVERY[name]

    @settings(max_examples=40, deadline=None, database=None)
    @given(SIZES, SIZES)
    def check(width, height):
        one = said(family.count, width, height)
        assert type(one) is int
        assert one == said(lambda w, h: family.layout(w, h).total, width, height)
        assert one == family.count_many(np.array([width]), np.array([height])).item()

    check()
