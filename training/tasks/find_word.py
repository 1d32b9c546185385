"""What colour is the word CAT?"""

import random

from training.scene import Scene
from training.tasks.read_by_colour import noun

PHRASES = ("What colour is the {} {}?", "In which colour is the {} {} written?", "What color is the {} {}?")


def ask(scene: Scene, rng: random.Random) -> tuple[str, str] | None:
    texts = [word.name for word in scene.of("word")]
    single = [word for word in scene.of("word") if texts.count(word.name) == 1]
    if not single:
        return None
    word = rng.choice(single)
    return rng.choice(PHRASES).format(noun(word.name), word.name), word.colour
