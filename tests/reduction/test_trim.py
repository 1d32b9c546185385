"""TRIM: what is kept, and the average of the rest."""

import pytest
import torch

from vtok.reduction.methods.trim import TRIM, outliers
from vtok.reduction.seen import Seen

VECTORS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.8, 0.6], [-1.0, 0.0]])
SEEN = Seen((2, 2), VECTORS, text=torch.tensor([[1.0, 0.0]]))


def test_the_relevant_and_the_average_of_the_rest() -> None:
    # Cosines 1, 0, 0.8, -1: 0 and 2 stay, and (0, 1) and (-1, 0) become (-0.5, 0.5) in the place of the last, 3.
    selection = TRIM().select(SEEN, 3)
    assert selection.kept.tolist() == [0, 2, 3]
    assert selection.slot.tolist() == [0, 2, 1, 2]
    assert selection.apply(VECTORS)[2].tolist() == pytest.approx([-0.5, 0.5])


def test_one_token_is_the_most_relevant() -> None:
    assert TRIM().select(SEEN, 1).kept.tolist() == [0]


def test_as_many_as_stand_out() -> None:
    # Quartiles of 1 2 3 4 20 are 2 and 4: only 20 is above 4 + 1.5 * 2 = 7.
    assert outliers(torch.tensor([1.0, 2.0, 3.0, 4.0, 20.0])) == 1
    assert outliers(torch.ones(5)) == 0
    # One token along the text among nine across it
    vectors = torch.tensor([[0.0, 1.0]] * 9 + [[1.0, 0.0]])
    assert TRIM(adaptive=True).select(Seen((1, 10), vectors, text=vectors[9:]), 6).kept.tolist() == [8, 9]
