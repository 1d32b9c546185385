"""Where is the red circle? One of nine places, three by three."""

import random

from training.scene import SIDE, Scene

PLACES = ("top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right")
PHRASES = ("Where is the {}?", "In which part of the picture is the {}?", "Where can the {} be seen?")
THIRD, MARGIN = SIDE / 3, 8


def ask(scene: Scene, rng: random.Random) -> tuple[str, str] | None:
    names = [f"{shape.colour} {shape.name}" for shape in scene.of("shape")]
    clear = []
    for name, shape in zip(names, scene.of("shape"), strict=True):
        x, y = shape.centre
        well_inside = all(min(v % THIRD, THIRD - v % THIRD) > MARGIN for v in (x, y))
        if names.count(name) == 1 and well_inside:
            clear.append((name, PLACES[int(y // THIRD) * 3 + int(x // THIRD)]))
    if not clear:
        return None
    name, place = rng.choice(clear)
    return rng.choice(PHRASES).format(name), place
