"""Tiny models with random weights, one for each class of transformers that takes encoded pictures from outside."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
import transformers

from tests.zoo.overrides import OVERRIDES
from tests.zoo.shrink import IMAGE_TOKEN, shrink

CLASSES = Path(__file__).parents[1] / "data" / "classes-transformers-5.24.txt"

#: Classes that cannot be run here at all, and why.
EXCUSED = {
    "fast_vlm": "its vision tower comes from timm",
    "gemma3n": "its vision tower comes from timm",
    "perception_lm": "its vision tower comes from timm",
    "instructblipvideo": "it reads videos alone: get_image_features does not exist",
    "llama4": "in transformers 5.24 its forward reads image_outputs of a text model that has none, and fails",
    "glm_image": "it draws pictures: its image tokens are codes of the picture to be drawn",
}


@cache
def classes() -> dict[str, str]:
    """Model folder -> class name."""
    lines = [line.split() for line in CLASSES.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    return dict(lines)


def config_of(name: str, **overrides: Any) -> Any:
    """The tiny configuration of one class; ``overrides`` replace those of the table."""
    found = getattr(transformers, classes()[name])
    return shrink(found.config_class(), **{**OVERRIDES.get(name, {}), **overrides})


@cache
def model_of(name: str) -> Any:
    """The tiny model, in evaluation mode, that never ends a sentence; the same object every time."""
    return new_model(name)


def new_model(name: str, **overrides: Any) -> Any:
    """A tiny model of its own, to be changed at will."""
    torch.manual_seed(0)
    model = getattr(transformers, classes()[name])(config_of(name, **overrides)).eval()
    _wake(model)
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    # A placeholder that a model says itself would be taken for a picture when the conversation goes on.
    model.generation_config.suppress_tokens = [IMAGE_TOKEN]
    return model


@torch.no_grad()
def _wake(model: Any) -> None:
    """Weights that keep the size of what passes through them.

    transformers starts weights so small, and some at zero, that every row of attention is the same and pictures make
    no difference.
    """
    for key, parameter in model.named_parameters():
        if parameter.ndim < 2 or not parameter.is_floating_point() or "embed" in key or "position" in key:
            continue
        fan = parameter[0].numel() if parameter.ndim > 3 else parameter.shape[-1]
        parameter.normal_(0, 1.5 / fan**0.5)
