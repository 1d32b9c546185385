"""Sizes that belong together and that few models have; each is None in ``TextSizes`` where a model has none of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Relative:
    """A bias of attention by distance: every query mixes ``width`` profiles a head, each ``extent`` positions long.

    Where attention slides, a profile is as long as its window.
    """

    part: ClassVar[str] = "text.relative"
    width: int | None = None
    extent: int | None = None


@dataclass(frozen=True)
class Adapters:
    """Low-rank matrices beside every matrix of a layer: ``rank`` those for pictures, ``spare`` those for sound."""

    part: ClassVar[str] = "text.adapters"
    rank: int | None = None
    spare: int | None = None


@dataclass(frozen=True)
class StateSpace:
    """A state space (Mamba 2): ``heads`` of ``head_dim`` numbers, each with a state of ``size`` numbers for every one.

    ``groups`` of heads share what goes into and comes out of their states; ``taps`` are those of its convolution, and
    ``chunk`` is how many positions go through it at once.
    """

    part: ClassVar[str] = "text.state_space"
    heads: int | None = None
    head_dim: int | None = None
    size: int | None = None
    groups: int | None = None
    taps: int | None = None
    chunk: int | None = None


@dataclass(frozen=True)
class Loop:
    """Layers ``start`` to ``end`` - 1 are gone through ``passes`` times.

    From the second pass on, gates of ``rank`` let in what the pass before has left.
    """

    part: ClassVar[str] = "text.loop"
    start: int | None = None
    end: int | None = None
    passes: int | None = None
    rank: int | None = None


@dataclass(frozen=True)
class AltUp:
    """Gemma 3n's ``streams`` beside each other, of which a layer works on one, and its residual through ``rank``."""

    part: ClassVar[str] = "text.altup"
    streams: int | None = None
    rank: int | None = None


@dataclass(frozen=True)
class LatentSizes:
    """What some models with latent attention have beside it.

    ``sliding_*`` are the sizes of the sliding layers where these are not those of the others. ``unturned`` are layers
    (from 0) whose keys and queries are not turned by their positions. ``source`` says, layer by layer, whose latent is
    read; a layer that reads another's makes and keeps none.

    Traits: ``rope_norm`` (a norm of the shared rotary key), ``sinks`` (a number a head beside the scores),
    ``scaled`` (queries by two numbers a head and the logarithm of their position), ``turning`` (what turns queries and
    keys is learned).
    """

    part: ClassVar[str] = "text.latent"
    sliding_heads: int | None = None
    sliding_kv_rank: int | None = None
    sliding_query_rank: int | None = None
    sliding_rope_dim: int | None = None
    sliding_plain_dim: int | None = None
    sliding_value_dim: int | None = None
    unturned: tuple[int, ...] | None = None
    source: tuple[int, ...] | None = None
    rope_norm: bool | None = None
    sinks: bool | None = None
    scaled: bool | None = None
    turning: bool | None = None


@dataclass(frozen=True)
class IndexSizes:
    """How a layer of kind "indexed" chooses the ``chosen`` keys that a query attends to.

    ``heads`` queries, ``head_dim`` wide, score every key of the index, of which there is one a ``pool`` of positions,
    or one each. ``pattern`` says which layers have an index of their own ("own") and which go by the choice of the
    layer before ("shared"), in runs as in ``TextSizes.attention``.

    ``kind`` is how scores come about (``vtok.costs.mixers.index``): "latent", "hidden", "gated",
    "averaged" or "blocks".
    """

    part: ClassVar[str] = "text.index"
    kind: str | None = None
    heads: int | None = None
    head_dim: int | None = None
    chosen: int | None = None
    pool: int | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class StreamSizes:
    """``count`` residual streams between layers (hyper-connections), read and written with learned weights.

    ``kind`` is what these weights are made of (``vtok.costs.streams``): "separate", "mixed" or "low rank", the last
    of ``rank``.
    """

    part: ClassVar[str] = "text.streams"
    kind: str | None = None
    count: int | None = None
    rank: int | None = None


@dataclass(frozen=True)
class NgramSizes:
    """Tables that ``layers`` (from 0) look up the last tokens in, two of them, three, up to ``longest``.

    Each length has ``heads`` tables of ``rows`` rows or a few more, together ``width`` wide, in one whose rows are a
    multiple of ``multiple``. A convolution of ``taps``, ``longest`` apart, follows.
    """

    part: ClassVar[str] = "text.ngrams"
    layers: tuple[int, ...] | None = None
    width: int | None = None
    longest: int | None = None
    heads: int | None = None
    rows: int | None = None
    multiple: int | None = None
    taps: int | None = None
