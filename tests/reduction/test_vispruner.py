"""VisPruner's two halves, worked out by hand."""

import pytest
import torch

from vtok.errors import MethodError
from vtok.reduction.methods.vispruner import VisPruner
from vtok.reduction.seen import Seen

# Attention falls from token 0 to token 7.
ATTENTION = torch.linspace(0.8, 0.1, 8)[None]
FEATURES = torch.tensor([[1.0, 0], [1, 0], [1, 0], [1, 0], [1, 1], [1, 0.1], [1, 1], [0, 1]])
SEEN = Seen((2, 4), FEATURES, features=FEATURES, cls_attention=ATTENTION)


def test_rounds_drop_duplicates() -> None:
    # Tokens 0 and 1 are important; 2 3 4 5 6 7 are left, of which 2 may stay. First round: 2 4 6 against 3 5 7, of
    # which up to 4 are dropped: all of 2 4 6. Then 3 and 7 against 5, one to drop: 3 is more alike to 5 (0.995, and 7
    # 0.0995).
    assert VisPruner().select(SEEN, 4).kept.tolist() == [0, 1, 5, 7]


def test_small_rounds() -> None:
    # One a round. 2 4 6 against 3 5 7: 2 leaves (1 to 3); 4 (0.774 to 5) and 6 (the same) stay: 4 6 3 5 7. Then 4 3 7
    # against 6 5: 4 leaves (1 to 6), then 3 (0.995 to 5) before 7 (0.707 to 6): 3 7 6 5. Then 3 6 against 7 5: 3 leaves
    # (0.995 to 5): 6 7 5. Then 6 5 against 7: 6 leaves (0.707, and 5 has 0.0995).
    assert VisPruner(step=1).select(SEEN, 4).kept.tolist() == [0, 1, 5, 7]


def test_all_of_it_for_importance() -> None:
    assert VisPruner(important=1.0).select(SEEN, 3).kept.tolist() == [0, 1, 2]
    with pytest.raises(MethodError, match="share"):
        VisPruner(important=1.5)
    with pytest.raises(MethodError, match="at least 1"):
        VisPruner(step=0)
