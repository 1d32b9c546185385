"""What differs between architectures in transformers, one file each; any other class is served by the base."""

from __future__ import annotations

import inspect
from typing import Any

from vtok.errors import ModelError
from vtok.vlm.adapters import idefics, llava, llava_next, newlines, others, sized, squares, videos
from vtok.vlm.adapters.base import Adapter

_ADAPTERS: tuple[Adapter, ...] = (
    llava.LlavaAdapter(),
    llava_next.LlavaNextAdapter(),
    llava_next.LlavaOnevisionAdapter(),
    llava_next.GraniteAdapter(),
    squares.Squares(),
    squares.JoinedTiles(),
    squares.MarkedTiles(),
    squares.Queries(),
    squares.Tokens(),
    idefics.Idefics3Adapter(),
    idefics.Idefics2Adapter(),
    sized.PixelSizes(),
    sized.PatchShapes(),
    sized.PatchPlaces(),
    newlines.RowsOfPatches(),
    newlines.CodeRows(),
    newlines.ViewSeparator(),
    newlines.SquareRows(),
    others.FuyuAdapter(),
    others.Molmo2Adapter(),
)
_VIDEOS: tuple[Adapter, ...] = (
    videos.VideoAdapter(),
    videos.FramesApart(),
    videos.SquareFrames(),
    videos.LineBehind(),
)
_BASE = Adapter()


def adapters() -> tuple[Adapter, ...]:
    """All that know something special, and last the base."""
    return (*_ADAPTERS, _BASE)


def adapter_for(model_type: str) -> Adapter:
    """The adapter for a ``model_type`` of config.json; the base where nothing special is known."""
    return next((one for one in _ADAPTERS if model_type in one.model_types), _BASE)


def videos_for(model_type: str) -> Adapter | None:
    """The adapter for the videos of a ``model_type``; None where they cannot be cut."""
    return next((one for one in _VIDEOS if model_type in one.model_types), None)


def adapter_of(model: Any) -> Adapter:
    """The adapter for a loaded transformers model; raises ``ModelError`` for one that cannot be served.

    What is served takes ``mm_encoder_outputs``, and has what its adapter needs.
    """
    model_type = getattr(getattr(model, "config", None), "model_type", None)
    if model_type is None:
        raise ModelError(f"expected a transformers vision-language model, not a {type(model).__name__}")
    if "mm_encoder_outputs" not in inspect.signature(type(model).forward).parameters:
        raise ModelError(
            f"a {type(model).__name__} of this transformers takes no visual tokens from outside (mm_encoder_outputs); "
            "see the models that do with: vtok models --reducible"
        )
    if "pixel_values" in inspect.signature(type(model).generate).parameters:
        raise ModelError(
            f"a {type(model).__name__} has a generate of its own that encodes pictures itself, so that nothing can be "
            "cut between its encoder and its language model"
        )
    adapter = adapter_for(model_type)
    adapter.check(model)
    return adapter
