"""How numbers lie in memory: blocks of so many weights in so many bytes, and the scales beside them."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Storage:
    """One layout. Along a row of a matrix ``block`` weights take ``bytes``; ``bytes`` need not be whole.

    Beside that are ``row_bytes`` a row, ``column_bytes`` a column, and ``tile_bytes`` a square of ``tile`` x ``tile``
    weights. ``fallback`` is the name of the layout for rows that are no multiple of ``block``; where there is none, the
    last block is filled up, or where blocks are ``flat``, they run on over the ends of rows.
    """

    name: str
    block: int = 1
    bytes: float = 1
    row_bytes: int = 0
    column_bytes: int = 0
    tile: int = 0
    tile_bytes: int = 0
    flat: bool = False
    fallback: str = ""
    source: str = ""

    @property
    def bits(self) -> float:
        """Bits a weight of a large matrix, the scales of blocks and tiles included."""
        beside = self.tile_bytes / self.tile**2 if self.tile else 0
        return 8 * (self.bytes / self.block + beside)

    def size(self, rows: int, columns: int) -> int:
        """Bytes of a matrix of ``rows`` x ``columns``; ``columns`` is the width of the layer's input."""
        blocks = rows * columns / self.block if self.flat else rows * math.ceil(columns / self.block)
        beside = rows * self.row_bytes + columns * self.column_bytes
        if self.tile:
            beside += self.tile_bytes * math.ceil(rows / self.tile) * math.ceil(columns / self.tile)
        return math.ceil(blocks * self.bytes) + beside


@cache
def formats_file() -> dict[str, Any]:
    """``formats.toml`` as it is."""
    return tomllib.loads(files("vtok.catalog").joinpath("formats.toml").read_text(encoding="utf-8"))


@cache
def storages() -> dict[str, Storage]:
    """Every layout by its name."""
    return {
        layout["name"]: Storage(**layout, source=entry["source"])
        for entry in formats_file()["storage"]
        for layout in entry["layouts"]
    }
