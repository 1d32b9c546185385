"""llama.cpp's tiles: against its choice of a canvas done one number at a time in single precision."""

import numpy as np
import pytest

from vtok.errors import UsageError
from vtok.geometry.families.mtmd_tiles import MtmdTiles

F = np.float32
PINPOINTS = ((336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008))
SETTINGS = {
    "internvl": MtmdTiles(),
    "internvl-6": MtmdTiles(min_tiles=2, max_tiles=6),
    "llava-1.6": MtmdTiles(tile=336, rows=24, canvases=PINPOINTS, markers=0),
}


def by_hand(family, width, height):
    """Tiles, the overview included, step by step."""
    if width <= family.tile and height <= family.tile:
        return 1
    most, least, best = 0, 2**31 - 1, None
    for wide, high in family._candidates():
        scale = min(F(wide) / F(width), F(high) / F(height))
        pixels = min(int(F(width) * scale) * int(F(height) * scale), width * height)
        waste = wide * high - pixels
        if pixels > most or (pixels == most and waste < least):
            most, least, best = pixels, waste, (wide, high)
    return 1 + (best[0] // family.tile) * (best[1] // family.tile) if best else 1


@pytest.mark.parametrize("name", SETTINGS)
def test_the_choice(name):
    family = SETTINGS[name]
    draw = np.random.default_rng(7)
    sizes = np.exp(draw.uniform(0, np.log(6000), (400, 2))).astype(int).tolist()
    sizes += (draw.integers(1, 9, (200, 2)) * family.tile + draw.integers(-1, 2, (200, 2))).tolist()
    sizes += [[1, 1], [1, 5000], [5000, 1], [449, 100], [448, 448]]
    expected = [by_hand(family, *size) * family.rows**2 + family.markers for size in sizes]
    assert family.count_many(*np.array(sizes).T).tolist() == expected
    for size, count in zip(sizes, expected, strict=True):
        layout = family.layout(*size)
        assert layout.total == count
        assert layout.seen == pytest.approx((0, 0, *size))
        assert len(layout.tiles) == len(layout.grids)


def test_by_the_rule():
    # Below the size of a tile: the overview alone. A little wider: two tiles keep all its pixels.
    assert SETTINGS["internvl"].layout(448, 300).total == 258
    assert SETTINGS["internvl"].layout(449, 100).total == 3 * 256 + 2
    assert SETTINGS["llava-1.6"].layout(1920, 1080).total == 5 * 576


def test_refusals():
    family = MtmdTiles()
    with pytest.raises(UsageError, match="more pixels than llama"):
        family.layout(50_000, 50_000)
    assert family.count_many(np.array([50_000, 0]), np.array([50_000, 5])).tolist() == [-1, -1]
    with pytest.raises(UsageError, match="no pixels"):
        family.layout(5, 0)
    with pytest.raises(UsageError, match="no canvas of 7 to 6 tiles"):
        MtmdTiles(min_tiles=7, max_tiles=6)
    with pytest.raises(UsageError, match="no multiple of the tile"):
        MtmdTiles(canvases=((448, 500),))
