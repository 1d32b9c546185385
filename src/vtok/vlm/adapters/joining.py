"""Several units of the encoder's output, tiles or frames, as one picture, and what methods see of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from vtok.reduction.method import Seen
from vtok.vlm.picture import Picture


@dataclass(frozen=True)
class Encoding:
    """What the encoder gave: its ``output`` as it is, and for each picture its rows (count, d) and what methods see."""

    output: Any
    pictures: tuple[Picture, ...]
    rows: tuple[Tensor, ...]
    seen: tuple[Seen, ...]


def joined(parts: Sequence[Picture]) -> Picture:
    """Several units one after the other as one picture; structure inside them is shifted along."""
    count, tokens, structure = 0, 0, []
    for part in parts:
        structure += [
            replace(one, row=one.row + count, first=one.first + tokens, stop=one.stop + tokens)
            for one in part.structure
        ]
        count += part.count
        tokens += part.count - len(part.structure)
    known = all(part.grids for part in parts)
    return Picture(count, tuple(grid for part in parts for grid in part.grids) if known else (), tuple(structure))


def beside(parts: Sequence[Tensor], name: str) -> Tensor:
    """What methods see of several units, one after the other; heads come first but in the encoder's features."""
    return parts[0] if len(parts) == 1 else torch.cat(list(parts), 0 if name == "features" else 1)


def seen_of(picture: Picture, rows: Tensor, **more: Any) -> Seen:
    """What methods see of a picture with its ``rows``, structural ones left out, and of ``more``."""
    vectors = rows[picture.content.to(rows.device)] if picture.structure else rows
    if len(picture.grids) == 1:
        return Seen(picture.grids[0], vectors, **more)
    return Seen((1, vectors.shape[0]), vectors, blocks=picture.grids, thumbnail=picture.thumbnail, **more)
