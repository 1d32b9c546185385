"""What ``vtok count`` does with videos: the wish of the user, a count a model, and what to say about it."""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.checkpoints import Checkpoint
from vtok.catalog.video_counting import lay_out
from vtok.catalog.videos import video_rule
from vtok.cli.tally import Count, Row, Tally
from vtok.errors import UsageError
from vtok.geometry.videos.clip import Clip


@dataclass(frozen=True)
class Wish:
    """How many frames to take: so many a second, or in all; both None leave it to the model's processor."""

    fps: float | None = None
    frames: int | None = None

    @property
    def is_none(self) -> bool:
        """Whether it is left to the processor."""
        return self.fps is None and self.frames is None


def add_video(tally: Tally, name: str, clip: Clip, wish: Wish) -> None:
    """Count one video for every model; one that a model does not take is a failure of that video."""
    counts: list[Count | None] = []
    for model in tally.models:
        try:
            one = lay_out(clip, model, wish.fps, wish.frames)
        except UsageError as error:
            counts.append(None)
            told = len(tally.models) == 1 or model.name in str(error)
            tally.fail(name, str(error) if told else f"{model.name}: {error}")
        else:
            counts.append(Count(one.resized, 1, one.content, one.structural, len(one.frames), one.text))
            for note in video_notes(model, wish):
                tally.notes.setdefault(note)
    tally.add_row(Row(name, clip.size, tuple(counts), clip))


def video_notes(model: Checkpoint, wish: Wish) -> list[str]:
    """What to know of how ``model`` takes videos with that wish."""
    rule, notes = video_rule(model), []
    if wish.is_none and not rule.sampling.always:
        notes.append(
            f"{model.name}: every frame counts, as its processor samples none by itself; choose with --fps or --frames"
        )
    if rule.text and not rule.split:
        notes.append(f"{model.name}: the text between frames is not counted, as its tokenizer is not known here")
    return notes
