"""What does the word at the top say? With a single word on the picture, no place need be named."""

import random

from training.scene import Scene
from training.tasks.read_by_colour import noun

SINGLE = ("What does the {} say?", "Read the {}.", "What is the {}?", "What is written here?")
PHRASES = ("What does the {} at the {} say?", "Read the {} at the {}.", "What is the {} at the {}?")
#: Pixels between the centres of the outermost word and the next one.
CLEAR = 28


def ask(scene: Scene, rng: random.Random) -> tuple[str, str] | None:
    words = scene.of("word")
    if len(words) == 1:
        text = words[0].name
        return rng.choice(SINGLE).format(rng.choice((noun(text), "text"))), text
    clear = []
    for axis, low, high in ((0, "left", "right"), (1, "top", "bottom")):
        row = sorted(words, key=lambda word: word.centre[axis])
        for place, outer, inner in ((low, row[:1], row[1:2]), (high, row[-1:], row[-2:-1])):
            if outer and inner and abs(outer[0].centre[axis] - inner[0].centre[axis]) > CLEAR:
                clear.append((place, outer[0].name))
    if not clear:
        return None
    place, text = rng.choice(clear)
    return rng.choice(PHRASES).format(rng.choice((noun(text), "text")), place), text
