"""Which handwritten digit is red?"""

import random

from training.scene import Scene

SINGLE = ("Which digit is handwritten?", "What is the handwritten digit?", "Read the handwritten digit.")
PHRASES = ("Which handwritten digit is {}?", "What is the {} handwritten digit?", "Read the {} handwritten digit.")


def ask(scene: Scene, rng: random.Random) -> tuple[str, str] | None:
    digits = scene.of("digit")
    if not digits:
        return None
    digit = rng.choice(digits)
    if len(digits) == 1 and rng.random() < 0.5:
        return rng.choice(SINGLE), digit.name
    return rng.choice(PHRASES).format(digit.colour), digit.name
