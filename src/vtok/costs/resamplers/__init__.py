"""Projectors whose own queries read the patches, one kind a file: what each holds and does."""

from __future__ import annotations

from collections.abc import Callable

from vtok.catalog.architectures import reads_by
from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.resamplers.base import Resampler
from vtok.costs.resamplers.cross import cross, latents
from vtok.costs.resamplers.encoder import encoder
from vtok.costs.resamplers.perceiver import perceiver
from vtok.costs.resamplers.pooling import pooling
from vtok.costs.resamplers.query_transformer import instructed, query_transformer
from vtok.costs.resamplers.single import single
from vtok.costs.resamplers.windows import windows
from vtok.costs.unknown import UnknownFigureError

__all__ = ["Resampler", "resampler"]

#: By the names in ``architectures.toml``.
_KINDS: dict[str, Callable[[VisionSizes, ResamplerSizes, int], Resampler]] = {
    "perceiver": perceiver,
    "query transformer": query_transformer,
    "instructed query transformer": instructed,
    "windows": windows,
    "single": single,
    "pooling": pooling,
    "encoder": encoder,
    "cross": cross,
    "latents": latents,
}


def resampler(vision: VisionSizes, text_hidden: int | None) -> Resampler | None:
    """The resampler of a projector's kind, None where it has none; raises ``UnknownFigureError``."""
    kind = reads_by(vision.projector)
    if kind is None:
        return None
    if text_hidden is None:
        raise UnknownFigureError("text.hidden")
    return _KINDS[kind](vision, vision.resampler or ResamplerSizes(), text_hidden)
