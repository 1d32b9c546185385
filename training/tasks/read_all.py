"""Read everything: each word from top to bottom with its colour before it. The dense supervision of all look-ups."""

import random

from training.scene import Scene

TRAINING_ONLY = True
PHRASES = ("Read everything.", "Read all the text.", "What is written in the picture?")


def ask(scene: Scene, rng: random.Random) -> tuple[str, str] | None:
    words = sorted(scene.of("word"), key=lambda word: word.centre[1])
    if not words:
        return None
    return rng.choice(PHRASES), " ".join(f"{word.colour} {word.name}" for word in words)
