"""What a cut leaves in every layer, against numbers worked out by hand and against the methods themselves."""

import pytest

from vtok.catalog.checkpoints import find_checkpoint
from vtok.costs.reduction import BEFORE_THE_ENCODER, SCHEDULES, cut
from vtok.costs.request import Request
from vtok.errors import BudgetError, UsageError

LLAVA = find_checkpoint("llava-1.5-7b").family.layout(336, 336)


def cut_of(layers=32, pictures=1, **asked):
    return cut(Request(**asked), (LLAVA,) * pictures, layers)


def test_before_the_language_model_every_layer_is_short():
    one = cut_of(pictures=2, budget=144)
    assert (one.before, one.after, one.plan) == ((576, 576), (144, 144), ((0, 288),))
    assert [one.visual_at(layer) for layer in (0, 31)] == [288, 288]
    assert one.encoder_share == 1


def test_at_a_layer_those_before_it_stay_whole():
    one = cut_of(budget="25%", layer=5)
    assert [one.visual_at(layer) for layer in (0, 4, 5, 31)] == [576, 576, 144, 144]


def test_a_layer_behind_an_at():
    assert cut_of(budget=64, method="fastv@3").plan == ((3, 64),)
    with pytest.raises(UsageError, match="cannot read the layer in 'fastv@x'"):
        cut_of(budget=64, method="fastv@x")


def test_stages():
    one = cut_of(budget=72, method="pyramiddrop")
    assert one.plan == ((8, 288), (16, 144), (24, 72))
    assert [one.visual_at(layer) for layer in (7, 8, 16, 24)] == [576, 288, 144, 72]


def test_nothing_is_left_by_a_method_that_takes_no_budget():
    one = cut_of(budget=576, method="vtw")
    assert [one.visual_at(layer) for layer in (15, 16)] == [576, 0]


def test_a_smaller_picture_is_less_work_for_the_encoder():
    assert cut_of(budget=144, method="downsample").encoder_share == pytest.approx(0.25)
    assert cut_of(budget=144, method="visionzip").encoder_share == 1


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"budget": 0}, BudgetError, "keeps no visual token"),
        ({"budget": "many"}, BudgetError, "cannot read the budget"),
        ({"budget": 64, "layer": 32}, UsageError, "there is no layer 32.*layers 0 to 31"),
    ],
)
def test_what_makes_no_sense(asked, error, said):
    with pytest.raises(error, match=said):
        cut_of(**asked)


def test_no_pictures():
    assert cut(Request(budget=10), (), 4).before == ()


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_those_of_the_methods(name):
    pytest.importorskip("torch")
    from vtok.reduction.registry import parse

    for layers in (12, 28, 32):
        assert parse(name).plan(72, 576, layers) == SCHEDULES[name](72, 576, layers)


def test_methods_that_come_before_the_encoder_say_so():
    pytest.importorskip("torch")
    from vtok.reduction.method import Stage
    from vtok.reduction.registry import method_class, names

    early = {name for name in names() if method_class(name).stage in (Stage.PIXELS, Stage.PATCHES)}
    assert early <= set(BEFORE_THE_ENCODER)
