"""PixelPrune: what neighbours foretell, by hand, and diagonals at once against one patch after the other."""

import pytest
import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.methods.pixelprune import PixelPrune, unforetold, unforetold_within
from vtok.reduction.seen import Patches


def patches(rows: list[list[float]]) -> Patches:
    return Patches((len(rows), len(rows[0])), torch.tensor(rows).flatten()[:, None])


def test_corners_of_even_areas_stay() -> None:
    # 0 0 1    The first patch stays; the one right of it repeats it; 1 is new. In the second row 1 stands under 1, and
    # 0 0 1    left of it 0 beside 0: a vertical edge, so that the one above foretells it. In the third row the left
    # 2 2 2    one foretells, but for the first.
    selection = PixelPrune().select(patches([[0, 0, 1], [0, 0, 1], [2, 2, 2]]), 9)
    assert selection.kept.tolist() == [0, 2, 6]


def test_errors_do_not_add_up() -> None:
    # Steps of 0.4 with a tolerance of 0.5: 0.8 is compared with the 0 that stands for 0.4, and stays.
    slope = patches([[0.0, 0.4, 0.8, 1.2]])
    assert PixelPrune(tolerance=0.5).select(slope, 4).kept.tolist() == [0, 2]
    assert PixelPrune().select(slope, 4).kept.tolist() == [0, 1, 2, 3]


def test_a_budget_raises_the_tolerance() -> None:
    slope = patches([[0.0, 0.4, 0.8, 1.2]])
    # Up to 0.4 every second one stays, up to 0.8 every third, and from 1.2 on only the first.
    assert PixelPrune().select(slope, 3).kept.tolist() == [0, 2]
    assert PixelPrune().select(slope, 1).kept.tolist() == [0]
    # No higher than it has to be: a step of 1 is enough for half of sixteen.
    assert PixelPrune().select(patches([[float(one) for one in range(16)]]), 8).kept.tolist() == list(range(0, 16, 2))


def test_frames_are_coded_one_by_one() -> None:
    twice = Patches((1, 4), torch.zeros(4, 3), blocks=((1, 2), (1, 2)), video=True)
    assert PixelPrune().select(twice, 4).kept.tolist() == [0, 2]
    with pytest.raises(MethodError, match="every tile or frame, 2 here"):
        PixelPrune().select(twice, 1)
    with pytest.raises(MethodError, match="tolerance"):
        PixelPrune(tolerance=-1)


def one_by_one(pixels: Tensor, tolerance: float) -> Tensor:
    rows, columns = pixels.shape[:2]
    stands, kept = pixels.clone(), torch.zeros(rows, columns, dtype=torch.bool)
    for r in range(rows):
        for c in range(columns):
            if r == c == 0:
                kept[r, c] = True
                continue
            foretold = stands[r, c - 1] if c else stands[r - 1, c]
            if r and c:
                above, corner = stands[r - 1, c], stands[r - 1, c - 1]
                if bool((corner - foretold).abs().max() <= tolerance < (corner - above).abs().max()):
                    foretold = above
            kept[r, c] = bool((pixels[r, c] - foretold).abs().max() > tolerance)
            if not kept[r, c]:
                stands[r, c] = foretold
    return kept


@pytest.mark.parametrize("shape", [(1, 7), (7, 1), (5, 8), (8, 5)])
@pytest.mark.parametrize("tolerance", [0.0, 0.3, 1.0])
def test_diagonals_at_once_are_as_one_by_one(shape: tuple[int, int], tolerance: float) -> None:
    pixels = torch.randint(0, 4, (*shape, 2), generator=torch.Generator().manual_seed(3)).float() / 3
    expected = one_by_one(pixels, tolerance)
    assert torch.equal(unforetold_within(pixels, tolerance), expected)
    if tolerance == 0:
        assert torch.equal(unforetold(pixels), expected)
