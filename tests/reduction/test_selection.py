"""Selections: gathering, merging, and what they refuse."""

import pytest
import torch

from vtok.errors import MethodError
from vtok.reduction.selection import Selection


def test_gathering_is_untouched_to_the_bit() -> None:
    vectors = torch.randn(6, 3, dtype=torch.bfloat16)
    selection = Selection.of(torch.tensor([4, 1]), 6)
    assert selection.kept.tolist() == [1, 4]
    assert not selection.merges
    assert torch.equal(selection.apply(vectors), vectors[[1, 4]])
    assert selection.merged.sum() == 0
    assert (selection.before, selection.after) == (6, 2)


def test_merging_by_weights() -> None:
    # tokens 0 and 2 stay; 1 joins 0 with half its weight, 3 is dropped
    selection = Selection(torch.tensor([0, 2]), torch.tensor([0, 0, 1, -1]), torch.tensor([1.0, 0.5, 1.0, 9.0]))
    vectors = torch.tensor([[1.0], [4.0], [7.0], [100.0]])
    assert selection.apply(vectors).tolist() == [[3.0], [7.0]]
    assert selection.merged.tolist() == [False, True, False, False]


def test_all_keeps_everything() -> None:
    assert Selection.all(5).kept.tolist() == [0, 1, 2, 3, 4]


def test_refusals() -> None:
    with pytest.raises(MethodError, match="at least one"):
        Selection.of(torch.tensor([], dtype=torch.int64), 4)
    with pytest.raises(MethodError, match="ascend"):
        Selection(torch.tensor([2, 1]), torch.tensor([-1, 1, 0]), torch.ones(3))
    with pytest.raises(MethodError, match="over 4 tokens was applied to 5"):
        Selection.all(4).apply(torch.zeros(5, 2))


def test_a_token_may_go_into_several_survivors() -> None:
    # tokens 0 and 2 stay; 1 goes to both, by 0.25 and 0.5; 3 is dropped
    mix = torch.tensor([[1.0, 0.25, 0.0, 0.0], [0.0, 0.5, 1.0, 0.0]])
    selection = Selection.mixed(torch.tensor([0, 2]), mix)
    assert selection.slot.tolist() == [0, 1, 1, -1]
    assert selection.weight.tolist() == [1.0, 0.5, 1.0, 0.0]
    assert selection.merges
    # 1 + 0.25 * 4 = 2 and 0.5 * 4 + 7 = 9
    assert selection.apply(torch.tensor([[1.0], [4.0], [7.0], [100.0]])).flatten().tolist() == [2.0, 9.0]


@pytest.mark.parametrize("mixed", [False, True])
def test_one_selection_behind_another(mixed: bool) -> None:
    first = Selection(torch.tensor([0, 2, 3]), torch.tensor([0, 0, 1, 2, -1]), torch.tensor([1.0, 0.5, 1.0, 1.0, 1.0]))
    second = Selection(torch.tensor([0, 2]), torch.tensor([0, 0, 1]), torch.tensor([0.5, 0.5, 1.0]))
    if mixed:
        second = Selection.mixed(second.kept, second.matrix())
    both = first.then(second)
    assert both.kept.tolist() == [0, 3]
    assert both.slot.tolist() == [0, 0, 0, 1, -1]
    vectors = torch.randn(5, 3)
    assert torch.allclose(both.apply(vectors), second.apply(first.apply(vectors)))
    with pytest.raises(MethodError, match="cannot follow"):
        first.then(first)
