"""What ``vtok cost`` is asked about: pictures, pages and videos by their heads, and limits as people write them."""

from __future__ import annotations

import difflib
import pkgutil
import re
from collections.abc import Sequence

from vtok.cli.pictures import collect, read_sizes
from vtok.cli.tally import parse_size
from vtok.cli.units import parse_bytes, parse_seconds
from vtok.costs.request import Size
from vtok.costs.solve import Goal
from vtok.errors import ImageError, UsageError, VtokError
from vtok.geometry.videos.clip import Clip
from vtok.image import pdf
from vtok.reduction import methods

#: More pictures than any context holds.
MOST = 10_000


def read_request(
    paths: Sequence[str], sizes: Sequence[str], copies: int, dpi: int, videos: bool = False
) -> tuple[tuple[Size, ...], tuple[Clip, ...]]:
    """The sizes (width, height) in px of all pictures and pages, each ``copies`` times, and the videos.

    Videos of a folder are passed over unless ``videos`` says otherwise. Raises ``ImageError`` for the first file that
    cannot be read: what is left out would make the cost look lower.
    """
    found = [parse_size(text) for text in sizes]
    gathered, clips = collect(paths, videos), []
    for name, problem in gathered.failed:
        raise ImageError(problem if name in problem else f"{name}: {problem}")
    for _, outcome in read_sizes(gathered.pictures, dpi, pdf.MOST_PAGES):
        if isinstance(outcome, VtokError):
            raise outcome
        for _, content in outcome:
            if isinstance(content, Clip):
                clips.append(content)
            else:
                found.append(content)
    if paths and not gathered.pictures:
        raise ImageError(f"there is no picture in {', '.join(paths)[:80]}")
    number = len(found) * copies + len(clips)
    if number > MOST:
        raise UsageError(f"{number:,} pictures in one request; up to {MOST:,} can be asked about")
    return tuple(found) * copies, tuple(clips)


def check_method(method: str | None) -> None:
    """Refuse a method that there is none of, with the nearest names; none is loaded, since that needs torch."""
    if method is None:
        return
    name = re.split(r"[(@:]", method, maxsplit=1)[0].strip()
    known = [info.name.replace("_plus", "+") for info in pkgutil.iter_modules(methods.__path__)]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(known)}"
        raise UsageError(f"there is no method {name!r}; {hint}")


def read_goal(ttft: str | None, memory: str | None) -> Goal:
    """A goal from ``--ttft`` and ``--memory``."""
    return Goal(
        ttft=None if ttft is None else parse_seconds(ttft),
        memory=None if memory is None else parse_bytes(memory),
    )
