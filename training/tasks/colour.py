"""What colour is the circle?"""

import random

from training.scene import Scene

PHRASES = (
    "What colour is the {}?",
    "Which colour does the {} have?",
    "What is the colour of the {}?",
    "What color is the {}?",
)


def ask(scene: Scene, rng: random.Random) -> tuple[str, str] | None:
    names = [shape.name for shape in scene.of("shape")]
    single = [shape for shape in scene.of("shape") if names.count(shape.name) == 1]
    if not single:
        return None
    shape = rng.choice(single)
    return rng.choice(PHRASES).format(shape.name), shape.colour
