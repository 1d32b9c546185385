"""Small print is found, measured and missed when it goes; pictures without print raise no alarm."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.fitting.drawn import page, photo
from vtok.fitting.legibility import READABLE, Legibility, Print, find_print
from vtok.fitting.letters import letter_heights


def x_height(size):
    _, top, _, bottom = ImageFont.load_default(size).getbbox("x", anchor="ls")
    return bottom - top


@pytest.mark.parametrize("size", [10, 12, 16, 20, 26, 36, 50])
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (235, 30), (90, 190)])
def test_height_of_print(size, ink, paper):
    found = find_print(page(1000, 900, size, ink=ink, paper=paper))
    assert found is not None
    assert found.height == pytest.approx(x_height(size), rel=0.15)


def test_small_print_among_large():
    both = page(1000, 1300, 32)
    both.paste(page(1000, 500, 14), (0, 800))
    assert find_print(both).height == pytest.approx(x_height(14), rel=0.15)


def test_print_beside_a_picture():
    both = page(1000, 1300, 18)
    both.paste(photo(800, 600), (100, 350))
    assert find_print(both).height == pytest.approx(x_height(18), rel=0.15)


def test_a_shrunken_copy_tells_of_the_source():
    source = page(2000, 2000, 40)
    copy = source.resize((1000, 1000), Image.Resampling.BOX)
    assert find_print(copy, source.size).height == pytest.approx(x_height(40), rel=0.15)


def test_a_large_picture_is_halved(monkeypatch):
    monkeypatch.setattr("vtok.fitting.legibility.PIXELS", 600_000)
    assert find_print(page(1000, 1000, 30)).height == pytest.approx(x_height(30), rel=0.15)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("slope", [0.5, 1.0, 1.5])
def test_no_alarm_without_print(seed, slope):
    assert find_print(photo(seed=seed, slope=slope)) is None


@pytest.mark.parametrize("strength", [20, 60])
@pytest.mark.parametrize("coarse", [(1, 1), (2, 2), (3, 3), (8, 1), (20, 2)])
def test_no_alarm_on_noise_and_grain(strength, coarse):
    across, down = coarse
    noise = Image.effect_noise((1200 // across, 900 // down), strength)
    assert find_print(noise.resize((1200, 900), Image.Resampling.BICUBIC)) is None


def test_a_receipt_whose_prices_stand_far_from_the_words():
    receipt = Image.effect_noise((900, 1200), 20)
    receipt.paste(250, (100, 50, 700, 1150))
    pen, font = ImageDraw.Draw(receipt), ImageFont.load_default(26)
    for row, word in enumerate(("espresso", "sandwich", "mineral water", "apple cake", "salad", "bread") * 5):
        pen.text((130, 80 + 34 * row), word, font=font, fill=20)
        pen.text((610, 80 + 34 * row), f"{row}.50", font=font, fill=20)
    assert find_print(receipt).height == pytest.approx(x_height(26), rel=0.2)


def test_no_alarm_on_patterns():
    bricks = Image.new("RGB", (600, 600), "white")
    pen = ImageDraw.Draw(bricks)
    for row in range(0, 600, 12):
        for column in range(row % 24, 600, 24):
            pen.rectangle((column, row, column + 20, row + 8), fill="brown")
    assert find_print(bricks) is None


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (100_000, 1), (7, 7), (17, 400)])
def test_odd_sizes(size):
    assert find_print(Image.new("RGB", size, "white")) is None
    noise = np.random.default_rng(0).integers(0, 255, size[::-1], dtype=np.uint8)
    assert find_print(Image.fromarray(noise)) is None


def test_a_few_words_are_no_page():
    sign = Image.new("L", (400, 200), 255)
    ImageDraw.Draw(sign).text((50, 80), "no exit", font=ImageFont.load_default(20), fill=0)
    assert find_print(sign) is None


def test_heights_are_in_pixels_of_what_was_given():
    heights = letter_heights(np.asarray(page(900, 600, 24).convert("L")))
    assert len(heights) > 50
    assert np.median(heights) == pytest.approx(x_height(24), rel=0.1)


def test_the_warning():
    lost = Legibility(9.2, 4.1, 2304, 28)
    assert not lost.survives
    assert lost.warning() == (
        "text of about 9 px would become 4 px (a token shows 28 px), and below about 8 px little is read; "
        "it needs about 2,304 tokens: --budget 2304"
    )
    assert lost.warning(shared=True) == "text of about 9 px would become 4 px; it needs about 2,304 tokens alone"
    assert "crop the picture" in Legibility(30, 4, None, 28).warning()
    assert "small already" in Legibility(6, 3, 4000, 28).warning()


def test_no_warning():
    for before, after in ((9, 9), (30, READABLE), (6, 6), (6, 5.7), (9, 7.6)):
        assert Legibility(before, after, 100, 28).warning() is None
    assert Print(9, 100).exact is False
