"""Ink is told from paper under shading, in either polarity, and blank paper has none."""

import numpy as np
import pytest

from tests.fitting.drawn import page
from vtok.fitting.ink import find_inks


def drawn(ink=0, paper=255):
    return np.asarray(page(400, 300, 16, ink=ink, paper=paper).convert("L"))


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (250, 10), (90, 150)])
def test_the_border_is_halfway(ink, paper):
    grey = drawn(ink, paper)
    dark, light = find_inks(grey)
    truth = np.abs(grey.astype(float) - ink) < abs(paper - ink) / 2
    assert ((dark if ink < paper else light) != truth).mean() < 0.02


def test_shading_is_no_ink():
    grey = drawn()
    shade = np.linspace(1, 0.4, grey.shape[1])[None]
    found = find_inks((grey * shade).astype(np.uint8))[0]
    assert (found != find_inks(grey)[0]).mean() < 0.02


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (8, 8), (9, 17)])
def test_blank_paper(shape):
    assert not np.any(find_inks(np.full(shape, 200, np.uint8)))
    faint = 200 + np.random.default_rng(0).integers(-3, 4, shape)
    assert not np.any(find_inks(faint.astype(np.uint8)))
