"""Inkling's encoder: an MLP that folds the pixels of a patch into ever fewer positions, until it is one.

As in transformers 5.24, models/inkling/modeling_inkling.py. Nothing sees beyond its patch. A patch is ``temporal``
frames; layers fold rows and columns first, frames last, by prime factors of a side. How many positions a layer leaves
is the scale that is nearest to a straight line, in logarithms, from all pixels to one position.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import mul

from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece, norm
from vtok.costs.seeing import Seeing
from vtok.costs.towers.base import Tower
from vtok.costs.unknown import need

#: Channels are a multiple of this.
_ROUND = 64


@dataclass(frozen=True)
class Fold:
    """One layer: ``positions`` of a patch are left, each through ``matrix``; all but the last have a norm."""

    positions: int
    matrix: Matrix
    normed: bool

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The matrix, and its norm."""
        return (self.matrix, norm(self.matrix.outputs)) if self.normed else (self.matrix,)


@dataclass(frozen=True)
class Folding(Tower):
    """``folds`` are its layers; a norm of ``hidden``, the language model's width, follows."""

    folds: tuple[Fold, ...]
    patch: int
    hidden: int
    class_tokens: int = 0
    joined: int = 1

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Every matrix, every norm, and the last."""
        return (*(piece for fold in self.folds for piece in fold.pieces), norm(self.hidden))

    def flops(self, seen: Seeing) -> int:
        """FLOPs of all layers."""
        return sum(fold.matrix.flops(seen.patches * fold.positions) for fold in self.folds)

    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of the matrices."""
        return seen.patches * number * sum(fold.positions * fold.matrix.wide for fold in self.folds)

    def working(self, seen: Seeing) -> int:
        """Numbers at the highest point: what enters a layer, and its new order, or its output thrice for the norm."""
        sizes = [(fold.positions * fold.matrix.inputs, fold.positions * fold.matrix.outputs) for fold in self.folds]
        return seen.patches * max(before + max(before + after, 3 * after) for before, after in sizes)

    def buffered(self, seen: Seeing) -> int:
        """The same: it has nothing beside."""
        return self.working(seen)


def folding(vision: VisionSizes) -> Folding:
    """The encoder of ``vision``; raises ``UnknownFigureError``."""
    hidden, patch, layers = need(vision, "output"), need(vision, "patch"), need(vision, "layers")
    scales = plan(need(vision, "temporal"), patch, layers, need(vision, "channels"))
    folds = []
    for index, (before, after) in enumerate(pairwise(scales)):
        last = index == layers - 1
        matrix = Matrix("vision", before.channels * (after.pixels // before.pixels), hidden if last else after.channels)
        folds.append(Fold(scales[-1].pixels // after.pixels, matrix, not last))
    return Folding(tuple(folds), patch, hidden)


@dataclass(frozen=True)
class Scale:
    """How much a position stands for: ``pixels`` of all frames, in ``channels`` numbers."""

    pixels: int
    channels: int


def plan(frames: int, side: int, layers: int, channels: int) -> list[Scale]:
    """The scales before, between and after ``layers``, for patches of ``side`` px in so many ``frames``."""
    sides = list(accumulate(_primes(side), mul))
    scales = [Scale(1, channels)]
    scales += [Scale(one**2, -(-(one**2) * channels // _ROUND) * _ROUND) for one in sides]
    # The reference rounds channels of whole frames up to 64 times what they are; they are used by no real model.
    scales += [Scale(side**2 * one, side**2 * channels * one * _ROUND) for one in accumulate(_primes(frames), mul)]
    whole = math.log(side**2 * frames * channels)
    wanted = [whole * step / layers for step in range(layers + 1)]
    chosen = _nearest(wanted, [math.log(scale.pixels) for scale in scales])
    return [scales[0], *(scales[index] for index in chosen[1:-1]), scales[-1]]


def _primes(number: int) -> list[int]:
    """Its prime factors, the largest first."""
    found, factor = [], 2
    while number > 1:
        while number % factor == 0:
            found.append(factor)
            number //= factor
        factor += 1
    return found[::-1]


def _nearest(wanted: Sequence[float], there: Sequence[float]) -> list[int]:
    """The index in ``there`` for each that is ``wanted``: each the nearest, or, where there are enough, no two alike.

    Both ascend. Where no two may be alike, the sum of distances is the least, which keeps the order.
    """
    if len(wanted) > len(there):
        return [min(range(len(there)), key=lambda index: abs(there[index] - one)) for one in wanted]
    # For each start of ``there``, the least sum for what was wanted so far, and its choices.
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())] * (len(there) + 1)
    for count, one in enumerate(wanted):
        before, best = best, [(math.inf, ())] * (count + 1)
        for index in range(count, len(there)):
            total, choices = before[index]
            best.append(min(best[-1], (total + abs(there[index] - one), (*choices, index)), key=lambda pair: pair[0]))
    return list(best[-1][1])
