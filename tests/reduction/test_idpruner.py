"""IDPruner's maximal marginal relevance, worked out by hand."""

import pytest
import torch

from vtok.errors import MethodError
from vtok.reduction.methods.idpruner import IDPruner
from vtok.reduction.seen import Seen

ATTENTION = torch.tensor([[0.5, 0.45, 0.3, 0.1]])
SEEN = Seen((2, 2), torch.tensor([[1.0, 0], [1, 0], [0, 1], [-1, 0]]), cls_attention=ATTENTION)


def test_importance_against_likeness() -> None:
    # Importance, stretched: 1, 0.875, 0.5, 0. Token 0 is first. Then half of it less half the likeness to token 0:
    # 0.4375 - 0.5 = -0.0625; 0.25 - 0 = 0.25; 0 + 0.5 = 0.5: token 3. Then token 2 (0.25).
    assert IDPruner().select(SEEN, 2).kept.tolist() == [0, 3]
    assert IDPruner().select(SEEN, 3).kept.tolist() == [0, 2, 3]


def test_importance_alone() -> None:
    assert IDPruner(weight=1.0).select(SEEN, 2).kept.tolist() == [0, 1]
    with pytest.raises(MethodError, match="from 0 to 1"):
        IDPruner(weight=2.0)
