"""What a token-reduction method is: a small frozen dataclass that says what it needs and selects.

A method is one file in ``methods/`` that defines one subclass. Its ``name`` is the file's name.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.selection import Selection


class Need(enum.Enum):
    """What a method has to look at beyond the vectors; only what is asked for is computed."""

    CLS_ATTENTION = "the attention of the encoder's CLS token"
    KEYS = "the keys of the encoder's last used layer"
    FEATURES = "the encoder's output before the projector"


class Stage(enum.Enum):
    """Where a method acts."""

    PIXELS = "before the encoder"
    TOKENS = "between projector and language model"


@dataclass(frozen=True)
class Seen:
    """What a method may look at, for one image of ``rows`` x ``columns`` = n visual tokens.

    ``vectors`` (n, d) are the projector's output. The rest is there only when the method needs it: ``features``
    (n, e) the encoder's output before the projector; ``cls_attention`` (heads, n) the softmaxed attention of the CLS
    token to every patch in the layer whose output the projector reads (its share to itself is left out, so that a
    row sums to less than 1); ``keys`` (n, c) that layer's keys, averaged over its heads.
    """

    grid: tuple[int, int]
    vectors: Tensor
    features: Tensor | None = None
    cls_attention: Tensor | None = None
    keys: Tensor | None = None

    @property
    def count(self) -> int:
        """Visual tokens of this image."""
        return self.vectors.shape[0]


@dataclass(frozen=True)
class Method(ABC):
    """Base of all methods; hyperparameters are the dataclass fields."""

    name: ClassVar[str]
    #: One line for tables: what it keeps.
    summary: ClassVar[str]
    #: Paper, section or file of the reference.
    source: ClassVar[str]
    needs: ClassVar[frozenset[Need]] = frozenset()
    stage: ClassVar[Stage] = Stage.TOKENS
    #: Whether merging happens on the encoder's output, before the projector (needs FEATURES), instead of after it.
    merges_features: ClassVar[bool] = False

    @abstractmethod
    def select(self, seen: Seen, budget: int) -> Selection:
        """At most ``budget`` of the image's tokens; ``1 <= budget < seen.count`` holds when this is called."""

    def __str__(self) -> str:
        changed = [f"{f.name}={getattr(self, f.name)}" for f in fields(self) if getattr(self, f.name) != f.default]
        return f"{self.name}({', '.join(changed)})" if changed else self.name


@dataclass(frozen=True)
class PixelMethod(Method):
    """Base of methods that act before the encoder: they say to which grid the picture is shrunk."""

    stage: ClassVar[Stage] = Stage.PIXELS

    @abstractmethod
    def shrink(self, grid: tuple[int, int], budget: int) -> tuple[int, int]:
        """The (rows, columns) that a picture of ``grid`` patches is shrunk to, at most ``budget`` in all."""

    def select(self, seen: Seen, budget: int) -> Selection:
        """Not for these: the tokens are never there to be selected from."""
        raise MethodError(f"{self.name} acts on the picture, before there are tokens to select from")
