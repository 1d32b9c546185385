"""What does the red word say?"""

import random

from training.scene import Scene

PHRASES = ("What does the {} {} say?", "Read the {} {}.", "What is the {} {}?", "Which {} {} is there?")


def noun(text: str) -> str:
    return "number" if text.isdigit() else "word"


def ask(scene: Scene, rng: random.Random) -> tuple[str, str] | None:
    words = scene.of("word")
    if not words:
        return None
    word = rng.choice(words)
    return rng.choice(PHRASES).format(word.colour, rng.choice((noun(word.name), "text"))), word.name
