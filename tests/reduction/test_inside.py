"""Methods inside the language model: fastv, pyramiddrop, vtw, keynorm, horizon, dart, by hand."""

import pytest
import torch

from vtok.errors import MethodError
from vtok.reduction.in_layer import InLayer
from vtok.reduction.methods.dart import DART
from vtok.reduction.methods.fastv import FastV
from vtok.reduction.methods.horizon import Horizon
from vtok.reduction.methods.keynorm import KeyNorm
from vtok.reduction.methods.pyramiddrop import PyramidDrop
from vtok.reduction.methods.vtw import VTW


def at(count: int, **seen: torch.Tensor) -> InLayer:
    hidden = seen.pop("hidden", torch.zeros(count, 2))
    return InLayer(2, 32, hidden, torch.arange(count), **seen)


def test_fastv_averages_heads_of_the_last_row() -> None:
    # Means over heads: 0.3, 0.4, 0.4, 0.05; the largest of either head are those of 0 and 2, of the first 0 and 1.
    attention = torch.tensor([[[0.6, 0.4, 0.3, 0.0]], [[0.0, 0.4, 0.5, 0.1]]])
    selection = FastV().select(at(4, attention=attention), 2)
    assert selection.kept.tolist() == [1, 2]
    assert FastV().plan(64, 576, 32) == ((2, 64),)
    assert FastV(layer=5).plan(64, 576, 32) == ((5, 64),)
    assert not FastV().looks_ahead
    with pytest.raises(MethodError, match="layers 1 to 31"):
        FastV(layer=0).plan(64, 576, 32)


def test_pyramiddrop_halves_at_even_steps() -> None:
    assert PyramidDrop().plan(72, 576, 32) == ((8, 288), (16, 144), (24, 72))
    assert PyramidDrop(stages=2).plan(72, 576, 28) == ((14, 72),)
    assert PyramidDrop().looks_ahead
    assert not PyramidDrop(ahead=False).looks_ahead
    # Means over heads: 0.3, 0.4, 0.05
    attention = torch.tensor([[[0.6, 0.4, 0.0]], [[0.0, 0.4, 0.1]]])
    assert PyramidDrop().select(at(3, attention=attention), 1).kept.tolist() == [1]
    with pytest.raises(MethodError, match="only 3 layers"):
        PyramidDrop().plan(72, 576, 3)
    with pytest.raises(MethodError, match="at least 2 stages"):
        PyramidDrop(stages=1)


def test_vtw_leaves_nothing() -> None:
    assert VTW().plan(0, 576, 32) == ((16, 0),)
    assert VTW(layer=20).plan(0, 576, 32) == ((20, 0),)
    with pytest.raises(MethodError, match="layers 0 to 3"):
        VTW(layer=4).plan(0, 576, 4)


def test_keynorm_keeps_small_keys_after_averaging_heads() -> None:
    # Token 0's heads cancel out: norm 0. Token 1: 1. Token 2: 2.
    keys = torch.tensor([[[3.0, 0.0], [1.0, 0.0], [0.0, 2.0]], [[-3.0, 0.0], [1.0, 0.0], [0.0, 2.0]]])
    selection = KeyNorm().select(at(3, keys=keys), 2)
    assert selection.kept.tolist() == [0, 1]
    assert selection.scores is not None
    assert selection.scores.tolist() == [0.0, -1.0, -2.0]
    assert KeyNorm().plan(64, 576, 32) == ((22, 64),)


def test_horizon_is_seeded_and_deep() -> None:
    assert Horizon().plan(64, 576, 32) == ((20, 64),)
    assert Horizon(layer=5).plan(64, 576, 32) == ((5, 64),)
    first = Horizon(seed=1).select(at(50), 9).kept
    assert torch.equal(first, Horizon(seed=1).select(at(50), 9).kept)
    assert not torch.equal(first, Horizon(seed=2).select(at(50), 9).kept)


def test_dart_keeps_pivots_and_what_is_unlike_them() -> None:
    # Keys by L1 norm: visual 3 1 1 1, so that token 0 is a pivot; textual 1 5: the second text token. Two more to keep,
    # one for each pivot. Unlike token 0 = (1, 0): token 3 = (-1, 0). Unlike the text's (0, -1): token 2 = (0, 1).
    seen = at(
        4,
        hidden=torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [-1.0, 0.0]]),
        keys=torch.tensor([[[3.0], [1.0], [1.0], [-1.0]]]),
        text=torch.tensor([[1.0, 1.0], [0.0, -1.0]]),
        text_keys=torch.tensor([[[1.0], [-5.0]]]),
    )
    assert DART(visual=1, textual=1).select(seen, 3).kept.tolist() == [0, 2, 3]
    # Two text pivots and none of the picture: each draws one; the first text token (1, 1) comes second.
    assert DART(visual=0, textual=2).select(seen, 2).kept.tolist() == [2, 3]
    with pytest.raises(MethodError, match="at least one pivot"):
        DART(visual=0, textual=0)


def test_dart_measures_pivots_by_l1_and_draws_the_first_ones_more() -> None:
    # L1 norms of keys 3, 4, 1, 1, 1 (of L2 the first is the largest): token 1 = (0, 2) is the pivot. Three more to keep
    # for two pivots: the first draws two, those least alike to (0, 2): 3 and 0; the text's (1, 0) draws 2.
    seen = at(
        5,
        hidden=torch.tensor([[1.0, 0.0], [0.0, 2.0], [-0.6, 0.8], [0.0, -1.0], [0.6, 0.8]]),
        keys=torch.tensor([[[3.0, 0.0], [2.0, 2.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]]),
        text=torch.tensor([[5.0, 0.0]]),
        text_keys=torch.tensor([[[1.0, 0.0]]]),
    )
    selection = DART(visual=1, textual=1).select(seen, 4)
    assert selection.kept.tolist() == [0, 1, 2, 3]
    assert selection.scores is not None
    # Minus the cosine to the nearest pivot
    assert selection.scores.tolist() == pytest.approx([-1.0, -1.0, -0.8, 0.0, -0.8])
