"""What the pictures are made of: colours, shapes, characters, words, and what is held out of training.

The held-out rule is a function of the thing itself, so that nobody has to keep a list: a word is held out when
its checksum says so, a font when its family does, a handwritten digit when its number in the data set does.
"""

import random
import string
import zlib

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (215, 35, 35),
    "orange": (245, 140, 20),
    "yellow": (250, 225, 40),
    "green": (35, 150, 50),
    "blue": (40, 80, 220),
    "purple": (140, 50, 170),
    "black": (15, 15, 15),
    "white": (250, 250, 250),
}
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
CHARACTERS = string.ascii_uppercase + string.digits
LONGEST_WORD = 5

#: Every thing a patch can carry, in the order of the dense labels: printed characters, shapes, handwritten digits.
WHATS = (*CHARACTERS, *SHAPES, *(f"hand {digit}" for digit in range(10)))
WHAT_INDEX = {what: index for index, what in enumerate(WHATS)}
COLOUR_INDEX = {colour: index for index, colour in enumerate(COLOURS)}

_VOWELS, _CONSONANTS = "AEIOU", "BCDFGHJKLMNPQRSTVWXYZ"


def held_out(word: str) -> bool:
    """Whether ``word`` may only be used for testing. Single characters are too few to hold any out."""
    return len(word) > 1 and zlib.crc32(word.encode()) % 8 == 0


def draw_word(rng: random.Random, test: bool, number: bool | None = None) -> str:
    """A word of letters or a number of digits, one to five characters long, from one side of the split.

    Half of the words can be pronounced, half are random letters. Letters and digits are never mixed, and the
    letters I and O never stand alone, since nobody could tell them from 1 and 0.
    """
    if number is None:
        number = rng.random() < 0.35
    while True:
        length = rng.choices(range(1, LONGEST_WORD + 1), weights=(1, 2, 4, 4, 3))[0]
        if number:
            word = "".join(rng.choice(string.digits) for _ in range(length))
        elif rng.random() < 0.5:
            start = rng.randrange(2)
            word = "".join(rng.choice(_VOWELS if (start + i) % 2 else _CONSONANTS) for i in range(length))
        else:
            word = "".join(rng.choice(string.ascii_uppercase) for _ in range(length))
        if word not in ("I", "O") and (length == 1 or held_out(word) == test):
            return word
