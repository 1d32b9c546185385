"""Pages of print whose letters' heights are known, drawn with packaged fonts; and photographs without any print.

Letters are drawn at four times the size and shrunk, so that no hinting rounds their heights to whole pixels.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

OVER = 4
LETTERS = "etaoinshrdlucmfwypvbgkqjxz"
_OFTEN = "12.7 9.1 8.2 7.5 7 6.7 6.3 6.1 6 4.3 4 2.8 2.8 2.4 2.2 2.4 2 1.9 1 1.5 2 0.8 0.1 0.15 0.15 0.07"
CHANCES = np.array([float(text) for text in _OFTEN.split()])
_PHOTOGRAPHS = (
    *("astronaut", "camera", "cat", "coffee", "coins", "hubble_deep_field", "moon"),
    *("rocket", "grass", "gravel", "brick", "retina", "cell"),
)
KINDS = ("dark on light", "light on dark", "with a photo", "noise and JPEG", "photographed")


@dataclass(frozen=True)
class Page:
    """A drawn page and the 10th percentile of its words' heights, px: x-height, or capitals' where all are capitals."""

    image: Image.Image
    height: float
    kind: str


@cache
def height_of(path: str, letter: str) -> float:
    """Height of a letter in a font at a size of 1 px."""
    _, top, _, bottom = ImageFont.truetype(path, 1000).getbbox(letter, anchor="ls")
    return float(bottom - top) / 1000


def draw_page(
    seed: int, kind: str, fonts: tuple[str, ...], photos: list[Image.Image], size: tuple[int, int] = (1000, 1300)
) -> Page:
    """A page of its own for each seed: one font, a body, a heading twice as high, and words of capitals and numbers."""
    draw = np.random.default_rng(seed)
    path = fonts[int(draw.integers(len(fonts)))]
    body = float(np.exp(draw.uniform(np.log(5), np.log(28))))
    width, height = size
    ink, paper = _colours(draw, kind)
    page = Image.new("RGB", (width * OVER, height * OVER), paper)
    pen = ImageDraw.Draw(page)
    heights: list[float] = []
    margin, leading = 70.0, float(draw.uniform(2.3, 3.2))
    top = margin + _line(pen, path, 2 * body, margin, margin + 2 * body, width - margin, ink, draw, heights) * leading
    hole = _hole(draw, width, height) if kind == "with a photo" else None
    while top < height - margin:
        if hole is None or not hole[1] - 2 * body < top < hole[3] + 2 * body:
            _line(pen, path, body, margin, top, width - margin, ink, draw, heights)
        top += body * leading
    page = page.resize(size, Image.Resampling.BOX)
    if hole is not None:
        photo = photos[int(draw.integers(len(photos)))].resize((hole[2] - hole[0], hole[3] - hole[1]))
        page.paste(photo, hole[:2])
    return Page(_worn(page, kind, draw, paper), float(np.percentile(heights, 10)), kind)


def _line(
    pen: ImageDraw.ImageDraw,
    path: str,
    body: float,
    left: float,
    baseline: float,
    right: float,
    ink: tuple[int, ...],
    draw: np.random.Generator,
    heights: list[float],
) -> float:
    """Draw words from ``left`` on until the line is full, and note how high each is; returns ``body``."""
    size = body / height_of(path, "x")
    font = ImageFont.truetype(path, size * OVER)
    while True:
        word, letter = _word(draw)
        length = font.getlength(word) / OVER
        if left + length > right:
            return body
        pen.text((left * OVER, baseline * OVER), word, font=font, fill=ink, anchor="ls")
        heights.append(size * height_of(path, letter))
        left += length + 0.28 * size


def _word(draw: np.random.Generator) -> tuple[str, str]:
    """A word, and a letter as high as most of it."""
    chance = draw.uniform()
    if chance < 0.08:
        return str(int(draw.integers(10, 100_000))), "0"
    letters = "".join(draw.choice(list(LETTERS), int(draw.integers(2, 10)), p=CHANCES / CHANCES.sum()))
    if chance < 0.13:
        return letters.upper(), "H"
    return (letters.capitalize() if chance < 0.25 else letters), "x"


def _colours(draw: np.random.Generator, kind: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    dark = tuple(int(value) for value in draw.integers(0, 90, 3))
    light = tuple(int(value) for value in draw.integers(200, 256, 3))
    return (light, dark) if kind == "light on dark" else (dark, light)


def _hole(draw: np.random.Generator, width: int, height: int) -> tuple[int, int, int, int]:
    left, top = int(draw.integers(70, 200)), int(draw.integers(height // 4, height // 2))
    return left, top, width - left, top + height // 3


def _worn(page: Image.Image, kind: str, draw: np.random.Generator, paper: tuple[int, ...]) -> Image.Image:
    if kind == "photographed":
        page = page.rotate(float(draw.uniform(-1.5, 1.5)), Image.Resampling.BICUBIC, fillcolor=paper)
        values = np.asarray(page, np.float32)
        across = np.linspace(1, float(draw.uniform(0.5, 0.9)), page.width)[None, :, None]
        down = np.linspace(1, float(draw.uniform(0.6, 1)), page.height)[:, None, None]
        page = _noisy(values * across * down, 4, draw)
        return _jpeg(page, 85)
    if kind == "noise and JPEG":
        return _jpeg(_noisy(np.asarray(page, np.float32), 6, draw), 60)
    return page


def _noisy(values: np.ndarray, amount: float, draw: np.random.Generator) -> Image.Image:
    return Image.fromarray(np.clip(values + draw.normal(0, amount, values.shape), 0, 255).astype(np.uint8))


def _jpeg(page: Image.Image, quality: int) -> Image.Image:
    held = io.BytesIO()
    page.save(held, "JPEG", quality=quality)
    return Image.open(held).convert("RGB")


def textures(seed: int, number: int = 24) -> list[tuple[str, Image.Image]]:
    """Noise and the grain of wood of several strengths and sizes, 1600 x 1200 px, without any print."""
    draw = np.random.default_rng(seed)
    found = []
    for one in range(number):
        across, down = int(draw.choice([1, 2, 3, 5, 8, 20])), int(draw.choice([1, 2, 3]))
        values = 128 + draw.uniform(10, 80) * draw.normal(size=(1200 // down, 1600 // across))
        texture = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
        found.append((f"texture {one}", texture.resize((1600, 1200), Image.Resampling.BICUBIC)))
    return found


def photographs() -> list[tuple[str, Image.Image]]:
    """Photographs without print from scikit-image and scikit-learn, those that come inside their packages."""
    from skimage import data
    from sklearn.datasets import load_sample_images

    found = []
    for name in _PHOTOGRAPHS:
        try:
            found.append((name, Image.fromarray(getattr(data, name)()).convert("RGB")))
        except Exception:  # what would have to be downloaded is left out
            continue
    for name, values in zip(("china", "flower"), load_sample_images().images, strict=True):
        found.append((name, Image.fromarray(values)))
    return found
