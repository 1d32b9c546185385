"""VisionZip against numbers worked out by hand from section 3.2 of the paper and from the reference code."""

import pytest
import torch

from vtok.reduction.method import Seen
from vtok.reduction.methods.visionzip import VisionZip


@pytest.fixture
def seen() -> Seen:
    """Six tokens. CLS attends to 4 and 1 most; the keys of 0 and 3 point one way, those of 2 and 5 another."""
    attention = torch.tensor([[0.10, 0.20, 0.05, 0.05, 0.30, 0.00], [0.00, 0.20, 0.05, 0.05, 0.10, 0.10]])
    keys = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [2.0, 0.1], [0.5, 0.5], [0.1, 3.0]])
    features = torch.tensor([[1.0], [10.0], [3.0], [5.0], [20.0], [7.0]])
    return Seen((2, 3), features, features, attention, keys[None])


def test_dominant_tokens_follow_the_sum_of_cls_attention(seen: Seen) -> None:
    # sums over heads: 0.10 0.40 0.10 0.10 0.40 0.10
    selection = VisionZip(contextual=0.0).select(seen, 2)
    assert selection.kept.tolist() == [1, 4]
    assert selection.scores is not None
    assert selection.scores.tolist() == pytest.approx([0.1, 0.4, 0.1, 0.1, 0.4, 0.1])
    assert selection.slot.tolist() == [-1, 0, -1, -1, 1, -1]


def test_contextual_tokens_as_in_the_code(seen: Seen) -> None:
    # Budget 4, half contextual: 1 and 4 dominate. Others are 0 2 3 5; two targets, step 2: 0 and 3.
    # 2 = (0, 1): cosine with 0 is 0, with 3 is 0.1/2.0025 = 0.05, so it joins 3.
    # 5 = (0.1, 3)/3.0017: with 0 it is 0.033, with 3 it is (0.2 + 0.3)/(3.0017 * 2.0025) = 0.083, so it joins 3.
    selection = VisionZip(contextual=0.5).select(seen, 4)
    assert selection.kept.tolist() == [0, 1, 3, 4]
    assert selection.slot.tolist() == [0, 1, 2, 2, 3, 2]
    # The code adds the average of those who join to the target: 5 + (3 + 7) / 2 = 10. The target 0 stays 1.
    assert selection.apply(seen.vectors).flatten().tolist() == pytest.approx([1, 10, 10, 20])


def test_contextual_tokens_as_in_the_paper(seen: Seen) -> None:
    # The paper averages: (5 + 3 + 7) / 3 = 5
    selection = VisionZip(contextual=0.5, mean=True).select(seen, 4)
    assert selection.apply(seen.vectors).flatten().tolist() == pytest.approx([1, 10, 5, 20])


def test_default_share_is_ten_of_sixty_four() -> None:
    generator = torch.Generator().manual_seed(0)
    many = Seen(
        (24, 24),
        torch.rand(576, 4, generator=generator),
        torch.rand(576, 4, generator=generator),
        torch.rand(3, 576, generator=generator),
        torch.rand(2, 576, 4, generator=generator),
    )
    selection = VisionZip().select(many, 64)
    dominant = set(many.cls_attention.sum(0).topk(54).indices.tolist())
    assert selection.after == 64
    assert len(dominant & set(selection.kept.tolist())) == 54
    assert bool((selection.slot >= 0).all())


def test_the_share_of_contextual_tokens_is_rounded_and_leaves_a_dominant_one(seen: Seen) -> None:
    # 0.2 of 3 is 0.6, which is one: 1 and 4 dominate, and 0, the first of the others, takes 2, 3 and 5 in.
    assert VisionZip(contextual=0.2).select(seen, 3).slot.tolist() == [0, 1, 0, 0, 2, 0]
    assert VisionZip(contextual=0.9).select(seen, 1).kept.tolist() in ([1], [4])


def test_likeness_is_the_cosine_of_keys_averaged_over_heads() -> None:
    # 0 dominates, 1 and 2 are targets. 3 is (2, 0.5) and (0, 3.5), on average (1, 2): cosine 0.45 with (10, 0), 0.89
    # with (0, 1). The product is larger with (10, 0), and so is the first head's cosine.
    keys = torch.tensor(
        [[[1.0, 1.0], [10.0, 0.0], [0.0, 1.0], [2.0, 0.5]], [[1.0, 1.0], [10.0, 0.0], [0.0, 1.0], [0.0, 3.5]]]
    )
    vectors = torch.zeros(4, 2)
    many = Seen((2, 2), vectors, vectors, torch.tensor([[0.9, 0.0, 0.0, 0.0]]), keys)
    assert VisionZip(contextual=0.6).select(many, 3).slot.tolist() == [0, 1, 2, 2]
