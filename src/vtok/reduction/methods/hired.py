"""HiRED: the budget is shared among tiles by how much of the picture's subject each of them shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.method import Need, Seen, TokenMethod
from vtok.reduction.selection import Selection
from vtok.reduction.sharing import best_of_parts, share_out
from vtok.reduction.windows import window_of


@dataclass(frozen=True)
class HiRED(TokenMethod):
    """Keeps in each tile the tokens that CLS attends to most in the last layer, as many as the first layer grants it.

    ``alpha`` of the budget goes to the thumbnail. The rest is shared among the tiles by how many of the thumbnail's
    most attended tokens of the *first* layer (its best 1 - ``alpha``) lie in each of them. The reference cuts the
    thumbnail's map, in reading order, into as many equal stretches as there are tiles, which are not the tiles'
    places where a row has more than one; ``by_place`` takes the places instead, as the paper describes it, where the
    tiles make up one grid. Tokens that rounding leaves over are dropped there and handed out here. A picture of one
    tile keeps its most attended tokens.
    """

    name: ClassVar[str] = "hired"
    summary: ClassVar[str] = "what CLS attends to in each tile, more where the picture's subject is"
    source: ClassVar[str] = "arXiv 2408.10945, section 3; hasanar1f/HiRED, models/llava_next/modeling_llava_next.py"
    cost: ClassVar[str] = "O(n)"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.CLS_ATTENTION, Need.FIRST_ATTENTION})
    alpha: float = 0.5
    by_place: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:
            raise MethodError(f"hired's alpha is a share from 0 to 1, not {self.alpha}")

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``."""
        assert seen.cls_attention is not None
        scores = seen.cls_attention.float().sum(0)
        if seen.thumbnail is None or len(seen.grids) == 1:
            return Selection.of(scores.topk(budget).indices, seen.count, scores)
        blocks = [(seen.block_of == index).nonzero().flatten() for index in range(len(seen.grids))]
        whole = blocks[seen.thumbnail]
        tiles, together = _tiles(seen, blocks)
        wanted = min(int(budget * self.alpha), whole.numel())
        most = torch.tensor([tile.numel() for tile in tiles], device=scores.device)
        shares = share_out(self._grants(seen, whole, len(tiles), together), budget - wanted, most)
        # What does not fit into the tiles is the thumbnail's again.
        wanted = min(budget - int(shares.sum()), whole.numel())
        kept = best_of_parts(scores, [whole, *tiles], torch.cat([shares.new_tensor([wanted]), shares]))
        return Selection.of(kept, seen.count, scores)

    def _grants(self, seen: Seen, whole: Tensor, tiles: int, together: tuple[int, int] | None) -> Tensor:
        """(tiles,) how many of the thumbnail's most attended tokens of the first layer fall to each tile."""
        assert seen.first_attention is not None
        assert seen.thumbnail is not None
        first = seen.first_attention.float().sum(0)[whole]
        subject = first.topk(int(first.numel() * (1 - self.alpha))).indices
        if self.by_place and together is not None:
            place = window_of(seen.grids[seen.thumbnail], together, first.device)
        else:
            place = torch.arange(first.numel(), device=first.device) * tiles // first.numel()
        return torch.bincount(place[subject], minlength=tiles).float()


def _tiles(seen: Seen, blocks: list[Tensor]) -> tuple[list[Tensor], tuple[int, int] | None]:
    """The tokens of each tile, and how many rows and columns of tiles there are, where they make up one block."""
    others = [index for index in range(len(blocks)) if index != seen.thumbnail]
    if len(others) > 1:
        return [blocks[index] for index in others], None
    assert seen.thumbnail is not None
    (rows, columns), (tile_rows, tile_columns) = seen.grids[others[0]], seen.grids[seen.thumbnail]
    together = (-(-rows // tile_rows), -(-columns // tile_columns))
    window = window_of((rows, columns), together, blocks[0].device)
    return [blocks[others[0]][window == index] for index in range(together[0] * together[1])], together
