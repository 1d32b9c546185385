"""FasterVLM: the mean of CLS attention over heads."""

import pytest
import torch

from vtok.reduction.methods.fastervlm import FasterVLM
from vtok.reduction.seen import Seen


def test_the_most_attended_stay() -> None:
    # Means: 0.2, 0.25, 0.3, 0.15
    attention = torch.tensor([[0.4, 0.1, 0.2, 0.3], [0.0, 0.4, 0.4, 0.0]])
    selection = FasterVLM().select(Seen((2, 2), torch.zeros(4, 3), cls_attention=attention), 2)
    assert selection.kept.tolist() == [1, 2]
    assert selection.scores is not None
    assert selection.scores.tolist() == pytest.approx([0.2, 0.25, 0.3, 0.15])
    assert not selection.merges


def test_without_cls_what_patches_receive_stands_in() -> None:
    seen = Seen((1, 3), torch.zeros(3, 3), received_attention=torch.tensor([[0.1, 0.5, 0.4]]))
    assert FasterVLM().select(seen, 1).kept.tolist() == [1]
