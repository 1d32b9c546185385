"""What the files of a checkpoint say about how it takes pictures in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vtok.catalog.config_parts import vision_part
from vtok.errors import ModelError

Data = Mapping[str, Any]
#: The name of a family and its settings.
Found = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class CheckpointFiles:
    """What the files say: ``config`` the model, ``image`` its image processor, ``processor`` what joins it to text."""

    config: Data
    image: Data
    processor: Data

    @property
    def kind(self) -> str:
        """The image processor's class, without the ending that tells its backend; empty where none is told."""
        name = str(self.image.get("image_processor_type") or self.image.get("feature_extractor_type") or "")
        return name.removesuffix("Fast").removesuffix("Pil")

    def side(self, *keys: str) -> int | None:
        """The first of ``keys`` in the processor's ``size``, or the number that ``size`` is."""
        return length(self.image.get("size"), *keys)

    def whole(self, *keys: str) -> int | None:
        """The first of ``keys`` that the processors, the vision encoder or the model has as a number."""
        for part in (self.image, self.processor, vision_part(self.config), self.config):
            for key in keys:
                if (found := length(part.get(key), "height", "longest_edge")) is not None:
                    return found
        return None

    def flag(self, key: str, default: bool) -> bool:
        """Whether the image processor has ``key`` switched on."""
        value = self.image.get(key)
        return default if value is None else bool(value)


def length(value: Any, *keys: str) -> int | None:
    """A length, whether it stands alone, in a list of equal ones, or under one of ``keys``; None where there is none.

    Raises ``ModelError`` for what is no whole number.
    """
    if isinstance(value, Mapping):
        value = next((value[key] for key in keys if value.get(key) is not None), None)
    if isinstance(value, list | tuple) and value and all(one == value[0] for one in value):
        value = value[0]
    if value is None or isinstance(value, Mapping):
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise ModelError(f"expected a length in pixels, found {value!r}")
    return value


def root(count: Any) -> int | None:
    """The side of a square of ``count`` tokens, None for no count; raises ``ModelError`` where it is no square."""
    if not isinstance(count, int):
        return None
    side = math.isqrt(max(count, 0))
    if side * side != count:
        raise ModelError(f"the processor's files tell of {count} tokens a picture or tile, which form no square")
    return side


def told(**settings: Any) -> dict[str, Any]:
    """The ``settings`` that are not None; the family has the others."""
    return {name: value for name, value in settings.items() if value is not None}
