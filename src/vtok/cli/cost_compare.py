"""``vtok cost --compare``: the same request with one thing set to several values, a column each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vtok.catalog.counting import find_model
from vtok.catalog.formats import find_cache_format, find_format
from vtok.cli.cost_table import each_token, first_token, size, span
from vtok.cli.devices import named
from vtok.cli.sheet import Sheet
from vtok.costs.frames import taken
from vtok.costs.question import Question, ask
from vtok.errors import UsageError

_MOST = 20


@dataclass(frozen=True)
class Comparison:
    """``key`` set to each of ``values``, and the question with it."""

    key: str
    values: tuple[str, ...]
    questions: tuple[Question, ...]


def compare(question: Question, text: str) -> Comparison:
    """The questions of ``KEY=VALUE,VALUE,...``; raises ``UsageError`` for what cannot be read."""
    key, _, rest = text.partition("=")
    key, values = key.strip(), tuple(dict.fromkeys(word.strip() for word in rest.split(",") if word.strip()))
    if key not in _KEYS or len(values) < 2:
        keys = ", ".join(_KEYS)
        raise UsageError(f"cannot read {text[:60]!r}; expected one of {keys} and values, such as budget=256,576,1024")
    if len(values) > _MOST:
        raise UsageError(f"{len(values)} values to compare; up to {_MOST} fit beside each other")
    return Comparison(key, values, tuple(_KEYS[key](question, value) for value in values))


def compare_sheet(found: Comparison) -> Sheet:
    """A column a value: tokens, memory, whether it fits, times."""
    sheet = Sheet(f"by {found.key}", ["", *found.values])
    costs = [question.cost for question in found.questions]
    sheet.rows = [
        ["visual tokens", *(f"{cost.context.visual:,}" for cost in costs)],
        ["context", *(f"{cost.context.total:,}" for cost in costs)],
        ["of the window", *(_share(cost.context.total, cost.context.window) for cost in costs)],
        ["weights", *(size(cost.memory.weights) for cost in costs)],
        ["KV cache", *(size(cost.memory.kv_cache) for cost in costs)],
        ["memory", *(size(cost.memory.total) for cost in costs)],
    ]
    if any(question.videos for question in found.questions):
        sheet.rows.insert(0, ["frames", *(f"{taken(question):,}" for question in found.questions)])
    if any(cost.seconds for cost in costs):
        sheet.rows += [
            ["fits", *({True: "yes", False: "no", None: "unknown"}[cost.fits] for cost in costs)],
            ["first token after", *(span(first_token(cost)) for cost in costs)],
            ["each token after", *(span(each_token(cost)) for cost in costs)],
        ]
    return sheet


def _share(total: int, window: int | None) -> str:
    return "unknown" if window is None else f"{total / window:.1%}"


def _budget(question: Question, value: str) -> Question:
    """With a method tokens are cut after the encoder; without one pictures are shrunk, as ``vtok fit`` does."""
    if question.request.method is not None:
        return question.changed(budget=value)
    if value.endswith("%"):
        raise UsageError(f"a budget of {value} needs a --method; without one pictures are shrunk to so many tokens")
    shrunk = question.changed(budget=None).shrunk(_whole(value))
    if shrunk is None:
        raise UsageError(
            f"a picture of this size cannot be shrunk to a budget of {value} for {question.model.name}; "
            "with a --method, such as visionzip, the tokens themselves are cut"
        )
    return shrunk


def _device(question: Question, value: str) -> Question:
    return question.changed(device=named(value))


def _weights(question: Question, value: str) -> Question:
    return question.changed(weights=find_format(value).name)


def _kv(question: Question, value: str) -> Question:
    return question.changed(kv=find_cache_format(value).name)


def _model(question: Question, value: str) -> Question:
    asked = question
    if find_model(value).name == question.model.name:
        return question
    return ask(asked.request, value, asked.device, asked.weights, asked.kv, None, asked.context)


def _images(question: Question, value: str) -> Question:
    first = question.request.images[:1]
    if not first:
        raise UsageError("how many of which pictures? Give a file, or a --size such as 1920x1080")
    return question.changed(images=first * _whole(value))


def _number(field: str) -> Callable[[Question, str], Question]:
    return lambda question, value: question.changed(**{field: _whole(value)})


def _whole(value: str) -> int:
    if not value.isdigit() or not 0 < int(value) <= 10**7:
        raise UsageError(f"cannot read {value[:40]!r}; expected a whole number such as 1024")
    return int(value)


def _frames(question: Question, value: str) -> Question:
    return _of_a_video(question).changed(frames=_whole(value), fps=None)


def _fps(question: Question, value: str) -> Question:
    try:
        return _of_a_video(question).changed(fps=float(value), frames=None)
    except ValueError:
        raise UsageError(f"cannot read {value[:40]!r}; expected frames a second such as 0.5") from None


def _of_a_video(question: Question) -> Question:
    if not question.request.videos:
        raise UsageError("frames of which video? Give its file")
    return question


_KEYS: dict[str, Callable[[Question, str], Question]] = {
    "budget": _budget,
    "device": _device,
    "weights": _weights,
    "kv": _kv,
    "model": _model,
    "images": _images,
    "batch": _number("batch"),
    "text": _number("text_tokens"),
    "new": _number("new_tokens"),
    "context": _number("context"),
    "frames": _frames,
    "fps": _fps,
}
