"""SCOPE's coverage, by hand, and its shortcut against working out every gain."""

import pytest
import torch

from vtok.reduction.methods.scope import SCOPE, covering
from vtok.reduction.seen import Seen

VECTORS = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])


def test_coverage_with_equal_attention() -> None:
    # Sums of cosines: 1.8, 2.4, 1.6: token 1. Then 0 adds 1 - 0.8 = 0.2 (itself), 2 adds 1 - 0.6 = 0.4.
    seen = Seen((1, 3), VECTORS, cls_attention=torch.full((1, 3), 0.3))
    assert SCOPE().select(seen, 1).kept.tolist() == [1]
    assert SCOPE().select(seen, 2).kept.tolist() == [1, 2]


def test_attention_weighs() -> None:
    # 0.9 * 1.8 is the most. Then token 1 adds 0.2 + 0.6, token 2 adds 1 (0.6 - 0.8 of token 1 counts as 0).
    seen = Seen((1, 3), VECTORS, cls_attention=torch.tensor([[0.9, 0.05, 0.05]]))
    assert SCOPE().select(seen, 2).kept.tolist() == [0, 2]
    # Squared, 0.0049 * 0.8 against 0.0025 * 1
    seen = Seen((1, 3), VECTORS, cls_attention=torch.tensor([[0.9, 0.07, 0.05]]))
    assert SCOPE(alpha=2.0).select(seen, 2).kept.tolist() == [0, 1]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("at_once", [1, 4, 32])
def test_the_shortcut_gives_what_all_gains_give(seed: int, at_once: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    unit = torch.nn.functional.normalize(torch.randn(40, 6, generator=generator), dim=-1)
    likeness, worth = unit @ unit.T, torch.rand(40, generator=generator)
    covered, taken = torch.zeros(40), []
    for _ in range(15):
        gains = (likeness - covered).clamp(min=0).sum(-1) * worth
        gains[taken] = -1
        taken.append(int(gains.argmax()))
        covered = torch.maximum(covered, likeness[taken[-1]])
    assert covering(likeness, worth, 15, at_once).tolist() == taken
