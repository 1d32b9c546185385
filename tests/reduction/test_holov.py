"""HoloV's crops and their worth, worked out by hand."""

import pytest
import torch

from vtok.errors import MethodError
from vtok.reduction.methods.holov import HoloV
from vtok.reduction.seen import Seen

ACROSS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])


def kept(attention: list[float], budget: int, vectors: torch.Tensor = ACROSS) -> list[int]:
    seen = Seen((1, 4), vectors, cls_attention=torch.tensor([attention]))
    return HoloV(crops=2).select(seen, budget).kept.tolist()


def test_every_part_has_its_share() -> None:
    # The crops' attention is alike (0.25 and 0.25 a token), so each keeps its best: 0 and 3.
    assert kept([0.4, 0.1, 0.2, 0.3], 2) == [0, 3]


def test_a_crop_that_matters_has_more() -> None:
    # 0.4 and 0.1 a token: 1.6 and 0.4 of 2; rounded down 1 and 0, and what is left goes to the weightier one.
    assert kept([0.5, 0.3, 0.15, 0.05], 2) == [0, 1]
    # 2.4 and 0.6 of 3: 2 fit in the first, the rest is the second's.
    assert kept([0.5, 0.3, 0.15, 0.05], 3) == [0, 1, 2]


def test_the_worth_of_a_crop() -> None:
    # Two equal tokens: cosine 1 to each other, 0 (left out) to itself; the mean over others is 1, the spread
    # ((0 - 1)^2 + (1 - 1)^2) / 1 = 1, brought to the attention's mean, 300: 300 + 0.09 * 300
    worth = HoloV()._worth(torch.ones(2, 3), torch.tensor([0.2, 0.4]))
    assert float(worth) == pytest.approx(327, rel=1e-4)
    # Two tokens across each other do not spread at all.
    assert float(HoloV()._worth(ACROSS[:2], torch.tensor([0.2, 0.4]))) == pytest.approx(300)


def test_more_crops_than_tokens() -> None:
    seen = Seen((1, 4), ACROSS, cls_attention=torch.tensor([[0.4, 0.3, 0.2, 0.1]]))
    assert HoloV(crops=16).select(seen, 3).after == 3
    with pytest.raises(MethodError, match="at least one crop"):
        HoloV(crops=0)
