import pytest

from vtok.fitting.detail import detail
from vtok.geometry.layout import Grid, Layout, Tile
from vtok.geometry.registry import make_family


def of(family, source, shrunk=None, **settings):
    return detail(make_family(family, settings).layout(*(shrunk or source)), source)


def test_a_picture_that_is_seen_whole_at_its_size_survives_whole():
    assert of("smart_resize", (280, 560)) == pytest.approx(280 * 560)


def test_enlarging_adds_nothing():
    assert of("fixed", (100, 100)) == pytest.approx(100 * 100)


def test_the_scale_of_the_side_that_lost_more_counts():
    # 400 x 200 px squeezed to 200 x 200: half of the width is lost, so it shows no more than 200 x 100 px would.
    assert of("fixed", (400, 200), size=200) == pytest.approx(200 * 100)


def test_what_is_cut_off_is_lost():
    # Of 672 x 336 px LLaVA-1.5 cuts out the middle 336 x 336.
    assert of("llava", (672, 336)) == pytest.approx(336 * 336)


def test_shrinking_before_and_after_multiply():
    # To a half before, to a half by the model.
    assert of("fixed", (800, 800), shrunk=(400, 400), size=200) == pytest.approx(200 * 200)


def test_the_finer_of_two_views_counts():
    # A thumbnail of everything at a quarter, and a tile of the left half at full size.
    tiles = (Tile((25, 25), (0, 0, 100, 100)), Tile((50, 100), (0, 0, 50, 100)))
    layout = Layout((100, 100), (100, 100), tiles, (Grid(1, 1, (0, 0, 100, 100)),))
    assert detail(layout, (100, 100)) == pytest.approx(50 * 100 + 50 * 100 / 16)
    assert detail(Layout((100, 100), (100, 100), tiles[::-1], layout.grids), (100, 100)) == pytest.approx(5312.5)


def test_padding_is_no_picture():
    assert of("llava", (400, 100), pad=True) == pytest.approx(336 * 84)
