"""A tiny model with random weights for each class of transformers that takes encoded pictures from outside.

::

    tiny = zoo.build("qwen2_5_vl")
    inputs = tiny.inputs([[(2, 3), (4, 4)], [(3, 3)], []])     # two pictures, one, and none: a batch of three prompts
    tiny.model.generate(**inputs)

Sizes are rows and columns of visual tokens; where a family fixes the size, only their number counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import transformers
from torch import Tensor

from tests.zoo.models import EXCUSED, classes, model_of, new_model
from tests.zoo.pictures import Prompts, pictures
from tests.zoo.prompts import counts_of, prompts_for
from tests.zoo.shrink import IMAGE_TOKEN

__all__ = ["EXCUSED", "IMAGE_TOKEN", "Tiny", "build", "classes", "fresh", "names"]


@dataclass(frozen=True)
class Tiny:
    """One tiny model; ``name`` is its folder in transformers."""

    name: str
    model: Any
    image_token_id: int = IMAGE_TOKEN

    def inputs(
        self, prompts: Prompts = (((2, 3),),), texts: Sequence[int] | None = None, seed: int = 1
    ) -> dict[str, Tensor]:
        """What a processor would give for ``prompts``, each a sequence of picture sizes; ``texts`` words close each."""
        noise = torch.Generator().manual_seed(seed)
        visual = pictures(self.name, self.model, prompts, noise) if any(prompts) else {}
        counts = counts_of(self.model, visual, prompts) if visual else [[] for _ in prompts]
        return {**prompts_for(self.model, counts, texts or [4] * len(prompts)), **visual}


def names() -> tuple[str, ...]:
    """The folders of all classes that can be run, of those that the installed transformers has."""
    return tuple(name for name, kind in classes().items() if name not in EXCUSED and hasattr(transformers, kind))


@cache
def build(name: str) -> Tiny:
    """The tiny model of one class; the same object every time, so leave it as it is."""
    return Tiny(name, model_of(name))


def fresh(name: str, **overrides: Any) -> Tiny:
    """A tiny model of its own, with settings of its configuration replaced."""
    return Tiny(name, new_model(name, **overrides))
