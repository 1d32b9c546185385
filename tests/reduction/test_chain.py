"""Methods one behind another: what is read, what is printed, what contradicts itself."""

import pytest

from vtok.errors import BudgetError, MethodError, VtokError
from vtok.reduction.chain import Chain, Step, chain_of
from vtok.reduction.method import Stage
from vtok.reduction.methods.random import Random
from vtok.reduction.registry import parse, parse_chain


@pytest.mark.parametrize(
    ("spec", "canonical"),
    [
        ("visionzip", "visionzip"),
        ("visionzip:192|fastv:64@2", "visionzip:192 | fastv:64@2"),
        (" visionzip( contextual = 0.25 ) : 192 | fastv : 64 @ 3 ", "visionzip(contextual=0.25):192 | fastv:64@3"),
        ("fastv", "fastv@2"),
        ("random(seed=3):25%", "random(seed=3):25%"),
        ("pool:64 | vtw@12", "pool:64 | vtw@12"),
        ("vtw", "vtw"),
    ],
)
def test_what_is_printed_is_what_is_read(spec: str, canonical: str) -> None:
    chain = parse_chain(spec)
    assert str(chain) == canonical
    assert parse_chain(canonical) == chain
    assert parse_chain(chain) is chain


@pytest.mark.parametrize(
    ("spec", "error", "said"),
    [
        ("fastv:64@2 | visionzip:192", MethodError, "write visionzip before fastv"),
        ("downsample:64 | downsample:32", MethodError, "both act on the picture"),
        ("fastv:64@4 | fastv:32@2", MethodError, "layers must ascend"),
        ("vtw@4 | fastv:32@6", MethodError, "nothing to do"),
        ("visionzip:64 | fastv:192@2", BudgetError, "must not grow"),
        ("visionzip | fastv@2", BudgetError, "no budgets of their own"),
        ("vtw:64@8", BudgetError, "takes no budget"),
        ("visionzip:0", BudgetError, "at least 1"),
        ("visionzip:many", BudgetError, "cannot read the budget"),
        ("visionzip:64@2", MethodError, "does not act at one layer"),
        ("visionzip:64 |", MethodError, "cannot read the method"),
        ("fastv:64@two", MethodError, "cannot read the method"),
        ("fastw:64@2", MethodError, "did you mean fastv"),
    ],
)
def test_what_contradicts_itself_is_explained(spec: str, error: type[VtokError], said: str) -> None:
    with pytest.raises(error, match=said):
        parse_chain(spec)


def test_the_open_step_takes_the_budget_from_elsewhere() -> None:
    assert str(parse_chain("visionzip | fastv:64@2").with_budget(192)) == "visionzip:192 | fastv:64@2"
    assert str(parse_chain("visionzip").with_budget(None, "25%")) == "visionzip:25%"
    assert str(parse_chain("visionzip:64").with_budget(None, "25%")) == "visionzip:64"
    with pytest.raises(BudgetError, match="leave one out"):
        parse_chain("visionzip:64").with_budget(32)
    with pytest.raises(BudgetError, match="needs a budget"):
        parse_chain("visionzip").with_budget(None)
    with pytest.raises(BudgetError, match="at least 1"):
        parse_chain("visionzip").with_budget(0)


def test_how_many_each_step_may_leave() -> None:
    chain = parse_chain("visionzip:192 | fastv:10%@2 | vtw@16")
    assert chain.keeps(576) == (192, 57, 0)
    assert chain.keeps(100) == (100, 10, 0)
    with pytest.raises(BudgetError, match="more than there is"):
        chain.keeps(100, fixed=True)
    with pytest.raises(BudgetError, match="fastv may leave 288 tokens, but only 192"):
        parse_chain("visionzip:192 | fastv:50%@2").keeps(576)
    with pytest.raises(BudgetError, match="must not grow"):
        parse_chain("visionzip:192 | fastv:193@2")


def test_made_in_python() -> None:
    chain = chain_of(Random(seed=1), 64)
    assert str(chain) == "random(seed=1):64"
    assert chain.at(Stage.TOKENS) == (Step(Random(seed=1), 64),)
    assert chain.at(Stage.LAYERS) == ()
    with pytest.raises(MethodError, match="no method"):
        Chain(())


def test_one_method_alone_may_have_a_layer_but_no_budget() -> None:
    assert parse("fastv@3") == parse("fastv(layer=3)")
    with pytest.raises(MethodError, match="only a method is expected"):
        parse("fastv:64@3")


def test_a_layer_that_the_model_does_not_have() -> None:
    step = parse_chain("fastv:64@40").steps[0]
    with pytest.raises(MethodError, match="layers 1 to 31 for it"):
        step.method.plan(64, 576, 32)
