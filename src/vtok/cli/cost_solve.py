"""``vtok cost --solve``: questions turned round, answered in a sentence and a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vtok.catalog.devices import devices
from vtok.cli.cost_table import each_token, first_token, size, span
from vtok.cli.sheet import Sheet
from vtok.cli.units import gib, seconds
from vtok.costs import solve
from vtok.costs.frames import most_frames, of_these, taken
from vtok.costs.question import Question
from vtok.costs.solve import Goal, Solution
from vtok.errors import UsageError, VtokError

WHAT = ("image", "pages", "frames", "budget", "context", "device")
#: A4 at 150 dots an inch, as ``vtok count`` takes the pages of a PDF.
A4 = (1241, 1755)
_SHOWN = 12


def solved(question: Question, what: str, goal: Goal) -> list[Solution]:
    """The solutions, the best first; raises ``VtokError`` where there is none, and why."""
    if what not in WHAT:
        raise UsageError(f"cannot solve for {what!r}; expected one of {', '.join(WHAT)}")
    if what not in ("device", "context") and question.device is None and goal.memory is None and goal.ttft is None:
        raise UsageError("the most of what a limit allows: name a --device, a --memory such as 8GiB, or a --ttft")
    if goal.ttft is not None and question.device is None and what != "device":
        raise UsageError("a time to the first token depends on the device: name one with --device")
    if what == "pages" and not question.request.images:
        question = question.changed(images=(A4,))
    _refuse_unknown(question, what, goal)
    if what == "device":
        found = solve.cheapest_devices(question, goal)
    else:
        one = _SOLVERS[what](question, goal)
        found = [] if one is None else [one]
    if not found:
        raise VtokError(f"nothing meets that: {_why(question, what, goal)}")
    return found


_SOLVERS: dict[str, Callable[[Question, Goal], Solution | None]] = {
    "image": solve.largest_image,
    "pages": solve.most_pictures,
    "frames": most_frames,
    "budget": solve.largest_budget,
    "context": lambda question, goal: solve.least_context(question),
}


def answer(what: str, found: Sequence[Solution], goal: Goal) -> str:
    """The best solution as a sentence."""
    one, question = found[0], found[0].question
    images, context = question.request.images, question.cost.context
    limit = _limits(question)
    if what == "image":
        if not one.bounded:
            return f"Any picture does: {question.model.name} makes at most {context.visual:,} tokens of this shape."
        return f"The largest picture is {_px(images[0])}, {context.visual:,} visual tokens, {limit}."
    if what == "frames" and question.videos:
        number, all_of_it = taken(question), "" if one.bounded else ", which are all that are taken,"
        size = question.request.videos[0].size
        return f"{_counted(number, what)}{all_of_it} of {_px(size)}, {context.total:,} tokens in all, {limit}."
    if what in ("pages", "frames"):
        return f"{_counted(len(images), what)} of {_px(images[0])}, {context.total:,} tokens in all, {limit}."
    if what == "budget":
        tail = "" if one.bounded else ", which is all that they take: nothing has to be cut"
        return f"A budget of {one.budget:,} tokens a picture{tail}, {limit}."
    if what == "context":
        return f"A context of {context.total:,} tokens holds it."
    device = question.device
    price = f", ${device.price:,} at launch" if device and device.price else ""
    name = device.name if device else ""
    first = span(first_token(question.cost))
    best = "the cheapest whose launch price is known is" if price else "the one with least memory is"
    return f"{len(found)} listed devices do; {best} {name}{price}: {first} to the first token."


def devices_sheet(found: Sequence[Solution]) -> Sheet:
    """The first of the devices that do."""
    sheet = Sheet("devices that do", ["device", "launch", "memory", "taken", "first token after", "each token after"])
    for one in found[:_SHOWN]:
        device, cost = one.question.device, one.question.cost
        if device is not None:
            price = f"${device.price:,}" if device.price else "unknown"
            times = (span(first_token(cost)), span(each_token(cost)))
            sheet.rows.append([device.name, price, size(device.memory), size(cost.memory.total), *times])
    if len(found) > _SHOWN:
        sheet.caption = f"and {len(found) - _SHOWN} more; by price at launch, those without one after them by memory"
    return sheet


def solutions_data(what: str, found: Sequence[Solution]) -> dict[str, Any]:
    """The solutions as plain data: what was looked for is in each one's request, budget, context or device."""
    return {
        "solve": what,
        "solutions": [
            {
                "bounded": one.bounded,
                "budget": one.budget,
                "pictures": len(one.question.request.images),
                "frames": taken(one.question) or None,
                "size": one.question.request.images[:1],
                "device": one.question.device.name if one.question.device else None,
                "price": one.question.device.price if one.question.device else None,
                "cost": one.question.cost.to_dict(),
            }
            for one in found
        ],
    }


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what if number > 1 else what[:-1]}"


