"""Methods inside the language model: at some decoder layers visual tokens leave the sequence."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.method import Method, Stage
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class InLayer:
    """What a method may look at when ``n`` visual tokens of one image arrive at decoder layer ``layer`` (0 the first).

    ``hidden`` (n, d) are their hidden states at the entry of ``layer``; ``places`` (n,) int64 say which of the
    image's original tokens they are, ascending. The rest is there only when needed, of layer ``layer - 1``, or of
    ``layer`` itself for a method that ``looks_ahead``: ``attention`` (heads, r, n) the softmaxed attention of the r
    rating text tokens; ``keys`` (kv heads, n, c) after rotary embedding, as they are cached. ``text`` (t, d) and
    ``text_keys`` (kv heads, t, c) are hidden states and keys of the text tokens behind the last image.
    """

    layer: int
    layers: int
    hidden: Tensor
    places: Tensor
    attention: Tensor | None = None
    keys: Tensor | None = None
    text: Tensor | None = None
    text_keys: Tensor | None = None

    @property
    def count(self) -> int:
        """Visual tokens of this image that are still there."""
        return self.hidden.shape[0]


@dataclass(frozen=True)
class LayerMethod(Method):
    """Base of methods that act inside the language model."""

    stage: ClassVar[Stage] = Stage.LAYERS

    @property
    def looks_ahead(self) -> bool:
        """Whether attention and keys are those that the acting layer itself is about to compute."""
        return False

    @abstractmethod
    def plan(self, budget: int, count: int, layers: int) -> tuple[tuple[int, int], ...]:
        """(layer, keep) pairs, layers ascending: at the entry of ``layer`` at most ``keep`` of ``count`` tokens stay.

        ``budget`` is what stays in the last layers. Raises ``MethodError`` for a layer that the model does not have.
        """

    @abstractmethod
    def select(self, at: InLayer, budget: int) -> Selection:
        """At most ``budget`` of the tokens at hand; ``0 < budget < at.count`` holds when this is called.

        Where a plan keeps 0, all leave and this is not called.
        """

    def raters(self, vectors: Tensor, text: Tensor) -> Tensor:
        """Which text tokens rate the visual ones, as ascending indices (r,): the last one, unless overridden.

        ``vectors`` (n, d) are the image's visual tokens and ``text`` (t, d) the text tokens behind the last image, both
        as they enter the first layer.
        """
        return torch.tensor([text.shape[0] - 1], device=text.device)

    def checked(self, layer: int, layers: int) -> int:
        """``layer``, if tokens can leave there; raises ``MethodError`` if not."""
        lowest = 1 if self.needs and not self.looks_ahead else 0
        if not lowest <= layer < layers:
            raise MethodError(
                f"{self.name} cannot act at layer {layer}: this model has layers {lowest} to {layers - 1} for it; "
                f"write the layer behind an @, such as {self.name}@{min(max(lowest, layer), layers - 1)}"
            )
        return layer


def in_steps(layers: list[int], budget: int, count: int) -> tuple[tuple[int, int], ...]:
    """(layer, keep) pairs that go from ``count`` tokens to ``budget`` by the same share at each of ``layers``."""
    steps = len(layers)
    keeps = [round(count * (budget / count) ** (step / steps)) for step in range(1, steps)] + [budget]
    return tuple(zip(layers, keeps, strict=True))
