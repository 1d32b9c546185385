"""Families by name: where each is, which settings it takes, and how to fill them in.

A family is loaded when it is first asked for, so that counting for one model reads one short file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import importlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

from vtok.errors import UsageError
from vtok.geometry.family import Family

#: The name of a family is the name of its module under ``families/``; the value is the class in it.
FAMILIES = {
    "anthropic": "Anthropic",
    "aria": "Aria",
    "cohere2": "Cohere2Vision",
    "deepseek_ocr": "DeepSeekOcr",
    "deepseek_vl2": "DeepSeekVL2",
    "fixed": "Fixed",
    "fuyu": "Fuyu",
    "gemini": "Gemini",
    "gemma3": "Gemma3",
    "gemma4": "Gemma4",
    "glm4v": "Glm4v",
    "glm5_next": "Glm5Next",
    "glm_image": "GlmImage",
    "granite_docling": "GraniteDocling",
    "idefics2": "Idefics2",
    "idefics3": "Idefics3",
    "inkling": "Inkling",
    "internvl": "InternVL",
    "kimi_k25": "KimiK25",
    "kimi_vl": "KimiVl",
    "lfm2_vl": "Lfm2Vl",
    "llama4": "Llama4",
    "llava": "Llava",
    "llava_next": "LlavaNext",
    "llava_onevision": "LlavaOnevision",
    "minicpmv": "MiniCpmV",
    "mllama": "Mllama",
    "molmo2": "Molmo2",
    "mtmd": "Mtmd",
    "mtmd_tiles": "MtmdTiles",
    "muse": "Muse",
    "nemotron": "Nemotron",
    "openai_patches": "OpenAIPatches",
    "openai_tiles": "OpenAITiles",
    "ovis2": "Ovis2",
    "paddleocr_vl": "PaddleOcrVl",
    "perception_lm": "PerceptionLM",
    "phi3": "Phi3",
    "phi4": "Phi4",
    "pixtral": "Pixtral",
    "smart_resize": "SmartResize",
    "step3p7": "Step3p7",
}


#: Counts that are gone through one by one; the files of strangers may say anything.
_MOST = dict.fromkeys(("max_tiles", "max_crops", "max_slices"), 1024)
_MOST |= dict.fromkeys(("tokens", "pooled", "queries", "base", "tile_tokens"), 1 << 16)


@cache
def family_class(name: str) -> type:
    """The class of the family called ``name``; raises ``UsageError`` for an unknown one."""
    if name not in FAMILIES:
        near = difflib.get_close_matches(name, FAMILIES, n=3)
        raise UsageError(
            f"there is no family {name!r}; {'did you mean ' + ', '.join(near) if near else 'see the docs'}"
        )
    found: type = getattr(importlib.import_module(f"vtok.geometry.families.{name}"), FAMILIES[name])
    return found


def make_family(name: str, settings: Mapping[str, Any] | None = None) -> Family:
    """The family called ``name`` with ``settings`` filled in, the rest as the family has it.

    Lists become tuples, and each value must fit the type of its setting. Raises ``UsageError`` for a setting that
    the family does not have, or a value that it cannot take.
    """
    cls = family_class(name)
    kinds = setting_types(name)
    values = {key: _fit(name, kinds, key, value) for key, value in (settings or {}).items()}
    try:
        made: Family = cls(**values)
        _try(made)
    except (ArithmeticError, ValueError, IndexError):
        odd = {key: value for key, value in values.items() if value == 0} or values
        words = ", ".join(f"{key}={value}" for key, value in odd.items())
        raise UsageError(f"no picture can be laid out with {words}") from None
    return made


def _try(made: Family) -> None:
    """Lay a picture out: what cannot be with these settings is refused here, not at the first picture."""
    with np.errstate(divide="raise", invalid="raise"), contextlib.suppress(UsageError):  # of a size that it refuses
        made.layout(640, 480)


@cache
def setting_types(name: str) -> dict[str, Any]:
    """The settings of a family and the type of each."""
    cls = family_class(name)
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def settings_of(family: Family) -> dict[str, Any]:
    """Every setting of a family with its value, defaults included."""
    return {field.name: getattr(family, field.name) for field in dataclasses.fields(family)}  # type: ignore[arg-type]  # every family is a dataclass


def parse_setting(text: str) -> tuple[str, Any]:
    """``key=value`` from a command line, the value read as JSON where it is JSON, else as text."""
    key, mark, value = text.partition("=")
    if not mark or not key.strip() or not value.strip():
        raise UsageError(f"cannot read the setting {text!r}; expected key=value, such as max_pixels=614656")
    try:
        return key.strip(), json.loads(value)
    except ValueError:
        return key.strip(), value.strip()


def _fit(name: str, kinds: Mapping[str, Any], key: str, value: Any) -> Any:
    if key not in kinds:
        raise UsageError(f"the family {name} has no setting {key!r}; it has {', '.join(kinds)}")
    value = _tuples(value)
    if not _is_a(value, kinds[key]):
        raise UsageError(f"the setting {key} of the family {name} cannot be {value!r}; expected {_words(kinds[key])}")
    # Below 0 nothing makes sense; 0 is what several families take for "none".
    if isinstance(value, int | float) and value < 0:
        raise UsageError(f"the setting {key} is {value}; it must not be negative")
    most = _MOST.get(key)
    if most is not None and isinstance(value, int | float) and value > most:
        raise UsageError(f"the setting {key} is {value:,}; no model takes more than {most:,}")
    return value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list | tuple) else value


def _is_a(value: Any, kind: Any) -> bool:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return value in parts
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if len(parts) == 2 and parts[1] is Ellipsis:
            return bool(value) and all(_is_a(one, parts[0]) for one in value)
        return len(value) == len(parts) and all(_is_a(one, part) for one, part in zip(value, parts, strict=True))
    if parts:  # a union
        return any(_is_a(value, part) for part in parts)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _words(kind: Any) -> str:
    if kind is int:
        return "a whole number"
    if kind is float:
        return "a number"
    if kind is bool:
        return "true or false"
    if get_origin(kind) is Literal:
        return " or ".join(map(repr, get_args(kind)))
    return "a list of pairs such as [[336, 672], [672, 336]]" if get_origin(kind) is tuple else str(kind)
