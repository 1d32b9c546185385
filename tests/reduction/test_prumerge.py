"""PruMerge and PruMerge+ against numbers worked out by hand."""

import pytest
import torch

from vtok.errors import MethodError
from vtok.reduction.methods.prumerge import PruMerge
from vtok.reduction.methods.prumerge_plus import PruMergePlus
from vtok.reduction.seen import Seen

KEYS = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0], [-1.0, 0.0]])
FEATURES = torch.tensor([[1.0], [10.0], [3.0], [5.0], [20.0]])
SEEN = Seen((1, 5), FEATURES, FEATURES, torch.tensor([[0.1, 0.4, 0.2, 0.25, 0.05]]), KEYS[None])


def test_neighbours_are_added_by_their_attention() -> None:
    # 1 and 3 stay. Most alike to 1 is 0: 10 + 0.1 * 1 = 10.1; to 3 it is 2: 5 + 0.2 * 3 = 5.6. All that is not kept, in
    # the place of the last, 4: 0.1 * 1 + 0.2 * 3 + 0.05 * 20 = 1.7
    selection = PruMerge(neighbours=1).select(SEEN, 3)
    assert selection.kept.tolist() == [1, 3, 4]
    assert selection.apply(FEATURES).flatten().tolist() == pytest.approx([10.1, 5.6, 1.7])


def test_averages_as_in_the_paper() -> None:
    # 10.1 / 1.1, 5.6 / 1.2, 1.7 / 0.35
    selection = PruMerge(neighbours=1, mean=True).select(SEEN, 3)
    assert selection.apply(FEATURES).flatten().tolist() == pytest.approx([9.1818, 4.6667, 4.8571], abs=1e-4)


def test_neighbours_may_be_kept_ones() -> None:
    # With four neighbours each of the two takes in all others: 10 + 0.1 + 0.6 + 0.25 * 5 + 1 = 12.95
    selection = PruMerge().select(SEEN, 3)
    assert float(selection.apply(FEATURES)[0]) == pytest.approx(12.95)


def test_as_many_as_stand_out() -> None:
    # Quartiles of 0.1 0.4 0.2 0.25 0.05 are 0.1 and 0.25: nothing is above 0.25 + 1.5 * 0.15 = 0.475
    assert PruMerge(adaptive=True).select(SEEN, 4).after == 1
    # 0.9 among 0.1's: the quartiles are 0.1, and 0.9 stands out, so that it and the token for the rest stay
    attention = torch.tensor([[0.1, 0.9, 0.1, 0.1, 0.1]])
    other = Seen((1, 5), FEATURES, FEATURES, attention, KEYS[None])
    assert PruMerge(adaptive=True).select(other, 4).kept.tolist() == [1, 4]


def test_plus_spreads_most_of_the_budget() -> None:
    # Nine tokens, a budget of 5: one for the rest, one of four for attention (token 4), three spread over the other
    # eight, at (0.5, 1.5, 2.5) * 8 / 3 = 1.3, 4, 6.7: 1, 5 and 7. The last not kept is 8.
    attention = torch.full((1, 9), 0.1)
    attention[0, 4] = 0.9
    seen = Seen((3, 3), torch.randn(9, 2), torch.randn(9, 2), attention, torch.randn(2, 9, 2))
    assert PruMergePlus().select(seen, 5).kept.tolist() == [1, 4, 5, 7, 8]
    # A budget of 7: of six, 6 / 4 = 1.5, two for attention (4 and 0); four of the other seven, at (0.5 ... 3.5) * 7 / 4
    # = 0.9, 2.6, 4.4, 6.1: 1, 3, 6 and 8. The last not kept is 7.
    attention[0, 0] = 0.8
    assert PruMergePlus().select(seen, 7).kept.tolist() == [0, 1, 3, 4, 6, 7, 8]
    with pytest.raises(MethodError, match="spread"):
        PruMergePlus(spread=-1)
    with pytest.raises(MethodError, match="neighbour"):
        PruMerge(neighbours=0)
