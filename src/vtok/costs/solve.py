"""Questions turned round: the largest picture, the most pages, the budget, the context or the devices that do.

A goal is met by the slow end of a range of seconds. Sizes and budgets are searched one by one over what a model's rule
can reach, the largest first, so that no step of the rule is passed over. The number of alike pictures, and that of
tokens that a method keeps, are bisected, since each further one adds to parts and takes from none; tests hold that for
every checkpoint of the catalog and every schedule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from vtok.catalog.devices import Device, devices
from vtok.costs.question import LONGEST, Question, smaller
from vtok.errors import UsageError
from vtok.geometry.layout import Size

_MOST_PICTURES = 1 << 12


@dataclass(frozen=True)
class Goal:
    """What must hold: the first token within ``ttft`` seconds, at most ``memory`` bytes; None asks for nothing.

    That the context suffices is always asked. Without a limit to memory it is the device's, where there is one; without
    a device, memory is all but what the engine takes for itself, which is a matter of the device.
    """

    ttft: float | None = None
    memory: int | None = None

    def met(self, question: Question) -> bool:
        """Whether ``question`` meets the goal; False too where a figure that it rests on is not known."""
        cost = question.cost
        limit = self.memory if self.memory is not None else cost.device_memory
        if cost.context.overflow:
            return False
        needed = taken_by(question)
        if limit is not None and (needed is None or needed > limit):
            return False
        if self.ttft is None:
            return True
        first = cost.seconds.first_token if cost.seconds else None
        return first is not None and first.high <= self.ttft


def taken_by(question: Question) -> int | None:
    """Bytes that are held against a limit; None where they are not known."""
    memory = question.cost.memory
    return memory.beside_engine if question.device is None else memory.total


@dataclass(frozen=True)
class Solution:
    """The question that meets the goal, and the budget where one was asked for.

    What was looked for is in the question: the size or the number of its images, its context, its device. ``bounded``
    says whether the goal limits it: where it does not, more would do as well.
    """

    question: Question
    budget: int | None = None
    bounded: bool = True


def largest_image(question: Question, goal: Goal) -> Solution | None:
    """The largest picture of the shape of the request's first one (a square without one) that meets the goal.

    It is not bounded where even a picture with a side of ``LONGEST`` px does.
    """
    shape = question.request.images[0] if question.request.images else (1, 1)
    for size in _sizes(question, shape):
        asked = question.changed(images=(size, *question.request.images[1:]))
        if goal.met(asked):
            return Solution(asked, bounded=max(size) < LONGEST)
    return None


def most_pictures(question: Question, goal: Goal) -> Solution | None:
    """The most pictures of the size of the request's first one that meet the goal together."""
    if not question.request.images:
        raise UsageError("how large are they? Give a file, or a --size such as 1240x1754")
    size = question.request.images[0]

    def asked(number: int) -> Question:
        return question.changed(images=(size,) * number)

    if not goal.met(asked(1)):
        return None
    number = last(lambda number: goal.met(asked(number)), _MOST_PICTURES)
    return Solution(asked(number), bounded=number < _MOST_PICTURES)


def largest_budget(question: Question, goal: Goal) -> Solution | None:
    """The most tokens that each picture may take for the goal to be met.

    With a method they are cut after the encoder; without one pictures are shrunk, as ``vtok fit`` does.
    """
    images = question.request.images
    if not images and (question.request.method is None or not question.videos):
        raise UsageError("a budget for which pictures? Give files, or a --size such as 1920x1080")
    if question.request.method is None:
        for budget in _budgets(question):
            asked = question.changed(budget=None).shrunk(budget)
            if asked is not None and goal.met(asked):
                return Solution(asked, budget, bounded=asked.request.images != images)
        return None
    contents = [question.model.family.layout(*size).content for size in images]
    most = max(*contents, *(video.content for video in question.videos), 1)
    if not goal.met(question.changed(budget=1)):
        return None
    budget = last(lambda number: goal.met(question.changed(budget=number)), most)
    return Solution(question.changed(budget=budget), budget, bounded=budget < most)


def least_context(question: Question) -> Solution | None:
    """The smallest window that holds the request; None where the model's own is smaller."""
    total = question.cost.context.total
    asked = question.changed(context=total)
    return None if asked.cost.context.overflow else Solution(asked)


def cheapest_devices(question: Question, goal: Goal) -> list[Solution]:
    """Every device of the catalog that meets the goal.

    Those with a price at launch come first, the lowest first; the others after them by memory, then bandwidth.
    """
    asked = (question.changed(device=device) for device in sorted(devices(), key=_dearness))
    return [Solution(one) for one in asked if goal.met(one) and one.cost.fits]


def _dearness(device: Device) -> tuple[float, ...]:
    price = float("inf") if device.price is None else device.price
    return price, device.installed or 0, device.bandwidth or 0


def _sizes(question: Question, shape: Size) -> Iterator[Size]:
    """Sizes of one shape, the largest first: of all that enter the model alike, and so cost the same, the largest."""
    sizes = smaller(question.model, (shape[0] * LONGEST, shape[1] * LONGEST))
    seen: set[object] = set()
    for index in np.argsort(sizes.widths * sizes.heights, kind="stable")[::-1].tolist():
        size = int(sizes.widths[index]), int(sizes.heights[index])
        layout = question.model.family.layout(*size)
        tiles = tuple(tile.size for tile in layout.tiles)
        alike = tiles, tuple((grid.rows, grid.columns) for grid in layout.grids), layout.structural
        if alike not in seen:
            seen.add(alike)
            yield size


def _budgets(question: Question) -> list[int]:
    """Every number of tokens that one of the pictures can take, the most first."""
    counts = [smaller(question.model, size).counts for size in set(question.request.images)]
    whole = [question.model.family.layout(*size).total for size in question.request.images]
    return sorted({*np.unique(np.concatenate(counts)).tolist(), *whole}, reverse=True)


def last(holds: Callable[[int], bool], most: int) -> int:
    """The last number up to ``most`` for which ``holds``, which is true up to it and false from there on."""
    low, high = 1, 2
    while high < most and holds(high):
        low, high = high, 2 * high
    if high >= most:
        if holds(most):
            return most
        high = most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
