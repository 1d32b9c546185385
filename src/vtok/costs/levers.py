"""What binds a request on a device, and which one change would help most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vtok.catalog.formats import Format, cache_formats, find_format, formats
from vtok.catalog.runtimes import RUNTIMES
from vtok.costs.frames import fewer_frames, taken
from vtok.costs.question import Question, ask
from vtok.costs.runtimes import find_runtime
from vtok.costs.seconds import rate_of
from vtok.costs.solve import last
from vtok.errors import UsageError

#: Files that people load, those with more bits first.
GGUF = ("q8_0", "q6_k", "q5_k_m", "q4_k_m", "q3_k_m", "q2_k")
#: Budgets that people think in, tokens a picture.
BUDGETS = (4096, 2048, 1024, 576, 256, 144, 64)


@dataclass(frozen=True)
class Binding:
    """What binds: ``what`` is "context", "memory", "compute", "bandwidth" or "unknown".

    ``by`` is how many tokens or bytes are too many. Where it is time, ``part`` is the part of the first token that
    takes longest, and ``share`` the share of that part.
    """

    what: str
    by: int = 0
    part: str = ""
    share: float = 0.0


@dataclass(frozen=True)
class Lever:
    """One change: ``what`` (frames, budget, context, weights, kv, batch) set to ``value``; ``after`` is asked so."""

    what: str
    value: str
    after: Question


def binding(question: Question) -> Binding:
    """What keeps the request from running, or else from answering sooner."""
    cost = question.cost
    if cost.context.overflow:
        return Binding("context", cost.context.overflow)
    if cost.over:
        return Binding("memory", cost.over)
    if question.device is None or cost.seconds is None or cost.seconds.first_token is None:
        return Binding("unknown")
    parts = {"the vision encoder": cost.seconds.vision, "reading the prompt": cost.seconds.prefill}
    times = {name: part.middle for name, part in parts.items() if part is not None}
    part = max(times, key=lambda name: times[name])
    work, moved = (
        (cost.flops.vision, cost.moved.vision)
        if part == "the vision encoder"
        else (cost.flops.prefill, cost.moved.prefill)
    )
    return Binding(
        "compute" if _computes(question, work or 0, moved or 0) else "bandwidth",
        part=part,
        share=times[part] / cost.seconds.first_token.middle,
    )


def levers(question: Question) -> Iterator[Lever]:
    """Single changes that mend what binds, the one that people try first first."""
    bound = binding(question)
    if bound.what == "context":
        yield from _for_context(question)
    elif bound.what == "memory":
        yield from (lever for lever in _for_memory(question) if _mends(question, lever.after))
    else:
        yield from _for_time(question)


def _computes(question: Question, work: int, moved: int) -> bool:
    """Whether a part takes longer to compute than to move, at the peaks of the device."""
    device = question.device
    if device is None or device.bandwidth is None:
        return True
    return work / rate_of(device, find_format(question.weights)) >= moved / device.bandwidth


def _for_context(question: Question) -> Iterator[Lever]:
    context, images = question.cost.context, question.request.images
    yield from _frames(question, _fits, lambda asked: not asked.cost.context.overflow)
    room = (context.window or 0) - context.text - context.new - sum(video.total for video in question.videos)
    if images and question.request.budget is None and room >= len(images):
        after = question.shrunk(room // len(images))
        if after is not None and not after.cost.context.overflow:
            yield Lever("budget", str(room // len(images)), after)
    # What the engine or the user chose can be chosen otherwise; the model's own window cannot.
    if context.window_of != "the model":
        after = question.changed(context=_rounded(context.total))
        if not after.cost.context.overflow:
            yield Lever("context", str(after.context), after)


def _mends(before: Question, after: Question) -> bool:
    """Whether it fits ``after``; without what the engine takes for itself where nobody knew of that ``before``."""
    unknown = before.cost.memory.overhead is None and after.cost.memory.beside_engine is not None
    return after.cost.fits is not False if unknown else bool(after.cost.fits)


def _fits(question: Question) -> bool:
    return not question.cost.context.overflow and question.cost.fits is not False


def _frames(question: Question, *goals: Callable[[Question], bool]) -> Iterator[Lever]:
    """Fewer frames of the videos, for the first of the goals that some number of them meets."""
    found = next(filter(None, (fewer_frames(question, goal) for goal in goals)), None)
    if found is not None:
        yield Lever("frames", str(taken(found)), found)


def _for_memory(question: Question) -> Iterator[Lever]:
    now, runtime = find_format(question.weights), question.cost.runtime
    yield from _frames(question, _fits)
    yield from _smaller_window(question)
    own = [one.name for one in formats() if one.bits < now.bits and _can_be_read(question, one)]
    yield from _first_that_fits(question, sorted(own, key=lambda name: -find_format(name).bits))
    # How llama.cpp takes videos is not known.
    if not question.named and runtime == RUNTIMES[0] and not question.videos:
        yield from _first_that_fits(question, GGUF)
    bits = next(one.bits for one in cache_formats() if one.name == question.kv)
    for cache in cache_formats():
        if runtime in cache.runtimes and cache.bits < bits:
            yield Lever("kv", cache.name, question.changed(kv=cache.name))
            break
    yield from _fewer_at_once(question)
    yield from _smaller(question)


def _fewer_at_once(question: Question) -> Iterator[Lever]:
    """The most of the requests that fit beside each other, fewer than all of them."""

    def fits(number: int) -> bool:
        return _mends(question, question.changed(batch=number))

    if question.request.batch > 1 and fits(1):
        number = last(fits, question.request.batch - 1)
        yield Lever("batch", str(number), question.changed(batch=number))


def _can_be_read(question: Question, form: Format) -> bool:
    """Whether the engine reads it on this device: on Apple's what is quantised for transformers is not, but MLX is."""
    if question.device is None or not question.device.of_apple or question.cost.runtime != RUNTIMES[0]:
        return question.cost.runtime in form.runtimes
    return ("mlx" in form.runtimes and not question.named) or (RUNTIMES[0] in form.runtimes and form.bits >= 16)


