"""Which shape is red?"""

import random

from training.scene import Scene

PHRASES = ("Which shape is {}?", "What shape is {}?", "What is the {} shape?", "Name the {} shape.")


def ask(scene: Scene, rng: random.Random) -> tuple[str, str] | None:
    colours = [shape.colour for shape in scene.of("shape")]
    single = [shape for shape in scene.of("shape") if colours.count(shape.colour) == 1]
    if not single:
        return None
    shape = rng.choice(single)
    return rng.choice(PHRASES).format(shape.colour), shape.name
