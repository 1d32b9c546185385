"""The things on a picture: printed words, shapes, handwritten digits. Each knows its place and can draw itself.

Coordinates are pixels of the 336 x 336 picture. ``marks`` are what the dense labels are made of: for every
character (or the whole shape or digit) what it is, its centre and its box.
"""

import math
import random
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.fonts import font_of_cap_height
from training.world import SHAPES

Box = tuple[float, float, float, float]
#: No glyph is given less room than a patch and a bit, so that every centre has a patch of its own.
LEAST_ADVANCE = 15.0


@dataclass
class Mark:
    """One labelled thing: ``what`` as in ``world.WHATS``, its box, its index in its word and the word's length."""

    what: str
    box: Box
    index: int = 0
    length: int = 1

    @property
    def centre(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


class Item(ABC):
    """Base of the things on a picture: a kind, a name, a colour, and a box once it is placed."""

    kind: str
    name: str
    colour: str
    size: tuple[float, float]
    left: float = 0.0
    top: float = 0.0

    @property
    def box(self) -> Box:
        return self.left, self.top, self.left + self.size[0], self.top + self.size[1]

    @property
    def centre(self) -> tuple[float, float]:
        return self.left + self.size[0] / 2, self.top + self.size[1] / 2

    @abstractmethod
    def marks(self) -> list[Mark]:
        """What the dense labels are made of."""

    @abstractmethod
    def mask(self) -> tuple[Image.Image, int, int]:
        """Coverage as an ``L`` image, and where its top left corner goes."""


class Word(Item):
    """A printed word or number."""

    kind = "word"

    def __init__(self, text: str, colour: str, font: str, cap: int, stretch: float, slant: float, weight: int) -> None:
        self.name, self.colour, self.cap, self.stretch, self.slant, self.weight = (
            text,
            colour,
            cap,
            stretch,
            slant,
            weight,
        )
        self.font = font_of_cap_height(font, cap)
        natural = [self.font.getlength(c) * stretch for c in text]
        gap = 0.04 * cap
        self.advances = [max(LEAST_ADVANCE, n + gap) for n in natural]
        self.offsets = [(a - n) / 2 for a, n in zip(self.advances, natural, strict=True)]
        self.size = sum(self.advances), float(cap)

    def marks(self) -> list[Mark]:
        marks, x = [], self.left
        for index, (character, advance) in enumerate(zip(self.name, self.advances, strict=True)):
            marks.append(Mark(character, (x, self.top, x + advance, self.top + self.cap), index, len(self.name)))
            x += advance
        return marks

    def mask(self) -> tuple[Image.Image, int, int]:
        pad = 4 + self.cap // 2
        width, height = int(self.size[0]) + 2 * pad, self.cap + 2 * pad
        plain = Image.new("L", (math.ceil(width / self.stretch), height))
        draw = ImageDraw.Draw(plain)
        x = float(pad)
        for character, advance, offset in zip(self.name, self.advances, self.offsets, strict=True):
            where = ((x + offset) / self.stretch, pad + self.cap)
            draw.text(where, character, fill=255, font=self.font, anchor="ls", stroke_width=self.weight)
            x += advance
        if self.stretch != 1 or self.slant:
            middle = height / 2
            affine = (1 / self.stretch, self.slant / self.stretch, -self.slant * middle / self.stretch, 0, 1, 0)
            plain = plain.transform((width, height), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)
        return plain, round(self.left) - pad, round(self.top) - pad


class Shape(Item):
    """A filled shape."""

    kind = "shape"

    def __init__(self, name: str, colour: str, side: float, turn: float) -> None:
        assert name in SHAPES
        self.name, self.colour, self.turn = name, colour, turn
        self.size = side, side

    def marks(self) -> list[Mark]:
        return [Mark(self.name, self.box)]

    def mask(self) -> tuple[Image.Image, int, int]:
        side, scale = round(self.size[0]), 3
        big = side * scale
        image = Image.new("L", (big, big))
        draw, r, c = ImageDraw.Draw(image), big / 2 - 1, big / 2
        if self.name == "circle":
            draw.ellipse((c - r, c - r, c + r, c + r), fill=255)
        elif self.name == "ring":
            draw.ellipse((c - r, c - r, c + r, c + r), fill=255)
            draw.ellipse((c - r * 0.55, c - r * 0.55, c + r * 0.55, c + r * 0.55), fill=0)
        else:
            draw.polygon([(c + r * x, c + r * y) for x, y in _outline(self.name, self.turn)], fill=255)
        return image.resize((side, side), Image.Resampling.BOX), round(self.left), round(self.top)


def _outline(name: str, turn: float) -> list[tuple[float, float]]:
    if name == "square":
        points = [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]
    elif name == "triangle":
        points = [(0.0, -0.95), (0.9, 0.75), (-0.9, 0.75)]
    elif name == "cross":
        a, b = 0.3, 0.92
        points = [
            (-a, -b),
            (a, -b),
            (a, -a),
            (b, -a),
            (b, a),
            (a, a),
            (a, b),
            (-a, b),
            (-a, a),
            (-b, a),
            (-b, -a),
            (-a, -a),
        ]
    else:
        radii = (1.0, 0.42)
        points = [
            (radii[i % 2] * math.sin(i * math.pi / 5), -radii[i % 2] * math.cos(i * math.pi / 5)) for i in range(10)
        ]
    sin, cos = math.sin(turn), math.cos(turn)
    return [(x * cos - y * sin, x * sin + y * cos) for x, y in points]


@cache
def _digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    from sklearn.datasets import load_digits

    data = load_digits()
    return (data.images * (255 / 16)).astype(np.uint8), data.target


#: The data set's last fifth is for testing: it is ordered by the time of writing, so that other hands wrote it.
FIRST_TEST_DIGIT = 1437


class Digit(Item):
    """A handwritten digit: one of the 1,797 real 8 x 8 scans that scikit-learn ships (UCI optdigits), enlarged."""

    kind = "digit"

    def __init__(self, number: int, colour: str, side: float, turn: float) -> None:
        self.number, self.colour, self.turn = number, colour, turn
        self.name = str(_digits()[1][number])
        self.size = side, side

    @classmethod
    def draw(cls, rng: random.Random, test: bool, colour: str) -> "Digit":
        number = rng.randrange(FIRST_TEST_DIGIT, 1797) if test else rng.randrange(FIRST_TEST_DIGIT)
        return cls(number, colour, rng.uniform(40, 84), rng.uniform(-12, 12))

    def marks(self) -> list[Mark]:
        return [Mark(f"hand {self.name}", self.box)]

    def mask(self) -> tuple[Image.Image, int, int]:
        side = round(self.size[0])
        image = Image.fromarray(_digits()[0][self.number]).resize((side, side), Image.Resampling.BICUBIC)
        return image.rotate(self.turn, Image.Resampling.BILINEAR), round(self.left), round(self.top)
