"""What the rules for native resolution share: refusing long pictures and bad settings, and layouts of one grid."""

from __future__ import annotations

from vtok.errors import UsageError
from vtok.geometry.layout import Box, Grid, Layout, Size, Tile


def refuse_long(source: Size, aspect: float, most: float) -> None:
    """Raise ``UsageError`` where ``aspect``, long side over short, is over ``most``."""
    if aspect > most:
        width, height = source
        times = f"{aspect:.4g}" if aspect < 1000 else f"{aspect:,.0f}"
        raise UsageError(
            f"a picture of {width} x {height} px has one side {times} times as long as the other, "
            f"and this model takes at most {most:g} times; crop it or pad it"
        )


def require_positive(**settings: float) -> None:
    """Raise ``UsageError`` for the first of the ``settings`` that is below 1."""
    for name, value in settings.items():
        if value < 1:
            raise UsageError(f"{name} is {value}; it must be at least 1")


def one_grid(source: Size, resized: Size, rows: int, columns: int, box: Box, structural: int = 0) -> Layout:
    """A layout of one tile and one grid, which both show ``box``, and ``structural`` tokens beside them."""
    return Layout(source, resized, (Tile(resized, box),), (Grid(rows, columns, box),), structural)
