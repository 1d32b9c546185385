"""What transformers takes where a ``config.json`` says nothing: many files hold only what differs from their class.

``class_defaults.toml`` has, by ``model_type``, the sizes that a class has by itself, the other names that it takes them
by, and the kinds of its parts, taken from transformers 5.24 by ``tests/catalog/defaults_of_classes.py``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from vtok.catalog.config_parts import Config, kind_of

_TIED = "tie_word_embeddings"


def completed(config: Config) -> Config:
    """``config`` with what its class and the classes of its parts have where it says nothing.

    It comes back as it is where its ``model_type`` is not one of transformers'.
    """
    return _completed(config, kind_of(config))


def _completed(config: Config, kind: str | None) -> Config:
    usual = _classes().get(kind or "")
    if usual is None:
        return config
    whole = {name: value for name, value in usual.items() if name not in ("parts", "names")}
    for name, other in usual.get("names", {}).items():
        if name in config:  # what is said under another name is not what the class has
            whole[other] = config[name]
    # What is not there at all is rather lost than left out.
    parts = {name: config[name] for name in usual.get("parts", {}) if isinstance(config.get(name), Mapping)}
    if any(_TIED in part for part in parts.values()):
        whole.pop(_TIED, None)
    made = {name: _completed(part, kind_of(part) or usual["parts"][name]) for name, part in parts.items()}
    return {"model_type": kind, **whole, **config, **made}


@cache
def _classes() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("vtok.catalog").joinpath("class_defaults.toml").read_text(encoding="utf-8"))
