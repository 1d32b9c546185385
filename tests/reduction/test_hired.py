"""HiRED: how the budget is shared among tiles, worked out by hand."""

import pytest
import torch

from vtok.errors import MethodError
from vtok.reduction.methods.hired import HiRED
from vtok.reduction.seen import Seen


def tiled(together: bool) -> Seen:
    """A thumbnail of 4 x 4 before four tiles of 4 x 4; in the first layer CLS looks at the thumbnail's left half."""
    first = torch.zeros(1, 80)
    first[0, :16] = torch.tensor([1.0, 1.0, 0.0, 0.0] * 4)
    last = torch.linspace(1, 0, 80)[None]
    blocks = ((4, 4), (8, 8)) if together else ((4, 4),) * 5
    return Seen((1, 80), torch.zeros(80, 2), cls_attention=last, first_attention=first, blocks=blocks, thumbnail=0)


def test_one_tile_keeps_what_cls_attends_to() -> None:
    attention = torch.tensor([[0.1, 0.3], [0.4, 0.1]])
    seen = Seen((1, 2), torch.zeros(2, 2), cls_attention=attention, first_attention=attention)
    assert HiRED().select(seen, 1).kept.tolist() == [0]


def test_stretches_as_in_the_code() -> None:
    # Of a budget of 16 the thumbnail has 8: its first, since attention falls. Its 16 first-layer tokens fall, in
    # reading order, into four stretches, the rows, with two of the eight attended ones each: 2 tokens for each tile.
    selection = HiRED().select(tiled(together=False), 16)
    assert selection.kept.tolist() == [*range(8), 16, 17, 32, 33, 48, 49, 64, 65]


def test_places_as_in_the_paper() -> None:
    # Four tiles of 4 x 4 in one grid of 8 x 8: the attended half is that of the upper and the lower left tile. Each of
    # them has 4 of 8 tokens, its first row: 16 to 19 is row 0, and the lower left tile begins in row 4: 16 + 4 * 8.
    selection = HiRED(by_place=True).select(tiled(together=True), 16)
    assert selection.kept.tolist() == [*range(8), 16, 17, 18, 19, 48, 49, 50, 51]


def test_alpha() -> None:
    # A quarter of 16 for the thumbnail. Where its first-layer attention falls too, its first 12 of 16 count: four in
    # each of the first three stretches, none in the last; so 4, 4, 4 and none of the 12 for the tiles.
    seen = tiled(together=False)
    falling = Seen(**{**vars(seen), "first_attention": torch.linspace(1, 0, 80)[None]})
    selection = HiRED(alpha=0.25).select(falling, 16)
    assert selection.kept.tolist() == [*range(4), *range(16, 20), *range(32, 36), *range(48, 52)]
    with pytest.raises(MethodError, match="alpha"):
        HiRED(alpha=-1)
