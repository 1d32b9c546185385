"""One budget for many pictures: how many tokens each gets.

Each picture has options: a number of tokens, and the part of its detail that is kept with them. One option is chosen
for each so that together they stay within the budget and

    sum of weight x log(kept)

is greatest. The logarithm makes this *proportional fairness* (F. P. Kelly, "Charging and rate control for elastic
traffic", 1997): a change is worth it when what one picture gains, in per cent of the detail it has, is more than what
the others lose. Nobody is starved, and a page of small print, which gains with every token, gets more than a picture of
the sky, which gains nothing.

Solved exactly. It is a multiple-choice knapsack; a dynamic programme goes from picture to picture and keeps the states
(tokens so far, value so far) that no other state beats in both, and of those only the ones that can still reach the
value of a good allocation found before, by the bound of the Lagrangian relaxation (P. Sinha and A. A. Zoltners, "The
multiple-choice knapsack problem", Operations Research 27, 1979).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtok.errors import BudgetError, UsageError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Sums of logarithms in another order differ in their last digits; a state is not given up for that.
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Option:
    """``tokens`` that a picture may take, and the part of its detail that is ``kept`` then, over 0 and up to 1."""

    tokens: int
    kept: float


@dataclass(frozen=True)
class Item:
    """A picture that shares a budget: its options in any order, and how much it counts.

    ``floor``: the fewest tokens it gets, or all that it can use where that is less. ``ceiling``: the most it gets.
    """

    options: tuple[Option, ...]
    weight: float = 1.0
    floor: int = 0
    ceiling: int | None = None


@dataclass(frozen=True)
class Allocation:
    """The option chosen for each item, in the order of the items."""

    chosen: tuple[Option, ...]
    weights: tuple[float, ...]

    @property
    def tokens(self) -> int:
        """Tokens of all together."""
        return sum(option.tokens for option in self.chosen)

    @property
    def value(self) -> float:
        """What was made greatest: the sum of weight x log(kept)."""
        pairs = zip(self.weights, self.chosen, strict=True)
        return math.fsum(weight * math.log(option.kept) for weight, option in pairs)


def share(items: Sequence[Item], budget: int) -> Allocation:
    """The best allocation of at most ``budget`` tokens, exactly; see the head of this file for what best means.

    Raises ``BudgetError`` where even the smallest options together are over the budget, and ``UsageError`` for an item
    without options, or one whose options make no sense.
    """
    stairs = [_stairs(item, number) for number, item in enumerate(items, 1)]
    least = [options[0].tokens for options in stairs]
    if sum(least) > budget:
        raise BudgetError(_too_little(least, budget))
    tokens = [np.array([option.tokens for option in options], np.int64) for options in stairs]
    values = [
        item.weight * np.log([option.kept for option in options]) for item, options in zip(items, stairs, strict=True)
    ]
    picks = _solve(tokens, values, budget)
    chosen = tuple(options[pick] for options, pick in zip(stairs, picks, strict=True))
    return Allocation(chosen, tuple(item.weight for item in items))


def equal_shares(items: Sequence[Item], budget: int) -> Allocation | None:
    """What every tool does that knows of no better: the same number of tokens for each; None where one needs more."""
    each = budget // max(1, len(items))
    chosen = []
    for number, item in enumerate(items, 1):
        within = [option for option in _stairs(item, number) if option.tokens <= each]
        if not within:
            return None
        chosen.append(within[-1])
    return Allocation(tuple(chosen), tuple(item.weight for item in items))


def _stairs(item: Item, number: int) -> list[Option]:
    """The options that may be chosen and that no cheaper one equals, cheapest first."""
    if not item.weight > 0:
        raise UsageError(f"item {number} has the weight {item.weight:g}; it must be over 0")
    bad = [option for option in item.options if not (0 < option.kept <= 1 and option.tokens >= 0)]
    if bad or not item.options:
        met = f"the option {bad[0]}" if bad else "no option"
        raise UsageError(f"item {number} has {met}; expected tokens of 0 or more and kept over 0 and up to 1")
    floor = min(item.floor, max(option.tokens for option in item.options))
    ceiling = math.inf if item.ceiling is None else item.ceiling
    steps: list[Option] = []
    for option in sorted(item.options, key=lambda one: (one.tokens, -one.kept)):
        if floor <= option.tokens <= ceiling and (not steps or option.kept > steps[-1].kept):
            steps.append(option)
    if not steps:
        least = min(option.tokens for option in item.options)
        bounds = f"between {item.floor:,} and {item.ceiling or 0:,} tokens"
        raise BudgetError(f"item {number} has no size {bounds}; its smallest is {least:,}")
    return steps


def _too_little(least: list[int], budget: int) -> str:
    within = int(np.searchsorted(np.cumsum(sorted(least)), budget, side="right"))
    enough = f"which is enough for {within} of them" if within else "which is too little for any of them"
    return f"{len(least)} pictures take at least {sum(least):,} tokens together; the budget is {budget:,}, {enough}"


def _solve(tokens: list[Ints], values: list[Floats], budget: int) -> list[int]:
    """The index of the chosen option of each item."""
    price, floor = _relaxed(tokens, values, budget)
    # The most that item i can add to the bound, its tokens paid for at the price; summed over the items still to come.
    most = np.array([(value - price * cost).max() for cost, value in zip(tokens, values, strict=True)])
    to_come = np.append(np.cumsum(most[::-1])[::-1], 0.0)
    used, value = np.zeros(1, np.int64), np.zeros(1)
    trail: list[tuple[Ints, Ints]] = []
    least_to_come = np.append(np.cumsum([cost[0] for cost in tokens][::-1])[::-1], 0)
    for i, (cost, gain) in enumerate(zip(tokens, values, strict=True)):
        spent = np.add.outer(used, cost).ravel()
        worth = np.add.outer(value, gain).ravel()
        bound = worth + price * (budget - spent) + to_come[i + 1]
        alive = np.flatnonzero((spent + least_to_come[i + 1] <= budget) & (bound >= floor - _SLACK))
        alive = alive[np.lexsort((-worth[alive], spent[alive]))]
        best = np.maximum.accumulate(worth[alive])
        alive = alive[np.append(True, best[1:] > best[:-1])]
        used, value = spent[alive], worth[alive]
        trail.append(np.divmod(alive, len(cost)))
    state = int(value.argmax())
    picks = []
    for before, option in reversed(trail):
        picks.append(int(option[state]))
        state = int(before[state])
    return picks[::-1]


def _relaxed(tokens: list[Ints], values: list[Floats], budget: int) -> tuple[float, float]:
    """The price of a token in the relaxed problem, and the value of a real allocation near its optimum.

    Steps of the items' convex hulls are taken by their gain a token, the best first; the first that does not fit sets
    the price.
    """
    steps = []
    for i, (cost, gain) in enumerate(zip(tokens, values, strict=True)):
        hull = _hull(cost, gain)
        for a, b in itertools.pairwise(hull):
            steps.append(((gain[b] - gain[a]) / (cost[b] - cost[a]), int(cost[b] - cost[a]), gain[b] - gain[a], i))
    left = budget - sum(int(cost[0]) for cost in tokens)
    value = math.fsum(float(gain[0]) for gain in values)
    price, full = 0.0, set()
    for slope, cost_step, gain_step, i in sorted(steps, key=lambda step: (-step[0], step[3])):
        if i in full:
            continue
        if cost_step <= left:
            left, value = left - cost_step, value + gain_step
        else:
            full.add(i)
            price = price or float(slope)
    return price, float(value)


def _hull(cost: Ints, gain: Floats) -> list[int]:
    """Indices of the upper convex hull of a staircase."""
    hull: list[int] = []
    for i in range(len(cost)):
        while len(hull) > 1 and _slope(cost, gain, hull[-1], i) >= _slope(cost, gain, hull[-2], hull[-1]):
            hull.pop()
        hull.append(i)
    return hull


def _slope(cost: Ints, gain: Floats, a: int, b: int) -> float:
    return float((gain[b] - gain[a]) / (cost[b] - cost[a]))
