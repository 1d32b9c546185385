"""Questions about scenes, one file a task.

A task is a module with ``ask(scene, rng)``, which returns a question and its answer, or None when the scene has
nothing unambiguous to ask. ``TRAINING_ONLY = True`` marks a task that is never counted in the model's table.
A new task is a new file here; nothing else changes.
"""

import importlib
import pkgutil
import random
from types import ModuleType

from training.scene import Scene

TASKS: dict[str, ModuleType] = {
    info.name: importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)
}
COUNTED = tuple(name for name, task in TASKS.items() if not getattr(task, "TRAINING_ONLY", False))


def questions(scene: Scene, rng: random.Random, most: int = 8) -> list[tuple[str, str, str]]:
    """Up to ``most`` different (task, question, answer) about one scene; what is only for training comes first."""
    first, rest = [], {}
    for name, task in TASKS.items():
        for _ in range(1 if name not in COUNTED else 3):
            asked = task.ask(scene, rng)
            if asked and name not in COUNTED:
                first.append((name, *asked))
            elif asked:
                rest[asked[0]] = (name, *asked)
    others = list(rest.values())
    rng.shuffle(others)
    return first + others[: most - len(first)]
