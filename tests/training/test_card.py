"""The embedded model keeps what its card promises; slow, since it asks four thousand questions."""

import pytest

pytest.importorskip("font_roboto")

from training.evaluate import by_task
from training.tasks import COUNTED


@pytest.mark.slow
def test_held_out_exact_match() -> None:
    table = by_task(pictures=600)
    asked = sum(table[task][1] for task in COUNTED)
    overall = sum(table[task][0] * table[task][1] for task in COUNTED) / asked
    assert overall >= 0.85
    assert min(table[task][0] for task in COUNTED) >= 0.70
