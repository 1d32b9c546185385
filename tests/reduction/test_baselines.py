"""random, uniform, pool and downsample, on cases worked out by hand."""

import torch

from vtok.reduction.method import Seen
from vtok.reduction.methods.downsample import Downsample
from vtok.reduction.methods.pool import Pool
from vtok.reduction.methods.random import Random
from vtok.reduction.methods.uniform import Uniform


def grid(rows: int, columns: int) -> Seen:
    vectors = torch.arange(rows * columns, dtype=torch.float32)[:, None]
    return Seen((rows, columns), vectors)


def test_random_is_seeded() -> None:
    first = Random(seed=1).select(grid(6, 6), 9).kept
    assert torch.equal(first, Random(seed=1).select(grid(6, 6), 9).kept)
    assert not torch.equal(first, Random(seed=2).select(grid(6, 6), 9).kept)


def test_uniform_takes_the_middles_of_even_cells() -> None:
    # 4 x 4 tokens, 4 to keep: cells of 2 x 2, of each the token at (1, 1), that is rows 1 and 3, columns 1 and 3
    assert Uniform().select(grid(4, 4), 4).kept.tolist() == [5, 7, 13, 15]


def test_uniform_fills_the_budget() -> None:
    selection = Uniform().select(grid(4, 4), 6)
    assert selection.after == 6


def test_pool_is_the_average_of_each_window() -> None:
    # rows 0 1 2 3 / 4 5 6 7 / 8 ... : the upper left window is (0 + 1 + 4 + 5) / 4 = 2.5
    seen = grid(4, 4)
    selection = Pool().select(seen, 4)
    assert selection.apply(seen.vectors).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert selection.kept.tolist() == [0, 2, 8, 10]
    assert int((selection.slot >= 0).sum()) == 16


def test_pool_of_uneven_windows_weighs_every_token_of_a_window_alike() -> None:
    # 1 x 5 tokens in 2 windows: 0 1 2 | 3 4
    seen = grid(1, 5)
    assert Pool().select(seen, 2).apply(seen.vectors).flatten().tolist() == [1.0, 3.5]


def test_downsample_keeps_the_shape() -> None:
    assert Downsample().shrink((24, 24), 150) == (12, 12)
    assert Downsample().shrink((10, 40), 100) == (5, 20)
