"""A budget shared among parts."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from vtok.reduction.sharing import share_out


def test_by_weight_then_what_is_left_to_the_heaviest() -> None:
    # 10 by 5 : 3 : 2 is 5, 3, 2; 9 is 4.5, 2.7, 1.8: 4, 2, 1 and two left for the two heaviest
    most = torch.tensor([9, 9, 9])
    assert share_out(torch.tensor([5.0, 3.0, 2.0]), 10, most).tolist() == [5, 3, 2]
    assert share_out(torch.tensor([5.0, 3.0, 2.0]), 9, most).tolist() == [5, 3, 1]


def test_what_does_not_fit_goes_elsewhere() -> None:
    assert share_out(torch.tensor([1.0, 0.0, 0.0]), 6, torch.tensor([2, 2, 2])).tolist() == [2, 2, 2]


@given(
    parts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9)), min_size=1, max_size=6),
    total=st.integers(0, 60),
)
def test_the_sum_is_exact(parts: list[tuple[float, int]], total: int) -> None:
    weights, most = torch.tensor([w for w, _ in parts]), torch.tensor([m for _, m in parts])
    shares = share_out(weights, total, most)
    assert int(shares.sum()) == min(total, int(most.sum()))
    assert bool((shares <= most).all())
    assert bool((shares >= 0).all())
