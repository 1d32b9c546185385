"""CDPruner against kernels worked out by hand, and its quick inference against plain determinants."""

import pytest
import torch

from vtok.errors import MethodError
from vtok.reduction.greedy import Likeness
from vtok.reduction.methods.cdpruner import CDPruner, most_diverse, relevance_of
from vtok.reduction.seen import Seen

VECTORS = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])


@pytest.mark.parametrize(("weight", "second"), [(0.5, 1), (0.6, 2)])
def test_the_greedy_choice_by_hand(weight: float, second: int) -> None:
    # Weights 1, 0.9, w; the kernel's diagonal is 1, 0.81, w^2: token 0 is first.
    # With token 0 taken, token 1 has 0.81 - (0.9 * 0.8)^2 = 0.2916 left, token 2 all its w^2: 0.25 or 0.36.
    picked = most_diverse(Likeness(VECTORS[None], 2), torch.tensor([[1.0, 0.9, weight]]), 2)
    assert picked.tolist() == [[0, second]]


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_greedy_choice_by_determinants(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    vectors, weight = torch.randn(1, 9, 6, generator=generator), torch.rand(1, 9, generator=generator) + 0.1
    unit = torch.nn.functional.normalize(vectors[0].double(), dim=-1)
    kernel = weight[0].double()[:, None] * (unit @ unit.T) * weight[0].double()
    taken: list[int] = []
    for _ in range(5):
        gains = [-1.0 if i in taken else float(torch.det(kernel[[*taken, i]][:, [*taken, i]])) for i in range(9)]
        taken.append(max(range(9), key=gains.__getitem__))
    assert most_diverse(Likeness(vectors, 5), weight, 5).tolist() == [taken]


def test_relevance_is_the_mean_cosine_to_the_text() -> None:
    # The text points right and up: (cos + sin) / 2 is 0.5, (0.8 + 0.6) / 2 = 0.7, 0.5
    seen = Seen((1, 3), VECTORS * 3, text=torch.tensor([[2.0, 0.0], [0.0, 5.0]]))
    assert relevance_of(seen).tolist() == pytest.approx([0.5, 0.7, 0.5])
    assert CDPruner().select(seen, 1).kept.tolist() == [1]


def test_theta_weighs_relevance() -> None:
    # Two tokens alike and relevant, one unlike them and not. Relevance 1, 0.8, 0 (after stretching).
    vectors = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, -1.0]])
    seen = Seen((1, 3), vectors, text=torch.tensor([[1.0, 0.0]]))
    # As it is, the third weighs nothing: token 1 has 0.64 - 0.4096 left.
    assert CDPruner().select(seen, 2).kept.tolist() == [0, 1]
    # theta 0 makes all weights 1, which leaves diversity alone: the third has all of its 1 left.
    assert CDPruner(theta=0.0).select(seen, 2).kept.tolist() == [0, 2]
    with pytest.raises(MethodError, match="theta"):
        CDPruner(theta=1.0)
