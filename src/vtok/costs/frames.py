"""How many frames of a video do: fewer where something binds, or the most for which something holds.

Where each further frame adds its tokens the number is bisected; where all frames share one budget, so that more of them
may be fewer tokens, they are tried one by one up to the processor's own bound, the most first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import le

from vtok.catalog.videos import video_rule
from vtok.costs.question import Question
from vtok.costs.solve import Goal, Solution, last, most_pictures
from vtok.errors import UsageError
from vtok.geometry.videos.choosing import WAYS
from vtok.geometry.videos.clip import Clip
from vtok.geometry.videos.rule import VideoRule
from vtok.geometry.videos.steps import Each

#: More frames than anybody asks a model about at once.
_MOST_FRAMES = 1 << 17
#: Numbers of frames that people think in.
_ROUND = (512, 256, 128, 64, 32, 16, 8, 4)
#: No model takes more frames than this as the fewest.
_FEW = 32


@dataclass(frozen=True)
class Series:
    """The same question with one number of frames after the other, up to ``most``.

    ``steady`` says whether frames have as many tokens however many there are.
    """

    question: Callable[[int], Question]
    most: int
    steady: bool

    def ask(self, number: int) -> Question | None:
        """The question with so many frames; None where the model, or the video, refuses that number."""
        try:
            asked = self.question(number)
            return asked if asked.videos else None
        except UsageError:
            return None

    def least(self) -> Question | None:
        """The question with the fewest frames that can be asked about."""
        return next(filter(None, map(self.ask, range(1, min(self.most, _FEW) + 1))), None)

    def most_for(self, holds: Callable[[Question], bool]) -> tuple[int, Question] | None:
        """The most frames for which ``holds``, and the question with these."""

        def held(number: int) -> bool:
            asked = self.ask(number)
            return asked is not None and holds(asked)

        if not self.steady:
            found = self._searched(holds)
        else:
            least = next(filter(held, range(1, min(self.most, _FEW) + 1)), None)
            found = least and last(lambda number: number <= least or held(number), self.most)
        asked = self.ask(found) if found else None
        return (found, asked) if found and asked else None

    def _searched(self, holds: Callable[[Question], bool]) -> int | None:
        """What is no smaller in tokens, nor in tokens a step, than what failed before fails too."""
        failed: list[tuple[int, ...]] = []
        for number in range(self.most, 0, -1):
            asked = self.ask(number)
            if asked is None:
                continue
            size = tuple(size for video in asked.videos for size in (video.total, video.content // video.steps))
            if any(all(map(le, one, size)) for one in failed):
                continue
            if holds(asked):
                return number
            failed.append(size)
        return None


def taken(question: Question) -> int:
    """Frames that are taken of the video of which most are; 0 without one."""
    return max((len(video.frames) for video in question.videos), default=0)


def of_these(question: Question) -> Series:
    """The question with up to as many frames of each of its videos as are taken now."""
    return Series(lambda number: _asked_for(question, number), taken(question), _steady(video_rule(question.model)))


def fewer_frames(question: Question, holds: Callable[[Question], bool]) -> Question | None:
    """The question with fewer frames of its videos, of numbers that people think in the most for which ``holds``."""
    if not question.request.videos:
        return None
    series = of_these(question)
    asked = (series.ask(number) for number in _ROUND if number < series.most)
    return next((one for one in asked if one is not None and holds(one)), None)


def most_frames(question: Question, goal: Goal) -> Solution | None:
    """The most frames that meet the goal: of the request's videos, or of one whose frames have its first size.

    A video that is not there has a frame a second. Where it is not known how the model, or the engine, takes videos,
    frames are pictures.
    """
    series = _series(question)
    if series is None:
        return most_pictures(question, goal)
    found = series.most_for(goal.met)
    return None if found is None else Solution(found[1], bounded=found[0] < series.most)


def _series(question: Question) -> Series | None:
    try:
        rule = video_rule(question.model)
    except UsageError:
        if question.request.videos:
            raise
        return None
    asked_for = "frames" in WAYS[rule.sampling.way][1]
    if question.request.videos:
        if not asked_for:
            raise UsageError(f"the processor of {question.model.name} chooses itself how many frames it takes")
        there = min(_MOST_FRAMES, *(clip.frames for clip in question.request.videos))
        most = there if _steady(rule) else min(there, rule.sampling.most)
        return Series(lambda number: _asked_for(question, number), most, _steady(rule))
    if not question.request.images:
        raise UsageError("how large are they? Give a video, or a --size such as 1920x1080")
    size, *others = question.request.images

    def made(number: int) -> Question:
        whole = max(rule.per, number // rule.per * rule.per)
        clip = Clip(size, whole, 1.0, float(whole))
        shown = question.changed(images=tuple(others), videos=(clip,), frames=whole if asked_for else None)
        return shown.changed(note="; ".join(filter(None, (question.note, "frames are those of a video, one a second"))))

    return Series(made, _MOST_FRAMES if _steady(rule) else rule.sampling.most, _steady(rule))


def _asked_for(question: Question, number: int) -> Question:
    return question.changed(frames=number, fps=None)


def _steady(rule: VideoRule) -> bool:
    return isinstance(rule.step, Each)
