"""How many circles (red shapes, shapes, words) are there?"""

import random

from training.scene import Scene
from training.world import COLOURS, SHAPES

PHRASES = ("How many {} are there?", "How many {} do you see?", "Count the {}.")


def plural(shape: str) -> str:
    return shape + ("es" if shape == "cross" else "s")


def ask(scene: Scene, rng: random.Random) -> tuple[str, str] | None:
    shapes = scene.of("shape")
    kind = rng.choice(("name", "name", "colour", "all", "words") if shapes else ("words", "all"))
    if kind == "name":
        name = rng.choice([shape.name for shape in shapes] * 2 + list(SHAPES))
        what, number = plural(name), sum(shape.name == name for shape in shapes)
    elif kind == "colour":
        colour = rng.choice([shape.colour for shape in shapes] * 2 + list(COLOURS))
        what, number = f"{colour} shapes", sum(shape.colour == colour for shape in shapes)
    elif kind == "all":
        what, number = "shapes", len(shapes)
    else:
        what, number = "words", len(scene.of("word"))
    return rng.choice(PHRASES).format(what), str(number)
