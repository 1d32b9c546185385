"""What binds a request and what to change, in words that end with the number that the change brings."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from vtok.cli.cost_table import first_token, span
from vtok.cli.units import gib
from vtok.cli.videos import Wish, video_notes
from vtok.costs.levers import Binding, Lever, binding, levers
from vtok.costs.question import Question

_MISSING = {
    "text": "the language model",
    "vision": "the vision encoder",
    "device": "the device",
}


#: What is left of a card below which a person should know that its screen needs some too.
_CLOSE = 0.15
_NOTHING = {
    "context": "No budget mends that: fewer pictures, --text or --new would, or a model with a longer context.",
    "memory": "No single change of format, cache or budget mends that: take a smaller model or a larger device.",
}
_CHANGES = {
    "budget": "",
    "frames": "{0} frames of a video (--frames {0})",
    "context": "A context of {0} (--context {0})",
    "weights": "Weights in {0} (--weights {0})",
    "kv": "A KV cache in {0} (--kv {0})",
    "batch": "{0} at once (--batch {0})",
}


def title(question: Question, compared: str = "") -> str:
    """What is asked, in a line, without the number of frames where that is ``compared``."""
    cost = question.cost
    where = f" on {question.device.title}" if question.device else ""
    number = len(question.request.images)
    what = f", {number:,} {'picture' if number == 1 else 'pictures'}" if number else ""
    what = what or ("" if question.videos else ", no picture")
    counted = compared not in ("frames", "fps")
    each = [f" of {len(video.frames):,} frames" if counted else "" for video in question.videos[:3]]
    what += "".join(f", a video{frames}" for frames in each)
    what += f" and {len(question.videos) - 3} more" if len(question.videos) > 3 else ""
    batch = f", {question.request.batch} at once" if question.request.batch > 1 else ""
    return f"{question.model.name}{where}: {cost.weights} weights, {cost.kv} cache, {cost.runtime}{what}{batch}"


def verdict(question: Question, paths: Sequence[str]) -> list[str]:
    """Sentences on what binds, what would mend it, and what is not known."""
    bound = binding(question)
    found = list(levers(question))
    lines = [_what_binds(question, bound)]
    lines += [_what_helps(question, bound, lever, paths) for lever in found[:2]]
    if bound.what in _NOTHING and not found:
        lines.append(_NOTHING[bound.what])
    return [*lines, *caveats((question,))]


def caveats(questions: Sequence[Question]) -> list[str]:
    """Sentences on what is not known, and on what was taken for granted."""
    # What an engine takes for itself is a matter of the device; without one nobody misses it.
    missing = dict.fromkeys(
        name
        for question in questions
        for name in question.cost.missing
        if question.device is not None or not name.startswith("what ")
    )
    notes = dict.fromkeys(note for question in questions for note in notes_on(question))
    unknown = f"Unknown, and with it what rests on it: {', '.join(map(_figure, missing))}."
    return [*([unknown] if missing else []), *(f"Note: {note}." for note in notes)]


def notes_on(question: Question) -> list[str]:
    """What was taken for granted, one sentence each, without a full stop."""
    wish = Wish(question.request.fps, question.request.frames)
    videos = video_notes(question.model, wish) if question.videos else []
    return [*([question.note] if question.note else []), *videos]


def _what_binds(question: Question, bound: Binding) -> str:
    cost = question.cost
    if bound.what == "context":
        window, whose = f"the {cost.context.window:,}", cost.context.window_of
        owner = {"asked for": "that you asked for", "the model": "that the model takes"}.get(whose)
        return (
            f"The context binds: {cost.context.total:,} tokens are {bound.by:,} more than {window} "
            f"{owner or f'that {whose} opens by itself'}."
        )
    if bound.what == "memory":
        return f"Memory binds: it takes {gib(bound.by)} more than {_name(question)} has."
    opening = _whether_it_fits(question)
    if bound.what == "unknown":
        return opening or "Name a --device to know whether it fits and how long it takes."
    by = "matrix rate" if bound.what == "compute" else "memory's bandwidth"
    waits = f"The first token waits for {bound.part}, {bound.share:.0%} of the time"
    return f"{opening} {waits}, and that for the {by} of {_name(question)}."


def _whether_it_fits(question: Question) -> str:
    cost = question.cost
    if question.device is None:
        return ""
    if cost.fits is None:
        known = cost.memory.beside_engine
        beside = f": it takes {gib(known)} beside what {cost.runtime} takes for itself" if known is not None else ""
        return f"Whether it fits is unknown{beside}."
    there = cost.device_memory or 0
    spare = there - (cost.memory.total or 0)
    closely = question.device.kind == "gpu" and spare < _CLOSE * there
    return f"It fits, with {gib(spare)} to spare{', of which a screen on the same card takes some' if closely else ''}."


def _name(question: Question) -> str:
    return question.device.name if question.device else "the device"


def _what_helps(question: Question, bound: Binding, lever: Lever, paths: Sequence[str]) -> str:
    before, after = question.cost, lever.after.cost
    change, tail = _CHANGES[lever.what].format(lever.value), ""
    if after.runtime != before.runtime:
        change += f" for {after.runtime}"
    if lever.what == "budget":
        change, tail = f"A budget of {int(lever.value):,} tokens a picture", _fit_command(question, lever, paths)
    if bound.what == "context":
        return f"{change} would fit, {_after_context(lever)}{_end(tail)}"
    if bound.what == "memory":
        if after.memory.total is None:
            taken = f"take {gib(after.memory.beside_engine or 0)} beside what {after.runtime} takes for itself"
            return f"{change} would {taken}{_end(tail)}"
        return f"{change} would fit: {gib(after.memory.total)}{_end(tail)}"
    if first_token(before) is None:
        return (
            f"{change} would go from {before.context.total:,} tokens of context to {after.context.total:,}{_end(tail)}"
        )
    times = f"from {span(first_token(before))} down to {span(first_token(after))}"
    return f"{change} would bring the first token {times}{_end(tail)}"


def _end(command: str) -> str:
    """A command stands at the end of its line without a full stop, so that it can be copied."""
    return command or "."


def _after_context(lever: Lever) -> str:
    after = lever.after.cost
    total, room = after.memory.total, after.device_memory
    over = f", but {gib(total - room)} more memory than there is" if total and room and total > room else ""
    if lever.what == "context" and total is not None:
        return f"and take {gib(total)} in all{over}"
    return f"with {after.context.total:,} tokens{over if lever.what == 'frames' else ''}"


def _fit_command(question: Question, lever: Lever, paths: Sequence[str]) -> str:
    if len(paths) != 1:
        return ""
    model = question.model
    words = ["vtok", "fit", paths[0], "--model", model.name, "--budget", lever.value]
    # The same rule that the cost was counted by.
    words += ["--runtime", model.runtime] if model.runtime in ("vllm", "llama.cpp", "ollama") else []
    return f": {' '.join(map(shlex.quote, [*words, '-o', 'fitted/']))}"


def _figure(name: str) -> str:
    part, _, figure = name.partition(".")
    if part not in _MISSING or not figure:
        return name
    words = {"hidden": "width"}.get(figure, figure).replace("rates.", "rate in ").replace("_", " ")
    return f"{_MISSING[part]}'s {words}"
