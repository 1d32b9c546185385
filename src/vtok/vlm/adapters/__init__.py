"""What differs between architectures in transformers, one file each."""

from __future__ import annotations

from typing import Any

from vtok.errors import ModelError
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.llava import LlavaAdapter

_ADAPTERS: tuple[Adapter, ...] = (LlavaAdapter(),)


def model_types() -> tuple[str, ...]:
    """The ``model_type`` values of config.json that can be served."""
    return tuple(sorted(name for adapter in _ADAPTERS for name in adapter.model_types))


def adapter_for(model_type: str) -> Adapter:
    """The adapter for a ``model_type``; raises ``ModelError`` when there is none."""
    for adapter in _ADAPTERS:
        if model_type in adapter.model_types:
            return adapter
    raise ModelError(f"models of type {model_type!r} are not served yet; served are: {', '.join(model_types())}")


def adapter_of(model: Any) -> Adapter:
    """The adapter for a loaded transformers model; also checks that this model has what the adapter needs."""
    model_type = getattr(getattr(model, "config", None), "model_type", None)
    if model_type is None:
        raise ModelError(f"expected a transformers vision-language model, not a {type(model).__name__}")
    adapter = adapter_for(model_type)
    adapter.check(model)
    return adapter
