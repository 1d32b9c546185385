"""A model with its processor, and what vtok knows of its family: what every stage of the pipeline works with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from vtok.catalog.directory import read_directory
from vtok.errors import VtokError
from vtok.geometry.layout import Grid, Layout, Tile
from vtok.vlm.adapters import adapter_of
from vtok.vlm.adapters.base import PIXELS

Picture = str | Path | bytes | Image.Image


class Loaded:
    """A loaded model; ``name`` is what it was asked for by, ``path`` its directory, where it has one.

    ``image_token`` is the id of the placeholder for a visual token.
    """

    def __init__(self, model: Any, processor: Any, name: str, path: Path | None = None) -> None:
        self.model, self.processor, self.name, self.path = model, processor, name, path
        self.adapter = adapter_of(model)
        self.image_token = self.adapter.image_token_id(model)

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        device: torch.device = self.model.device
        return device

    def layout(self, size: tuple[int, int]) -> Layout:
        """How a picture of ``size`` enters, as the model or its checkpoint's files tell; one box where neither does."""
        found = self.adapter.layout(self.model, self.processor, size)
        if found is not None:
            return found
        try:
            return read_directory(self.path).family.layout(*size) if self.path else _unknown(size)
        except VtokError:
            return _unknown(size)

    def inputs(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """Of what a processor ``made`` of a picture that which the encoder takes, on the model's device."""
        wanted = (*PIXELS, *self.adapter.image_inputs(self.model))
        return {key: self._place(value) for key, value in made.items() if key in wanted}

    def _place(self, value: Any) -> Any:
        if not torch.is_tensor(value):
            return value
        return value.to(self.device, self.model.dtype if value.is_floating_point() else value.dtype)


def _unknown(size: tuple[int, int]) -> Layout:
    """The layout of a picture of which nothing is known but that it is seen whole."""
    box = (0.0, 0.0, float(size[0]), float(size[1]))
    return Layout(size, size, (Tile(size, box),), (Grid(1, 1, box),))
