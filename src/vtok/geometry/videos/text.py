"""The plain text that processors write between the steps of a video, and how many tokens it is.

How text is cut into tokens is the tokenizer's; what is known without it is how it is split before: into words, single
marks, and digits one by one or up to three together. Every piece of that kind is taken for one token, as words like
"seconds" or "Frame" are in the vocabularies concerned.

Source of the texts: ``replace_video_token`` in transformers' ``models/*/processing_*.py``. Source of the splits:
transformers, ``models/qwen2/tokenization_qwen2.py``, ``models/qwen3_5/tokenization_qwen3_5.py`` (digits one by one),
``convert_slow_tokenizer.py`` (tiktoken: up to three), and for Gemma its report (arXiv 2403.08295, section 2.2: digits
one by one, blanks kept).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise

_BLANKS = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
#: How a text is split, for plain ASCII: a word with the character before it, digits, marks with a blank before them.
SPLITS = {
    "digits": re.compile(r"[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]| ?[^\sA-Za-z0-9]+[\r\n]*" + _BLANKS),
    "triples": re.compile(r"[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]{1,3}| ?[^\sA-Za-z0-9]+[\r\n]*" + _BLANKS),
    "gpt2-digits": re.compile(r"[0-9]| ?[A-Za-z]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+"),
    "gemma": re.compile(r" ?[A-Za-z]+|[^A-Za-z]"),
}

#: Seconds at which the frames of each step are shown -> the runs of text, divided from each other by special tokens.
Writer = Callable[[Sequence[Sequence[float]], float], list[str]]


def pieces(text: str, split: str) -> int:
    """Into how many pieces ``text`` is split before tokens are looked up; ``split`` is one of ``SPLITS``."""
    return len(SPLITS[split].findall(text))


def _qwen3(steps: Sequence[Sequence[float]], seconds: float) -> list[str]:
    return [f"<{(times[0] + times[-1]) / 2:.1f} seconds>" for times in steps]


def _glm4v(steps: Sequence[Sequence[float]], seconds: float) -> list[str]:
    return [str(int(times[0])) for times in steps]


def _glm46v(steps: Sequence[Sequence[float]], seconds: float) -> list[str]:
    return [f"{times[0]:.1f} seconds" for times in steps]


def _minimax(steps: Sequence[Sequence[float]], seconds: float) -> list[str]:
    return [f"]<]{times[0]:.1f} seconds[>[" for times in steps]


def _muse(steps: Sequence[Sequence[float]], seconds: float) -> list[str]:
    return [f"Time: {times[0]:.1f}s" for times in steps]


def _clock(steps: Sequence[Sequence[float]], seconds: float) -> list[str]:
    shown = [f"{int(times[0] // 60):02d}:{int(times[0] % 60):02d} " for times in steps]
    return [shown[0], *(f" {one}" for one in shown[1:])]


def _molmo2(steps: Sequence[Sequence[float]], seconds: float) -> list[str]:
    shown = [f"{times[0]:.1f} " for times in steps]
    return [shown[0], *(f" {one}" for one in shown[1:])]


def _internvl(steps: Sequence[Sequence[float]], seconds: float) -> list[str]:
    names = [f"Frame{number}: " for number in range(1, len(steps) + 1)]
    return [names[0], *(f"\n{name}" for name in names[1:])]


def _kimi(steps: Sequence[Sequence[float]], seconds: float) -> list[str]:
    texts = []
    for times in steps:
        whole = int(times[0])
        clock = f"{whole // 3600 % 24:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
        texts += [f"{clock}.{int(times[0] % 1 * 1000):03d}", "video"]
    return texts


def _smolvlm(steps: Sequence[Sequence[float]], seconds: float) -> list[str]:
    frames = [f"\nFrame from {int(times[0] // 60):02d}:{int(times[0] % 60):02d}:" for times in steps]
    intro = (
        f"You are provided the following series of {in_words(len(steps))} frames "
        f"from a {timedelta(seconds=int(seconds))} [H:MM:SS] video.\n"
    )
    return [intro + frames[0], *frames[1:], "\n\n"]


WRITERS: dict[str, Writer] = {
    "clock": _clock,
    "glm46v": _glm46v,
    "glm4v": _glm4v,
    "internvl": _internvl,
    "kimi": _kimi,
    "minimax": _minimax,
    "molmo2": _molmo2,
    "muse": _muse,
    "qwen3": _qwen3,
    "smolvlm": _smolvlm,
}

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def in_words(number: int) -> str:
    """A number from 0 on in English words, as the package num2words writes it, which SmolVLM's processor calls."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{_ONES[hundreds]} hundred" + (f" and {in_words(rest)}" if rest else "")
    for (unit, name), (above, _) in pairwise(((1000, "thousand"), (10**6, "million"), (10**9, ""))):
        if number < above:
            many, rest = divmod(number, unit)
            link = " and " if 0 < rest < 100 else ", "
            return f"{in_words(many)} {name}" + (f"{link}{in_words(rest)}" if rest else "")
    return str(number)
