"""What ``vtok count`` gathers: a row an image, a count a model, and what could not be counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from vtok.catalog.checkpoints import Checkpoint
from vtok.errors import UsageError
from vtok.geometry.layout import Size
from vtok.geometry.videos.clip import Clip

_SIZE = re.compile(r"(\d+)\s*[xX×*]\s*(\d+)")


@dataclass(frozen=True)
class Count:
    """How one picture or video enters one model: ``tokens`` is all of them, sizes are (width, height) in px.

    Of a video ``frames`` is how many are sampled, and ``text`` how many of the structural tokens are plain text, None
    where that is not known.
    """

    resized: Size
    tiles: int
    visual: int
    structural: int
    frames: int | None = None
    text: int | None = None

    @property
    def tokens(self) -> int:
        """Visual and structural tokens."""
        return self.visual + self.structural


@dataclass(frozen=True)
class Row:
    """One picture: its name, its upright size in px, and a count a model, None where the model refuses the size.

    A video has a ``clip``, and the size is that of its frames.
    """

    name: str
    size: Size
    counts: tuple[Count | None, ...]
    clip: Clip | None = None


@dataclass
class Tally:
    """Every row, what failed and why, how many files of which ending were no pictures, and notes for the reader."""

    models: Sequence[Checkpoint]
    rows: list[Row] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def add(self, name: str, width: int, height: int) -> None:
        """Count one picture for every model; a size that a model refuses is a failure of that picture."""
        counts: list[Count | None] = []
        for model in self.models:
            try:
                one = model.family.layout(width, height)
            except UsageError as error:
                counts.append(None)
                self.fail(name, f"{model.name}: {error}" if len(self.models) > 1 else str(error))
            else:
                counts.append(Count(one.resized, len(one.tiles), one.content, one.structural))
        self.add_row(Row(name, (width, height), tuple(counts)))

    def add_row(self, row: Row) -> None:
        """Add a row, whatever its file is called."""
        self.rows.append(replace(row, name=_encodable(row.name)))

    def fail(self, name: str, problem: str) -> None:
        """Note what could not be counted."""
        self.failed.append((_encodable(name), _encodable(problem)))

    def total(self, index: int) -> int:
        """Tokens of all pictures together for the model of this index."""
        return sum(count.tokens for row in self.rows if (count := row.counts[index]) is not None)

    def counted(self, index: int) -> int:
        """How many pictures the model of this index takes."""
        return sum(row.counts[index] is not None for row in self.rows)

    def share(self, index: int, tokens: int | None = None) -> float | None:
        """``tokens``, or all of them, as a part of the model's context window; None where that is not known."""
        context = self.models[index].context
        tokens = self.total(index) if tokens is None else tokens
        return None if context is None else tokens / context

    @property
    def summary(self) -> str:
        """One line on what failed, and on what was left aside."""
        failed = len({name for name, _ in self.failed})
        counted = sum(None not in row.counts for row in self.rows)
        line = f"{counted} counted, {failed} not"
        return f"{line}; {self.skipped_note}" if self.skipped else line

    @property
    def skipped_note(self) -> str:
        """One line on the files that are no pictures by their endings."""
        most = sorted(self.skipped.items(), key=lambda one: (-one[1], one[0]))
        kinds = ", ".join(f"{number} {ending}" for ending, number in most[:5]) + (", ..." if len(most) > 5 else "")
        number = sum(self.skipped.values())
        return f"skipped {number} {'file that is no picture' if number == 1 else 'files that are no pictures'}: {kinds}"


def _encodable(text: str) -> str:
    """Names of files need not be text; what is none is written as its bytes, so that it can be printed at all."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def parse_size(text: str) -> Size:
    """``1920x1080`` as (width, height); raises ``UsageError`` for anything else and for sides of 0."""
    match = _SIZE.fullmatch(text.strip())
    size = (int(match[1]), int(match[2])) if match and len(text) < 40 else (0, 0)
    if min(size) < 1:
        raise UsageError(f"cannot read the size {text!r}; expected width x height in pixels, such as 1920x1080")
    if max(size) > 10**9:
        raise UsageError(f"the size {text} is larger than any picture; sides go up to 1,000,000,000 pixels")
    return size
