"""DivPrune against a case worked out by hand, and its quick start against comparing all pairs."""

import math

import pytest
import torch

from vtok.reduction.greedy import Likeness
from vtok.reduction.methods.divprune import DivPrune, loneliest
from vtok.reduction.seen import Seen


def at_angles(*degrees: float) -> torch.Tensor:
    return torch.tensor([[math.cos(math.radians(d)), math.sin(math.radians(d))] for d in degrees])


def test_the_farthest_from_those_taken_comes_next() -> None:
    # Angles 0 10 90 100 200. Nearest neighbours are 10 degrees off, but 200's, which is 100 off: 200 is first.
    # From 200: 160, 170, 110, 100 degrees: 10 is next, at 1 - cos 170 = 1.985.
    # To the nearer of 200 and 10: 10, 80, 90 degrees: 100 is next, at 1 - cos 90 = 1.
    selection = DivPrune().select(Seen((1, 5), at_angles(0, 10, 90, 100, 200)), 3)
    assert selection.kept.tolist() == [1, 3, 4]
    assert selection.scores is not None
    # 0 and 90 are each 10 degrees from one taken: 1 - cos 10 = 0.0152.
    assert selection.scores.tolist() == pytest.approx([0.0152, 1.9848, 0.0152, 1.0, 2.0], abs=1e-4)


def test_one_token_is_the_loneliest() -> None:
    assert DivPrune().select(Seen((1, 4), at_angles(0, 10, 20, 90)), 1).kept.tolist() == [3]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("wanted", [2, 40])
def test_the_quick_start_is_the_one_of_all_pairs(seed: int, wanted: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    # Neighbours are alike, as in pictures.
    vectors = torch.randn(2, 120, 4, generator=generator).cumsum(1)
    unit = torch.nn.functional.normalize(vectors, dim=-1)
    distance = 1 - unit @ unit.mT
    distance.diagonal(dim1=1, dim2=2).fill_(torch.inf)
    nearest = distance.amin(-1)
    found = loneliest(Likeness(vectors, wanted), 120)
    assert torch.allclose(nearest[torch.arange(2), found], nearest.amax(-1), atol=1e-6)


def test_a_short_search_still_begins_somewhere() -> None:
    found = loneliest(Likeness(torch.randn(1, 50, 8, generator=torch.Generator().manual_seed(0)), 2), 2)
    assert 0 <= int(found) < 50
