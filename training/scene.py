"""Scenes: things laid out on a 336 x 336 picture, the picture drawn, and a label for every patch.

Two kinds: *sparse* scenes, which questions are asked about, and *dense* pages full of words, which teach the
encoder to read (few words a picture teach it next to nothing).
"""

import random
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.fonts import TEST_FONTS, TRAIN_FONTS
from training.items import Digit, Item, Shape, Word
from training.world import COLOUR_INDEX, COLOURS, LONGEST_WORD, SHAPES, WHAT_INDEX, WHATS, draw_word

SIDE, PATCH = 336, 14
GRID = SIDE // PATCH
MARGIN = 5


@dataclass
class Scene:
    """Items on a background, and the random numbers that the drawing uses."""

    background: tuple[int, int, int]
    seed: int
    items: list[Item] = field(default_factory=list)

    def of(self, kind: str) -> list[Item]:
        return [item for item in self.items if item.kind == kind]

    def place(self, item: Item, rng: random.Random, tries: int = 40) -> bool:
        """Put ``item`` where it overlaps nothing; False when there is no room."""
        width, height = item.size
        if width > SIDE - 2 * MARGIN or height > SIDE - 2 * MARGIN:
            return False
        for _ in range(tries):
            item.left = rng.uniform(MARGIN, SIDE - MARGIN - width)
            item.top = rng.uniform(MARGIN, SIDE - MARGIN - height)
            if not any(_near(item, other) for other in self.items):
                self.items.append(item)
                return True
        return False

    def colours(self) -> list[str]:
        """The colours that can be seen well before this background."""
        behind = _luma(self.background)
        return [c for c, rgb in COLOURS.items() if abs(_luma(rgb) - behind) > 30]

    def draw(self) -> NDArray[np.uint8]:
        """The picture, ``(336, 336, 3)`` uint8."""
        noise = np.random.default_rng(self.seed)
        tilt = noise.uniform(-12, 12, 2)
        ramp = np.linspace(-1, 1, SIDE)
        base = np.asarray(self.background) + (tilt[0] * ramp[:, None] + tilt[1] * ramp[None, :])[..., None]
        canvas = base.astype(np.float32)
        for item in self.items:
            mask, left, top = item.mask()
            rgb = np.clip(np.asarray(COLOURS[item.colour]) + noise.normal(0, 10, 3), 0, 255)
            x0, y0 = max(left, 0), max(top, 0)
            x1, y1 = min(left + mask.width, SIDE), min(top + mask.height, SIDE)
            alpha = np.asarray(mask, np.float32)[y0 - top : y1 - top, x0 - left : x1 - left, None] / 255
            canvas[y0:y1, x0:x1] += alpha * (rgb - canvas[y0:y1, x0:x1])
        canvas += noise.standard_normal((SIDE, SIDE, 1), np.float32) * noise.uniform(0, 6)
        return np.clip(canvas, 0, 255).astype(np.uint8)

    def image(self) -> Image.Image:
        return Image.fromarray(self.draw())

    def labels(self) -> dict[str, NDArray[np.int64]]:
        """A label for each of the 24 x 24 patches, each array ``(576,)``; 0 is "nothing".

        ``centre``: 1 = ink, 2 + i = thing i of ``WHATS`` has its centre here. ``cover``: 1 + i = thing i covers the
        patch's centre. ``colour``, ``index`` (in the word) and ``length`` (of the word) count from 1.
        """
        names = ("centre", "cover", "colour", "index", "length")
        grids = {name: np.zeros((GRID, GRID), np.int64) for name in names}
        for item in self.items:
            colour = COLOUR_INDEX[item.colour] + 1
            for mark in item.marks():
                left, top, right, bottom = mark.box
                rows = slice(_first(top), _first(bottom))
                columns = slice(_first(left), _first(right))
                x, y = mark.centre
                centre = min(int(y // PATCH), GRID - 1), min(int(x // PATCH), GRID - 1)
                what = WHAT_INDEX[mark.what]
                for name, value in (
                    ("cover", what + 1),
                    ("colour", colour),
                    ("index", mark.index + 1),
                    ("length", mark.length),
                ):
                    grids[name][rows, columns] = value
                    grids[name][centre] = value
                grids["centre"][rows, columns] = np.maximum(grids["centre"][rows, columns], 1)
                grids["centre"][centre] = what + 2
        return {name: grid.reshape(-1) for name, grid in grids.items()}

    def presence(self) -> NDArray[np.float32]:
        """What the CLS token has to know: which things, which colours, and which character at which index of a word."""
        whats = np.zeros(len(WHATS), np.float32)
        colours = np.zeros(len(COLOURS), np.float32)
        spelled = np.zeros((LONGEST_WORD, len(WHATS)), np.float32)
        for item in self.items:
            colours[COLOUR_INDEX[item.colour]] = 1
            for mark in item.marks():
                whats[WHAT_INDEX[mark.what]] = 1
                spelled[mark.index, WHAT_INDEX[mark.what]] = 1
        return np.concatenate([whats, colours, spelled.reshape(-1)])


PRESENCE = len(WHATS) + len(COLOURS) + LONGEST_WORD * len(WHATS)


def _luma(rgb: tuple[int, int, int]) -> float:
    return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]


def _first(edge: float) -> int:
    """The first row (or column) whose patch centre lies past ``edge``."""
    return int(np.clip(np.ceil(edge / PATCH - 0.5), 0, GRID))


def _near(a: Item, b: Item, gap: float = 12) -> bool:
    return not (
        a.box[2] + gap < b.box[0] or b.box[2] + gap < a.box[0] or a.box[3] + gap < b.box[1] or b.box[3] + gap < a.box[1]
    )


def _background(rng: random.Random) -> tuple[int, int, int]:
    level = rng.choices((rng.randint(205, 250), rng.randint(5, 55), rng.randint(110, 150)), weights=(6, 3, 1))[0]
    r, g, b = (int(np.clip(level + rng.randint(-18, 18), 0, 255)) for _ in range(3))
    return r, g, b


def _word(rng: random.Random, test: bool, colour: str, cap: tuple[int, int], font: str | None = None) -> Word:
    font = font or rng.choice(TEST_FONTS if test else TRAIN_FONTS)
    if test:  # fonts that were never trained on are shown as they are
        return Word(draw_word(rng, test), colour, font, rng.randint(*cap), 1.0, 0.0, 0)
    slant = rng.uniform(-0.1, 0.3) if rng.random() < 0.4 else 0.0
    return Word(
        draw_word(rng, test), colour, font, rng.randint(*cap), rng.uniform(0.85, 1.2), slant, rng.random() < 0.15
    )


def sparse(rng: random.Random, test: bool = False) -> Scene:
    """A scene to ask about: some words, shapes and handwritten digits, never too much to tell apart."""
    scene = Scene(_background(rng), rng.getrandbits(32))
    colours = scene.colours()
    theme = rng.choices(("words", "shapes", "digits"), weights=(50, 32, 18))[0]
    words = rng.randint(1, 4) if theme == "words" else rng.choice((0, 0, 0, 1))
    shapes = rng.randint(2, 7) if theme == "shapes" else rng.choice((0, 0, 1, 2))
    digits = rng.randint(1, 3) if theme == "digits" else rng.choice((0, 0, 0, 1))
    for colour in rng.sample(colours, min(words, len(colours))):
        scene.place(_word(rng, test, colour, (20, 42)), rng)
    for colour in rng.sample(colours, min(digits, len(colours))):
        scene.place(Digit.draw(rng, test, colour), rng)
    few_shapes = rng.sample(SHAPES, rng.randint(1, 4))
    few_colours = rng.sample(colours, min(len(colours), rng.randint(1, 4)))
    for _ in range(shapes):
        scene.place(
            Shape(rng.choice(few_shapes), rng.choice(few_colours), rng.uniform(30, 70), rng.uniform(-0.25, 0.25)), rng
        )
    return scene if scene.items else sparse(rng, test)


def dense(rng: random.Random, test: bool = False) -> Scene:
    """A page full of words, in rows, with a shape or a handwritten digit now and then."""
    scene = Scene(_background(rng), rng.getrandbits(32))
    colours = scene.colours()
    fonts = rng.choices(TEST_FONTS if test else TRAIN_FONTS, k=4)
    top = float(rng.randint(MARGIN, 14))
    while top < SIDE - 20:
        cap = int(rng.triangular(15, 40, 17))
        left, height = float(rng.randint(MARGIN, 30)), cap
        while True:
            colour, roll = rng.choice(colours), rng.random()
            item: Item
            if roll < 0.06:
                item = Shape(rng.choice(SHAPES), colour, rng.uniform(30, 44), rng.uniform(-0.25, 0.25))
            elif roll < 0.14:
                item = Digit.draw(rng, test, colour)
                item.size = (rng.uniform(38, 54),) * 2
            else:
                item = _word(rng, test, colour, (cap, cap), rng.choice(fonts))
            item.left, item.top = left, top + rng.uniform(0, 3)
            if item.box[2] > SIDE - MARGIN or item.box[3] > SIDE - 2:
                break
            scene.items.append(item)
            left = item.box[2] + rng.uniform(8, 20)
            height = max(height, int(item.size[1]))
        top += height + rng.uniform(6, 14)
    return scene
