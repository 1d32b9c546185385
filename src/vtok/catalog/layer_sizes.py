"""Sizes that belong together and that few models have; each is None in ``TextSizes`` where a model has none of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Relative:
    """A bias of attention by distance: every query mixes ``width`` profiles a head, each ``extent`` positions long.

    Where attention slides, a profile is as long as its window.
    """

    width: int | None = None
    extent: int | None = None


@dataclass(frozen=True)
class Loop:
    """Layers ``start`` to ``end`` - 1 are gone through ``passes`` times.

    From the second pass on, gates of ``rank`` let in what the pass before has left.
    """

    start: int | None = None
    end: int | None = None
    passes: int | None = None
    rank: int | None = None


@dataclass(frozen=True)
class AltUp:
    """Gemma 3n's ``streams`` beside each other, of which a layer works on one, and its residual through ``rank``."""

    streams: int | None = None
    rank: int | None = None
