"""SparseVLM: raters, recycling and the rank, worked out by hand."""

import pytest
import torch

from vtok.errors import MethodError
from vtok.reduction.clusters import density_peaks
from vtok.reduction.in_layer import InLayer
from vtok.reduction.methods.sparsevlm import SparseVLM


def at(scores: torch.Tensor, hidden: torch.Tensor | None = None) -> InLayer:
    count = scores.shape[-1]
    return InLayer(
        3, 32, torch.zeros(count, 1) if hidden is None else hidden, torch.arange(count), scores.view(1, -1, count)
    )


def test_raters_are_what_the_picture_is_drawn_to() -> None:
    # Products 2, 0, 0; softmax 0.787, 0.107, 0.107; only the first is above the mean of a third.
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    text = torch.tensor([[2.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    assert SparseVLM().raters(vectors, text).tolist() == [0]
    # Each visual token has one voice, however long it is: products (10, 0), (0, 2), (0, 2), softmax (1, 0) and twice
    # (0.12, 0.88).
    loud = torch.tensor([[10.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert SparseVLM().raters(loud, torch.tensor([[1.0, 0.0], [0.0, 2.0]])).tolist() == [1]
    # Where no text token stands out, the last one rates.
    assert SparseVLM().raters(vectors, torch.zeros(3, 2)).tolist() == [2]


def test_attention_is_averaged_over_raters() -> None:
    # 0.25, 0.3, 0.2
    selection = SparseVLM(recycled=0).select(at(torch.tensor([[0.5, 0.2, 0.1], [0.0, 0.4, 0.3]])), 1)
    assert selection.kept.tolist() == [1]
    # Over two heads 0.3, 0.4, 0.05
    heads = torch.tensor([[[0.6, 0.4, 0.0]], [[0.0, 0.4, 0.1]]])
    both = InLayer(3, 32, torch.zeros(3, 1), torch.arange(3), heads)
    assert SparseVLM(recycled=0).select(both, 1).kept.tolist() == [1]


def test_the_next_best_are_recycled() -> None:
    # 13 tokens, attention falling; a budget of 4. Kept 4, 9 would drop, 0.3 * 9 + 1 = 3 be recycled into one cluster:
    # 5 in all, one too many. Kept 3, of 10 dropped 4 are recycled into one cluster, tokens 3 to 6, at its centre.
    # With one cluster all densities are 1, so that the first of them is the centre.
    hidden = torch.arange(13.0)[:, None]
    selection = SparseVLM().select(at(torch.linspace(1, 0, 13)[None], hidden), 4)
    assert selection.kept.tolist() == [0, 1, 2, 3]
    assert selection.slot.tolist() == [0, 1, 2, 3, 3, 3, 3, -1, -1, -1, -1, -1, -1]
    # (3 + 4 + 5 + 6) / 4 = 4.5
    assert selection.apply(hidden).flatten().tolist() == pytest.approx([0, 1, 2, 4.5])


def test_the_rank_of_the_raters_attention_is_a_cap() -> None:
    # Two raters that agree: rank 1
    agreeing = torch.linspace(1, 0, 9).expand(2, 9)
    assert SparseVLM(recycled=0, rank_scale=2).select(at(agreeing), 5).after == 2
    assert SparseVLM(recycled=0).select(at(agreeing), 5).after == 5


def test_three_depths() -> None:
    # The cube root of 110 / 576 is 0.576: 576, 331.7, 191.1, 110
    assert SparseVLM().plan(110, 576, 32) == ((3, 332), (7, 191), (16, 110))
    with pytest.raises(MethodError, match="share"):
        SparseVLM(recycled=2)


def test_density_peaks_by_hand() -> None:
    # Two nearest are the token and its neighbour: half the squared distance is 0.5 0.125 0.125 0.08 0.08, so that 10
    # and 10.4 are densest, then 1 and 1.5, then 0. To the nearest denser: 0 has 1; 1 has 9; 1.5 has 0.5; 10, the
    # densest, has the largest distance there is, 10.4; 10.4 has 0.4. Times density: 10 and 1 are the centres.
    points = torch.tensor([[0.0], [1.0], [1.5], [10.0], [10.4]])
    centres, member = density_peaks(points, 2)
    assert centres.tolist() == [3, 1]
    assert member.tolist() == [1, 1, 1, 0, 0]
