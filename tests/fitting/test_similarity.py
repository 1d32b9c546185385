"""What was told in advance is there once the picture was really shrunk."""

import numpy as np
import pytest
from PIL import Image

from tests.fitting.drawn import page, photo
from vtok.fitting.similarity import Similarity, measure_similarity

WINDOW = 32
C = (0.03 * 255) ** 2


def measured(picture, scale):
    """The same term of SSIM, of a copy that was shrunk and enlarged again with Pillow's bicubic filter."""
    source = picture.convert("L")
    size = tuple(round(side * scale) for side in source.size)
    copy = source.resize(size, Image.Resampling.BICUBIC).resize(source.size, Image.Resampling.BICUBIC)

    def windows(image):
        values = np.asarray(image, np.float64)
        height, width = (side // WINDOW * WINDOW for side in values.shape)
        cut = values[:height, :width].reshape(height // WINDOW, WINDOW, width // WINDOW, WINDOW)
        return cut - cut.mean(axis=(1, 3), keepdims=True)

    a, b = windows(source), windows(copy)
    shared = (a * b).mean(axis=(1, 3))
    return float(((2 * shared + C) / ((a**2).mean(axis=(1, 3)) + (b**2).mean(axis=(1, 3)) + C)).mean())


@pytest.mark.parametrize("picture", [page(), page(size=14), page(ink=230, paper=20), photo()])
@pytest.mark.parametrize("scale", [0.75, 0.5, 0.3, 0.2, 0.125])
def test_told_in_advance(picture, scale):
    assert measure_similarity(picture).at(scale) == pytest.approx(measured(picture, scale), abs=0.08)


def test_what_is_beyond_the_small_copy():
    picture = photo(2048, 1536)
    small = picture.resize((1024, 768), Image.Resampling.BOX)
    whole, partly = measure_similarity(picture), measure_similarity(small, picture.size)
    for scale in (1.0, 0.75, 0.5, 0.2):
        assert partly.at(scale) == pytest.approx(whole.at(scale), abs=0.01)
        assert partly.at(scale) == pytest.approx(measured(picture, scale), abs=0.08)


def test_print_loses_more_than_a_photograph():
    assert measure_similarity(page(size=14)).at(0.2) < measure_similarity(photo(slope=1.5)).at(0.2) - 0.1


def test_contrast_is_no_matter():
    strong, weak = measure_similarity(page()), measure_similarity(page(ink=150, paper=230))
    assert weak.at(0.3) == pytest.approx(strong.at(0.3), abs=0.05)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (100_000, 1), (1, 5000), (1025, 1), (1024, 1024), (33, 4000)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_odd_sizes(size, mode):
    found = measure_similarity(Image.new(mode, size, "white"))
    assert found.at(1.0) == found.at(0.001) == 1.0


def test_the_curve_rises_to_one():
    for picture, source in ((page(), None), (photo(300, 200), (4032, 2688)), (photo(300, 200), (301, 200))):
        found = measure_similarity(picture, source)
        assert list(found.scales) == sorted(set(found.scales))
        assert list(found.kept) == sorted(found.kept)
        assert found.scales[-1] == 1.0
        assert found.kept[-1] == pytest.approx(1.0)
        assert min(found.kept) > 0


def test_a_resize():
    found = Similarity((0.25, 0.5, 1.0), (0.2, 0.6, 1.0))
    assert found.between((400, 400), (200, 200)) == pytest.approx(0.6)
    assert found.between((400, 400), (800, 400)) == 1.0
    assert found.between((400, 400), (800, 100)) == pytest.approx(0.6)  # enlarging one side adds nothing
    assert found.at(0.01) == 0.2