def _smaller_window(question: Question) -> Iterator[Lever]:
    """An engine that takes the cache of the whole window at the start may have been asked for more than is needed."""
    context = question.cost.context
    if find_runtime(question.runtime).whole and context.window_of != "the model":
        window = _rounded(context.total)
        if window < (context.window or 0):
            yield Lever("context", str(window), question.changed(context=window))


def _rounded(window: int) -> int:
    """People write windows in thousands, and the next question is a little longer than this one."""
    return -(-window // 1024) * 1024


def _first_that_fits(question: Question, names: Iterable[str]) -> Iterator[Lever]:
    """The first of these formats of weights in which the request fits, read by whichever engine reads it."""
    for name in names:
        if question.cost.runtime in find_format(name).runtimes:
            asked = question.changed(weights=name)
        else:
            asked = ask(question.request, question.model, question.device, name, question.kv, None, question.context)
        try:
            fits = _mends(question, asked)
        except UsageError:
            # Another engine may refuse a picture that this one takes.
            continue
        if fits:
            yield Lever("weights", name, asked)
            return


def _for_time(question: Question) -> Iterator[Lever]:
    yield from _frames(question, lambda asked: 2 * taken(asked) <= taken(question))
    yield from _smaller(question)


def _smaller(question: Question) -> Iterator[Lever]:
    """Pictures of at most half their tokens, at a number that people think in."""
    images = question.request.images
    if not images or question.request.budget is not None:
        return
    most = max(question.model.family.layout(*size).total for size in images)
    for budget in BUDGETS:
        after = question.shrunk(budget) if 2 * budget <= most + 1 else None
        if after is not None:
            yield Lever("budget", str(budget), after)
            return
