"""What the pipeline asks of an architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from torch import Tensor, nn

from vtok.geometry.layout import Layout
from vtok.reduction.method import Need, Seen


class Adapter(Protocol):
    """One architecture of transformers; stateless."""

    @property
    def model_types(self) -> tuple[str, ...]:
        """The ``model_type`` values of config.json that this adapter serves."""
        ...

    @property
    def image_inputs(self) -> tuple[str, ...]:
        """The arguments of ``forward`` that carry pictures or say how to encode them."""
        ...

    def check(self, model: Any) -> None:
        """Raise ``ModelError`` when this model differs from what the adapter can serve."""
        ...

    def image_token_id(self, model: Any) -> int:
        """The id of the placeholder token."""
        ...

    def grids(self, model: Any, inputs: Mapping[str, Any]) -> list[tuple[int, int]]:
        """Rows and columns of the visual tokens of each image in the processor's output."""
        ...

    def encode(self, model: Any, inputs: Mapping[str, Any], needs: frozenset[Need]) -> list[Seen]:
        """Run tower and projector; what is in ``needs`` is filled in for each image."""
        ...

    def encode_shrunk(self, model: Any, inputs: Mapping[str, Any], grids: Sequence[tuple[int, int]]) -> list[Tensor]:
        """Run tower and projector on pictures shrunk to ``grids`` patches; (rows * columns, d) each."""
        ...

    def project(self, model: Any, features: Tensor) -> Tensor:
        """The projector alone: (n, e) -> (n, d)."""
        ...

    def stages(self, model: Any) -> dict[str, nn.Module]:
        """The modules whose outputs are the stages of a picture, by name, in order."""
        ...

    def language_model(self, model: Any) -> nn.Module:
        """The language model without its head, with ``layers`` that have ``self_attn``."""
        ...

    def layout(self, model: Any, processor: Any, size: tuple[int, int]) -> Layout:
        """The layout of a picture of ``size`` (width, height) px under this processor's settings."""
        ...
