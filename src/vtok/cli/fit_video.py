"""``vtok fit clip.mp4``: frames of a video as pictures, named by when they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vtok.catalog.checkpoints import Checkpoint
from vtok.cli import common
from vtok.cli.fit_jobs import Job, Names, Outcome
from vtok.cli.fit_plan import little_left
from vtok.errors import VtokError
from vtok.fitting.clip import look_at_video
from vtok.fitting.original import SizeOnly


def plan_video(path: Path, model: Checkpoint, budget: int, names: Names) -> Iterator[Outcome]:
    """An outcome for each frame that is to be written, one at a time; one for all where the video cannot be used."""
    try:
        with common.notes.status(f"looking at {path.name}"):
            clip = look_at_video(path, model.family, budget)
        before = model.family.layout(*clip.head.size).total
        for frame in clip.frames(model):
            job = Job(
                f"{path}#t={frame.seconds:.3f}",
                path,
                frame.original,
                names.name(path, f"{frame.seconds:09.3f}s"),
                frame.seconds,
            )
            yield Outcome(job, before, frame, little_left(frame))
    except VtokError as error:
        yield Outcome(Job(str(path), path, SizeOnly((1, 1)), path), problem=str(error))
