"""The sizes that transformers' configuration classes have by themselves, as ``class_defaults.toml`` keeps them.

python -m tests.catalog.defaults_of_classes > src/vtok/catalog/class_defaults.toml
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import transformers

from tests.zoo.models import classes

HEAD = """\
# The sizes that transformers' configuration classes have by themselves, by model_type, and the kinds of their parts;
# made by tests/catalog/defaults_of_classes.py from transformers 5.24 (models/*/configuration_*.py); a test compares.
"""
#: What has nothing to do with the size of a model.
ASIDE = re.compile(
    "token|_eps|epsilon|dropout|drop_|init|theta|coef|return_|^output_hidden|output_attentions|output_router|use_cache|"
    "pretraining|chunk_size|is_encoder|transformers_version|router_|norm_topk|routed_scaling|interpolat|projector_hidden_act|"
    "audio|sample|spectrum|mel|beam|_limit|softcap|scalar|logit|mask_|n_group|topk_group|video|frame_|seconds"
)
KEPT = ("num_query_tokens", "mm_tokens_per_image", "tokens_per_second", "vision_feature_layer", "mask_token")


def defaults() -> dict[str, dict[str, Any]]:
    """By ``model_type``: sizes and traits, other names of these (``names``), and the kind of each part (``parts``)."""
    found: dict[str, dict[str, Any]] = {}
    for name in classes().values():
        _gather(getattr(transformers, name).config_class(), found)
    return dict(sorted(found.items()))


def _gather(config: Any, found: dict[str, dict[str, Any]]) -> None:
    if not config.model_type or config.model_type in found:
        return
    fields = {field.name: _default(field) for field in dataclasses.fields(config)}
    own = {name: value for name, value in fields.items() if _counts(name, value)}
    parts = {name: getattr(config, name, None) for name in type(config).sub_configs if not ASIDE.search(name)}
    kinds = {name: part.model_type for name, part in parts.items() if part is not None and part.model_type}
    more = {"names": _names(type(config).attribute_map, own), "parts": kinds}
    found[config.model_type] = {**own, **{name: one for name, one in more.items() if one}}
    for part in parts.values():
        if part is not None:
            _gather(part, found)


def _names(aliases: dict[str, str], own: dict[str, Any]) -> dict[str, str]:
    """Which name stands for which of its ``own``; a class may keep a field under an alias of it."""
    pairs = [*aliases.items(), *((other, name) for name, other in aliases.items())]
    return {name: other for name, other in pairs if other in own and not ASIDE.search(name)}


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


def _counts(name: str, value: Any) -> bool:
    if name not in KEPT and ASIDE.search(name):
        return False
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(one, int) for one in value)
    return isinstance(value, int | float)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def page() -> str:
    """The whole file."""
    lines = [f"{json.dumps(kind)} = {_toml(own)}" for kind, own in defaults().items()]
    return HEAD + "\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
