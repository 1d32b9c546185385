"""Even divisions of a grid."""

import pytest
import torch

from vtok.reduction.windows import balanced_grid, middles, window_of


@pytest.mark.parametrize(
    ("grid", "budget", "expected"),
    [((24, 24), 144, (12, 12)), ((24, 24), 64, (8, 8)), ((24, 24), 1, (1, 1)), ((10, 40), 64, (4, 16)), ((2, 2), 99, (2, 2))],
)
def test_balanced(grid: tuple[int, int], budget: int, expected: tuple[int, int]) -> None:
    assert balanced_grid(grid, budget) == expected


@pytest.mark.parametrize("grid", [(24, 24), (5, 17), (1, 9)])
@pytest.mark.parametrize("budget", [1, 2, 3, 10, 50, 400])
def test_every_window_has_its_middle(grid: tuple[int, int], budget: int) -> None:
    parts = balanced_grid(grid, budget)
    assert parts[0] * parts[1] <= budget
    assert parts[0] <= grid[0]
    assert parts[1] <= grid[1]
    window, middle = window_of(grid, parts), middles(grid, parts)
    assert torch.equal(window[middle], torch.arange(parts[0] * parts[1]))
    assert bool((middle[1:] > middle[:-1]).all())
