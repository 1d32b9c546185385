"""Figures that no source tells: a formula that meets one stops, and what rests on it is unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, TypeVar

T = TypeVar("T")


class Sizes(Protocol):
    """Sizes of a part, or a group of them, of ``vtok.catalog``; ``part`` is what they are called in a report."""

    part: ClassVar[str]


class UnknownFigureError(Exception):
    """A formula met a figure that is not known; its text is the figure's name. It never reaches a user."""


def need(sizes: Sizes, name: str) -> Any:
    """The size called ``name``; raises ``UnknownFigureError`` where it is not known."""
    value = getattr(sizes, name)
    if value is None:
        raise UnknownFigureError(f"{sizes.part}.{name}")
    return value


def need_of_layer(sizes: Sizes, name: str, index: int) -> Any:
    """What the list called ``name`` says of layer ``index``; raises ``UnknownFigureError`` where it is too short."""
    values = need(sizes, name)
    if index >= len(values):
        raise UnknownFigureError(f"{sizes.part}.{name} of layer {index}")
    return values[index]


class Ledger:
    """Works formulas out and keeps the names of the figures that were missing."""

    def __init__(self) -> None:
        self._missing: dict[str, None] = {}

    def take(self, formula: Callable[[], T]) -> T | None:
        """What ``formula`` gives, or None where it met a figure that is not known."""
        try:
            return formula()
        except UnknownFigureError as error:
            if str(error):
                self._missing[str(error)] = None
            return None

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the missing figures, in the order in which they were met."""
        return tuple(self._missing)
