"""Questions turned round: held against a search over everything that there is."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from vtok.catalog.checkpoints import checkpoints, find_checkpoint
from vtok.catalog.devices import Device, devices, find_device
from vtok.catalog.text_sizes import TextSizes
from vtok.costs import question as question_module
from vtok.costs import solve
from vtok.costs.question import ask, shrink
from vtok.costs.request import Request
from vtok.costs.solve import Goal
from vtok.errors import UsageError

CARD = find_device("rtx-4060")
SMALL = find_checkpoint("vtok-mini")


def question(images=((1000, 800),), model="qwen2.5-vl-7b", device=CARD, weights="q4_k_m", **asked):
    return ask(Request(tuple(images), **asked), model, device, weights)


@pytest.mark.parametrize("model", ["qwen2.5-vl-7b", "llava-1.6-mistral-7b", "internvl3-8b"])
def test_the_largest_image_is_the_largest_of_all_that_meet_the_goal(model, monkeypatch):
    for module in (solve, question_module):
        monkeypatch.setattr(module, "LONGEST", 320)
    asked = question(((300, 200),), model=model, weights="bf16", device=find_device("a100"))
    times = {}
    for long in range(1, 321):
        size = long, max(1, (2 * long * 200 + 300) // 600)
        cost = asked.changed(images=(size,)).cost
        times[size] = cost.seconds.first_token.high
    # Goals that only some sizes meet, not in the order of their area where a model cuts tiles.
    for part in (0.05, 0.2, 0.4, 0.6, 0.9):
        goal = Goal(ttft=float(np.quantile(list(times.values()), part)))
        best = max((size for size, time in times.items() if time <= goal.ttft), key=lambda size: size[0] * size[1])
        assert solve.largest_image(asked, goal).question.request.images == (best,)


@pytest.mark.parametrize("most", [1, 2, 3, 100, 128])
def test_the_last_number_for_which_something_holds(most):
    for last in range(1, most + 1):
        assert solve.last(lambda number, last=last: number <= last, most) == last


def test_an_image_of_any_size_where_the_model_makes_no_more_tokens():
    found = solve.largest_image(question(model="llava-1.5-7b", weights="awq"), Goal())
    assert not found.bounded


def test_the_most_pictures():
    asked = question(((1241, 1755),))
    found = solve.most_pictures(asked, Goal())
    number = len(found.question.request.images)
    assert found.question.cost.fits
    assert not asked.changed(images=((1241, 1755),) * (number + 1)).cost.fits


@pytest.mark.parametrize(
    "one", [one for one in checkpoints() if one.text.layers and one.vision.layers], ids=lambda one: one.name
)
def test_each_further_picture_costs_more(one):
    """Why the number of pictures may be bisected: no part of any model's cost falls with one picture more."""
    asked = ask(Request(((640, 480),)), one, find_device("a100"), "bf16")
    costs = [asked.changed(images=((640, 480),) * number).cost for number in (1, 2, 3, 5, 9)]
    for before, after in itertools.pairwise(costs):
        assert after.context.total >= before.context.total
        if before.memory.total is not None:
            assert after.memory.total >= before.memory.total
        if before.seconds.first_token is not None:
            assert after.seconds.first_token.high >= before.seconds.first_token.high


def test_the_budget_is_the_largest_that_meets_the_goal():
    asked = question(((1200, 900),))
    goal = Goal(ttft=0.8)
    found = solve.largest_budget(asked, goal)
    for budget in range(1, 1400, 7):
        shrunk = asked.shrunk(budget)
        if shrunk is not None and goal.met(shrunk):
            most = budget
    assert most - 7 < found.budget or shrink(asked.model, (1200, 900), most) == found.question.request.images[0]
    assert goal.met(found.question)
    assert not any(goal.met(asked.shrunk(found.budget + more)) for more in range(40, 400, 40))


def test_the_budget_of_a_method():
    asked = question(((1200, 900),), budget="50%", method="visionzip")
    goal = Goal(ttft=1.0)
    found = solve.largest_budget(asked, goal)
    assert goal.met(asked.changed(budget=found.budget))
    assert not goal.met(asked.changed(budget=found.budget + 1))


@pytest.mark.parametrize("method", ["visionzip", "fastv", "pyramiddrop", "downsample", "fastv@5"])
def test_each_further_token_that_a_method_keeps_costs_more(method):
    """Why the budget of a method may be bisected."""
    asked = question(((600, 500),))
    costs = [asked.changed(budget=budget, method=method).cost for budget in range(1, 378, 13)]
    for before, after in itertools.pairwise(costs):
        assert after.context.total >= before.context.total
        assert after.memory.total >= before.memory.total
        assert after.seconds.first_token.high >= before.seconds.first_token.high


def test_the_least_context():
    asked = question(((2000, 1500),))
    found = solve.least_context(asked)
    window = found.question.context
    assert not found.question.cost.context.overflow
    assert asked.changed(context=window - 1).cost.context.overflow == 1
    assert solve.least_context(question(((336, 336),) * 10, model="llava-1.5-7b", weights="awq")) is None


def test_devices_that_do_come_by_price():
    asked = question(device=None, weights="awq")
    found = [one.question.device for one in solve.cheapest_devices(asked, Goal(ttft=2.0))]
    assert found
    met = {
        one.name
        for one in devices()
        if Goal(ttft=2.0).met(asked.changed(device=one)) and asked.changed(device=one).cost.fits
    }
    assert {one.name for one in found} == met
    prices = [one.price for one in found]
    known = [price for price in prices if price is not None]
    assert prices[: len(known)] == sorted(known)


def test_a_goal_that_nothing_meets():
    asked = question(weights="bf16")
    for one in (solve.largest_image, solve.most_pictures, solve.largest_budget):
        assert one(asked, Goal()) is None


def test_what_is_not_known_is_not_met():
    nameless = Device("nameless", memory=None, bandwidth=None)
    assert not Goal(ttft=100).met(question(device=nameless))
    assert not Goal(memory=2**50).met(question(model=replace(SMALL, text=TextSizes()), device=CARD, weights="bf16"))


def test_without_pictures():
    for one in (solve.most_pictures, solve.largest_budget):
        with pytest.raises(UsageError, match="--size"):
            one(question(images=()), Goal())