def _px(size: tuple[int, int]) -> str:
    return f"{size[0]:,} x {size[1]:,} px"


def _limits(question: Question) -> str:
    """Within what a solution stays."""
    cost = question.cost
    parts = []
    needed = solve.taken_by(question)
    if needed is not None:
        there = f" of {gib(cost.device_memory)}" if cost.device_memory else " of memory, beside the engine itself"
        parts.append(f"{gib(needed)}{there}")
    if first_token(cost):
        parts.append(f"the first token after {span(first_token(cost))}")
    if cost.context.window:
        parts.append(f"{cost.context.total / cost.context.window:.0%} of a window of {cost.context.window:,}")
    return ", ".join(parts) or "within the context"


def _refuse_unknown(question: Question, what: str, goal: Goal) -> None:
    """Where a figure that the goal rests on is not known, nothing can be solved, and that is no "no"."""
    cost = question.cost
    wants_memory = what == "device" or goal.memory is not None or question.device is not None
    if what != "context" and wants_memory and cost.memory.total is None:
        # The overhead is a matter of the device, which is open when it is asked for.
        missing = [name for name in cost.missing if not name.startswith("what ")]
        if missing:
            raise VtokError(f"cannot tell: no source tells {', '.join(missing)} of {question.model.name}")
        if what != "device" and question.device is not None:
            unknown = ", ".join(cost.missing)
            raise VtokError(f"cannot tell: no source tells {unknown}; for all but that ask by --memory, not --device")


def _why(question: Question, what: str, goal: Goal) -> str:
    """What stands in the way of even the least: no picture at all, or one of those that were asked about."""
    if what == "device" and goal.memory is None and not question.cost.context.overflow:
        within = f" with a first token within {seconds(goal.ttft)}" if goal.ttft is not None else ""
        return f"none of the {len(devices()):,} devices that vtok lists holds it{within}"
    bare = question.changed(images=(), videos=(), fps=None, frames=None)
    least = {"no video" if question.videos else "no picture": bare} if what not in ("device", "context") else {}
    if what == "frames" and question.videos:
        fewest = of_these(question).least()
        least |= {"the fewest frames": fewest} if fewest else {}
    elif what in ("pages", "frames"):
        least[f"one {what[:-1]}"] = question.changed(images=question.request.images[:1])
    elif what == "image" and len(question.request.images) > 1:
        least["the other pictures alone"] = question.changed(images=question.request.images[1:])
    for name, asked in least.items() or (("it", question),):
        cost = asked.cost
        limit = goal.memory if goal.memory is not None else cost.device_memory
        verb = "it takes" if name == "it" else f"with {name} it takes"
        needed = solve.taken_by(asked)
        if needed is not None and limit is not None and needed > limit:
            return f"{verb} {gib(needed)}, and the limit is {gib(limit)}"
        if cost.context.overflow:
            return f"{verb} {cost.context.total:,} tokens of a window of {cost.context.window:,}"
        first = first_token(cost)
        if goal.ttft is not None and first is not None and first.high > goal.ttft:
            return f"{verb} {span(first)} to the first token, and {seconds(goal.ttft)} are asked for"
    return "the smallest picture that the model takes is over the limit"
