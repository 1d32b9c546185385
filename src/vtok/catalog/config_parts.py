"""What a ``config.json`` says in its parts: where these are, and single figures of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vtok.errors import ModelError

Config = Mapping[str, Any]

#: No width, count or length of a model is larger; the files of strangers may say anything.
MOST = 2**31
#: No model has more layers, which are worked through one by one.
MOST_LAYERS = 4096
_COUNTED = re.compile("(layers|n_layer|depth|blocks|stages)$")

_TEXT_PARTS = ("text_config", "llm_config", "language_config", "language_model_config")
_VISION_PARTS = (
    "vision_config",
    "vision_tower_config",
    "vit_config",
    "vision_encoder_config",
    "vision_tokenizer_config",
    "vq_config",
)


def text_part(config: Config) -> Config:
    """The part of a configuration that describes the language model, which may be all of it."""
    return part_of(inner(config), _TEXT_PARTS) or config


def vision_part(config: Config) -> Config:
    """The part of a configuration that describes the vision encoder; empty when there is none."""
    return part_of(inner(config), _VISION_PARTS)


def second_encoder(whole: Config, vision: Config) -> dict[str, Config]:
    """The part that describes a second encoder, by how it stands to the first (``VisionSizes``); empty where none."""
    behind = vision.get("encoder_config") if kind_of(vision) == "unlimited_ocr_vision" else None
    found = {"beside": whole.get("high_res_vision_config"), "behind": behind}
    return {name: part for name, part in found.items() if isinstance(part, Mapping)}


def inner(config: Config) -> Config:
    """Omni models wrap what reads pictures in a thinker."""
    inner = config.get("thinker_config")
    return inner if isinstance(inner, Mapping) else config


def part_of(config: Config, names: tuple[str, ...]) -> Config:
    """The first part of ``config`` with one of these names; empty where there is none."""
    for name in names:
        part = config.get(name)
        if isinstance(part, Mapping):
            return part
    return {}


def whole_number(part: Config, keys: tuple[str, ...]) -> int | None:
    """The first of these keys that holds a positive whole number, or one for all of its axes alike.

    Raises ``ModelError`` for one that is beyond anything that a model has.
    """
    for key in keys:
        value = part.get(key)
        if isinstance(value, Mapping):
            value = value.get("height")
        if isinstance(value, list | tuple) and value and all(one == value[0] for one in value):
            value = value[0]
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return within(key, value, MOST_LAYERS if _COUNTED.search(key) else MOST)
    return None


def within(key: str, value: int, most: int) -> int:
    """``value``, unless it is more than ``most``: then ``ModelError``."""
    if value > most:
        raise ModelError(f"its config.json says that {key} is {value:.3g}; expected at most {most:,}")
    return value


def kind_of(part: Config) -> str | None:
    """The ``model_type`` of a part."""
    kind = part.get("model_type")
    return kind if isinstance(kind, str) and kind else None


def traits_of(part: Config, names: Mapping[str, str]) -> dict[str, Any]:
    """Traits that are yes or no, by our name for theirs; None where nothing is said."""
    values = {name: part.get(key) for name, key in names.items()}
    return {name: value if isinstance(value, bool) else None for name, value in values.items()}


def indices_of(value: Any) -> tuple[int, ...] | None:
    """A list of layers; None where there is none, or where it is empty."""
    if not isinstance(value, list) or not value:
        return None
    within("a list of layers", len(value), MOST_LAYERS)
    return tuple(int(one) for one in value)
