"""What holds for every method, whatever it does."""

import dataclasses
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reduction import making
from vtok.errors import BudgetError, MethodError
from vtok.reduction.in_layer import LayerMethod
from vtok.reduction.method import Method, Need, PatchMethod, Stage, TokenMethod
from vtok.reduction.registry import method_class, names, parse
from vtok.reduction.selection import Selection

SELECTING = tuple(n for n in names(Stage.TOKENS, Stage.PATCHES, Stage.LAYERS) if method_class(n).takes_budget)
PICTURES = tuple(name for name in names(Stage.TOKENS) if not method_class(name).video)
LAYERED = names(Stage.LAYERS)


def select(name: str, budget: int, rows: int = 6, columns: int = 6, **options: Any) -> Selection:
    """What a method makes of a drawn picture, video or layer."""
    method = parse(name)
    if isinstance(method, TokenMethod):
        return method.select(making.seen(rows, columns, frames=4 if method.video else 0, **options), budget)
    if isinstance(method, LayerMethod):
        return method.select(making.in_layer(rows * columns, **options), budget)
    assert isinstance(method, PatchMethod)
    options.pop("constant", None)
    return method.select(making.patches(rows, columns, **options), budget)


def check(method: Method, selection: Selection, budget: int) -> None:
    assert 1 <= selection.after <= budget
    if method.exact:
        assert selection.after == budget
    assert bool((selection.kept[1:] > selection.kept[:-1]).all())
    assert torch.equal(selection.slot[selection.kept], torch.arange(selection.after))
    assert selection.slot.min() >= -1
    assert selection.slot.max() < selection.after
    # Every token is kept, merged into a kept one, or dropped.
    dropped = int((selection.slot < 0).sum())
    assert selection.after + int(selection.merged.sum()) + dropped == selection.before
    assert bool(selection.weight.isfinite().all())
    assert selection.scores is None or not bool(selection.scores.isnan().any())


@pytest.mark.parametrize("name", SELECTING)
@given(rows=st.integers(1, 9), columns=st.integers(2, 9), seed=st.integers(0, 99), share=st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_the_budget_is_kept(name: str, rows: int, columns: int, seed: int, share: float) -> None:
    method, count = parse(name), rows * columns * (4 if method_class(name).video else 1)
    least = method.least(((rows, columns),) * 4) if method.video else 1
    budget = least + int(share * (count - 1 - least))
    selection = select(name, budget, rows, columns, seed=seed)
    check(method, selection, budget)
    again = select(name, budget, rows, columns, seed=seed)
    assert torch.equal(selection.kept, again.kept)
    assert torch.equal(selection.matrix(), again.matrix())


@pytest.mark.parametrize("name", SELECTING)
@pytest.mark.parametrize("end", ["least", "most"])
def test_the_ends_of_the_budget(name: str, end: str) -> None:
    method, frames = parse(name), 4 if method_class(name).video else 1
    least = method.least(((6, 6),) * frames)
    budget = least if end == "least" else 36 * frames - 1
    check(method, select(name, budget), budget)


@pytest.mark.parametrize("name", SELECTING)
@pytest.mark.parametrize("budget", [36, 71])
def test_pictures_of_one_colour_are_no_trouble(name: str, budget: int) -> None:
    rows = 3 if method_class(name).video else 9
    selection = select(name, budget, rows, 8, constant=True)
    check(parse(name), selection, budget)
    assert bool(selection.apply(torch.ones(selection.before, 3)).isfinite().all())


@pytest.mark.parametrize("name", SELECTING)
def test_half_precision(name: str) -> None:
    for dtype in (torch.bfloat16, torch.float16):
        selection = (
            select(name, 72, 9, 9, dtype=dtype) if not method_class(name).video else select(name, 72, dtype=dtype)
        )
        check(parse(name), selection, 72)
        vectors = torch.randn(selection.before, 4).to(dtype)
        assert selection.apply(vectors).dtype == dtype


@pytest.mark.parametrize("name", PICTURES)
def test_several_pictures_are_as_one_by_one(name: str) -> None:
    method = parse(name)
    assert isinstance(method, TokenMethod)
    images = [making.seen(6, 6, 0), making.seen(4, 5, 1), making.seen(6, 6, 2), making.seen(6, 6, 3)]
    budgets = [9, 9, 9, 12]
    for seen, budget, together in zip(images, budgets, method.select_many(images, budgets), strict=True):
        alone = method.select(seen, budget)
        assert torch.equal(together.kept, alone.kept)
        assert torch.allclose(together.matrix(), alone.matrix(), atol=1e-6)


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("budget", [1, 7, 40, 79])
def test_tiles(name: str, budget: int) -> None:
    method = parse(name)
    assert isinstance(method, TokenMethod)
    check(method, method.select(making.tiled(), budget), budget)


@pytest.mark.parametrize("name", names(Stage.TOKENS))
def test_only_what_is_asked_for_is_looked_at(name: str) -> None:
    fields = {
        Need.CLS_ATTENTION: "cls_attention",
        Need.FIRST_ATTENTION: "first_attention",
        Need.KEYS: "keys",
        Need.FEATURES: "features",
        Need.TEXT: "text",
        Need.RECEIVED_ATTENTION: "received_attention",
    }
    method = parse(name)
    assert isinstance(method, TokenMethod)
    whole = making.seen(frames=4 if method.video else 0)
    budget = 80 if method.video else 20
    bare = dataclasses.replace(
        whole, **{field: None for need, field in fields.items() if need not in method.needs | method.wishes}
    )
    assert torch.equal(method.select(bare, budget).kept, method.select(whole, budget).kept)


@pytest.mark.parametrize("name", LAYERED)
@pytest.mark.parametrize("layers", [4, 28, 32, 80])
def test_plans(name: str, layers: int) -> None:
    method = parse(name)
    assert isinstance(method, LayerMethod)
    plan = method.plan(64, 576, layers)
    at = [layer for layer, _ in plan]
    keeps = [keep for _, keep in plan]
    assert at == sorted(set(at))
    assert 0 <= at[0] <= at[-1] < layers
    assert keeps == sorted(keeps, reverse=True)
    assert keeps[-1] == (64 if method.takes_budget else 0)
    assert keeps[0] < 576


@pytest.mark.parametrize("name", names())
def test_needs_are_resolved_or_named(name: str) -> None:
    method = parse(name)
    assert method.needs_from(frozenset(Need)) == method.needs | method.wishes
    if not method.needs:
        assert method.needs_from(frozenset()) == frozenset()
        return
    with pytest.raises(MethodError, match="which this model does not have"):
        method.needs_from(frozenset())
    with_stand_ins = frozenset(Need) - method.stand_ins.keys()
    assert method.needs_from(with_stand_ins) == {
        *(method.stand_ins.get(need, need) for need in method.needs),
        *method.wishes,
    }


def test_budgets_under_what_a_method_can_leave() -> None:
    with pytest.raises(BudgetError, match="at least 36 tokens"):
        parse("evs").check_budget(35, ((6, 6),) * 4)
    parse("evs").check_budget(36, ((6, 6),) * 4)


@pytest.mark.parametrize("name", [name for name in names(Stage.TOKENS) if method_class(name).video])
def test_methods_for_videos_refuse_pictures(name: str) -> None:
    method = parse(name)
    assert isinstance(method, TokenMethod)
    with pytest.raises(MethodError, match="take another method for pictures"):
        method.select(making.seen(), 9)
