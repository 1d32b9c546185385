"""Random sizes a family, drawn by hypothesis, which then looks for the smallest one that comes out otherwise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_families import FAMILIES
from test_transformers_recent import RECENT
from test_transformers_tiled import ALL
from transformers_native import REFERENCES
from transformers_tiled import RULES

from vtok.errors import UsageError

PAIRS = {
    **{name: (FAMILIES[name], make) for name, make in REFERENCES.items()},
    **{name: (ALL[name], make) for name, make in RULES.items()},
    **RECENT,
}
UNITS = (14, 16, 28, 30, 32, 40, 48, 266, 336, 364, 384, 448, 490, 504, 512, 728, 980)
# Any side, and sides one pixel to either side of the edge of a grid.
SIDES = st.integers(1, 5000) | st.builds(
    lambda unit, times, off: max(1, unit * times + off),
    st.sampled_from(UNITS),
    st.integers(1, 12),
    st.integers(-1, 1),
)


@pytest.mark.parametrize("name", PAIRS)
def test_as_transformers_counts(name):
    pytest.importorskip("transformers")
    family, make = PAIRS[name]
    reference = make()

    @settings(max_examples=200, deadline=None, database=None)
    @given(SIDES, SIDES)
    def check(width, height):
        try:
            expected = reference(width, height)
        except (ValueError, ZeroDivisionError, RuntimeError):
            expected = -1
        try:
            found = family.layout(width, height).total
        except UsageError:
            found = -1
        assert found == expected
        assert family.count_many(width, height) == expected

    check()
