"""ToMe inside the encoder: how many leave in each layer, and who is matched, by hand."""

import pytest
import torch

from vtok.errors import BudgetError
from vtok.reduction.methods.tome_tower import ToMeTower


@pytest.mark.parametrize(
    ("count", "layers", "budget", "plan"),
    [
        (576, 23, 192, (17,) * 22 + (10,)),  # 23 x 17 is the least multiple that is not under 384
        (36, 2, 20, (8, 8)),
        (36, 2, 9, (18, 9)),  # half of them, and half again
        (36, 3, 9, (9, 9, 9)),
        (36, 3, 7, (11, 11, 7)),  # 10 a layer leave 26, 16 and 8; 11 leave 25 and 14, and half of those
        (36, 2, 36, (0, 0)),
    ],
)
def test_as_many_in_every_layer_half_at_most(count: int, layers: int, budget: int, plan: tuple[int, ...]) -> None:
    made = ToMeTower().schedule(count, layers, budget)
    assert sum(made) == count - budget
    assert made == plan


def test_what_so_few_layers_cannot_reach_is_refused() -> None:
    with pytest.raises(BudgetError, match="leaves at least 9 of 36 tokens, half of them a layer in 2 layers"):
        ToMeTower().schedule(36, 2, 8)


def test_the_most_alike_merge_and_cls_stays_alone() -> None:
    # Two heads whose mean is: CLS (0, 1), then (1, 0), (0.1, 1), (1, 0.2), (0, 1). With CLS the places 0, 2, 4 are
    # matched with 1, 3. Cosines: 2-1 0.0995, 2-3 0.293; 4-1 0, 4-3 0.196; CLS's 0.196 with 3 is not looked at.
    mean = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.1, 1.0], [1.0, 0.2], [0.0, 1.0]])
    keys = torch.stack([mean + 0.5, mean - 0.5])
    assert ToMeTower().targets(keys, 1, cls=True).tolist() == [0, 1, 3, 3, 4]
    assert ToMeTower().targets(keys, 2, cls=True).tolist() == [0, 1, 3, 3, 3]
    # Without one, the first is a token like others: 0 and 4 are as alike to 3, the earlier one is first.
    assert ToMeTower().targets(keys, 2, cls=False).tolist() == [3, 1, 3, 3, 4]
