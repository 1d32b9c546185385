"""Draws the pictures of the demo, in fonts and words that vtok-mini was never trained on.

python examples/draw.py         # from the root of the repository, with the extra `train` installed
"""

from pathlib import Path

from training.fonts import TEST_FONTS
from training.items import Item, Shape, Word
from training.scene import Scene

HERE = Path(__file__).parent
ROBOTO, ROBOTO_BOLD, CALADEA_BOLD = TEST_FONTS[0], TEST_FONTS[2], TEST_FONTS[4]


def at(item: Item, left: float, top: float) -> Item:
    item.left, item.top = left, top
    return item


def word(text: str, colour: str, font: str, cap: int) -> Word:
    return Word(text, colour, font, cap, 1.0, 0.0, 0)


words = Scene((238, 234, 224), seed=1)
words.items = [
    at(word("OPEN", "green", ROBOTO_BOLD, 28), 30, 34),
    at(word("TOKYO", "red", CALADEA_BOLD, 28), 150, 118),
    at(word("404", "blue", ROBOTO, 28), 44, 196),
    at(word("KIWI", "black", ROBOTO_BOLD, 26), 190, 270),
]
shapes = Scene((40, 44, 52), seed=2)
shapes.items = [
    at(Shape("circle", "red", 56, 0.0), 40, 46),
    at(Shape("circle", "yellow", 44, 0.0), 226, 40),
    at(Shape("star", "green", 66, 0.1), 140, 132),
    at(Shape("square", "white", 50, 0.12), 44, 238),
    at(Shape("circle", "red", 38, 0.0), 250, 250),
]
for name, scene in (("words", words), ("shapes", shapes)):
    scene.image().save(HERE / f"{name}.png", optimize=True)
