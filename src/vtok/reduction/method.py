"""What a token-reduction method is: a small frozen dataclass that says what it needs and selects.

A method is one file in ``methods/`` that defines one subclass of a base here: ``TokenMethod`` (before the language
model), ``PixelMethod`` and ``PatchMethod`` (before the encoder), ``TowerMethod`` (inside it), or ``LayerMethod``
(``in_layer.py``). Its ``name`` is
the file's name, with ``+`` where the file says ``_plus``.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from torch import Tensor

from vtok.errors import BudgetError, MethodError
from vtok.reduction.seen import Need, Patches, Seen
from vtok.reduction.selection import Selection

__all__ = ["Method", "Need", "PatchMethod", "PixelMethod", "Seen", "Stage", "TokenMethod", "TowerMethod"]


class Stage(enum.Enum):
    """Where a method acts; in the order of a picture's way."""

    PIXELS = "on the picture"
    PATCHES = "before the encoder"
    TOWER = "inside the encoder"
    TOKENS = "between projector and language model"
    LAYERS = "inside the language model"

    @property
    def rank(self) -> int:
        """0 for what comes first."""
        return list(Stage).index(self)


@dataclass(frozen=True)
class Method(ABC):
    """Base of all methods; hyperparameters are the dataclass fields."""

    name: ClassVar[str]
    #: One line for tables: what it keeps.
    summary: ClassVar[str]
    #: Paper, section or file of the reference.
    source: ClassVar[str]
    #: What choosing k of n tokens of width d costs.
    cost: ClassVar[str]
    needs: ClassVar[frozenset[Need]] = frozenset()
    #: What it also looks at where a family can give it.
    wishes: ClassVar[frozenset[Need]] = frozenset()
    #: What may stand in for a need that a family cannot give.
    stand_ins: ClassVar[Mapping[Need, Need]] = {}
    stage: ClassVar[Stage]
    #: Whether it can be given a budget, and whether it must be; one without decides by itself what stays.
    takes_budget: ClassVar[bool] = True
    needs_budget: ClassVar[bool] = True
    #: Whether exactly the budget is kept; otherwise it may be less.
    exact: ClassVar[bool] = True
    #: Whether it goes by the rows and columns of the tokens.
    reads_grid: ClassVar[bool] = False
    #: Whether it reads frames; such methods take videos alone.
    video: ClassVar[bool] = False

    def needs_from(self, offered: frozenset[Need]) -> frozenset[Need]:
        """What to compute where ``offered`` can be had: the method's needs, or what may stand in, and its wishes.

        Raises ``MethodError`` that names what is missing.
        """
        chosen = {need if need in offered else self.stand_ins.get(need, need) for need in self.needs}
        missing = sorted(need.value for need in chosen - offered)
        if missing:
            raise MethodError(f"{self.name} reads {'; '.join(missing)}, which this model does not have")
        return frozenset(chosen | (self.wishes & offered))

    def least(self, grids: Sequence[tuple[int, int]]) -> int:
        """The fewest tokens that it can leave of a picture of these blocks (tiles, frames)."""
        return 1

    def check_budget(self, budget: int, grids: Sequence[tuple[int, int]]) -> None:
        """Raise ``BudgetError`` for a budget under what the method can leave of a picture of these blocks."""
        if budget < self.least(grids):
            what = "video" if self.video else "picture"
            raise BudgetError(
                f"{self.name} leaves at least {self.least(grids)} tokens of this {what}; a budget of {budget} is too "
                "small"
            )

    def __str__(self) -> str:
        return self.spelled()

    def spelled(self, without: frozenset[str] = frozenset()) -> str:
        """The name, with the parameters that differ from their defaults, those of ``without`` left out."""
        changed = [
            f"{f.name}={getattr(self, f.name)}"
            for f in fields(self)
            if f.name not in without and getattr(self, f.name) != f.default
        ]
        return f"{self.name}({', '.join(changed)})" if changed else self.name


@dataclass(frozen=True)
class TokenMethod(Method):
    """Base of methods that act between projector and language model."""

    stage: ClassVar[Stage] = Stage.TOKENS
    #: Whether merging happens on the encoder's output, before the projector, where FEATURES are there.
    merges_features: ClassVar[bool] = False

    @abstractmethod
    def select(self, seen: Seen, budget: int) -> Selection:
        """At most ``budget`` of the image's tokens; ``least <= budget < seen.count`` holds when this is called."""

    def select_many(self, images: Sequence[Seen], budgets: Sequence[int]) -> list[Selection]:
        """``select`` for several images; methods that choose step by step take equal ones in one go."""
        return [self.select(seen, budget) for seen, budget in zip(images, budgets, strict=True)]


@dataclass(frozen=True)
class PixelMethod(Method):
    """Base of methods that change the picture: they say to which grid it is shrunk."""

    stage: ClassVar[Stage] = Stage.PIXELS
    cost: ClassVar[str] = "none"

    @abstractmethod
    def shrink(self, grid: tuple[int, int], budget: int) -> tuple[int, int]:
        """The (rows, columns) that a picture of ``grid`` patches is shrunk to, at most ``budget`` in all."""


@dataclass(frozen=True)
class PatchMethod(Method):
    """Base of methods that drop patches before the encoder, which then never sees them.

    They suit encoders that take a sequence of patches with their positions (native-resolution families). What is one
    token to the language model, such as 2 x 2 patches in Qwen-VL, is dropped or kept as a whole.
    """

    stage: ClassVar[Stage] = Stage.PATCHES

    @abstractmethod
    def select(self, patches: Patches, budget: int) -> Selection:
        """At most ``budget`` of the image's groups of patches, none of them merged."""


@dataclass(frozen=True)
class TowerMethod(Method):
    """Base of methods that merge tokens inside the encoder, between attention and MLP of its layers.

    Every token lives on in an average, at the place of the first that went into it.
    """

    stage: ClassVar[Stage] = Stage.TOWER

    @property
    def weighs_attention(self) -> bool:
        """Whether a token draws as much attention as all those that it stands for."""
        return True

    @abstractmethod
    def schedule(self, count: int, layers: int, budget: int) -> tuple[int, ...]:
        """How many of the tokens that come to each of so many ``layers`` leave there, so that ``budget`` are left.

        Raises ``BudgetError`` for a budget that cannot be reached in so few layers.
        """

    @abstractmethod
    def targets(self, keys: Tensor, merges: int, cls: bool) -> Tensor:
        """(m,) int64: for each of m tokens the one that it becomes part of, itself for all but ``merges`` of them.

        ``keys`` (heads, m, c) are those of the layer; with ``cls`` the first is CLS and stays alone.
        """
