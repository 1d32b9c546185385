"""Points and boxes from a model's numbers to pixels of the source picture, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vtok.catalog.coordinates import Convention
from vtok.errors import UsageError
from vtok.geometry.layout import Box, Layout, Size

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coordinates:
    """Between the numbers of ``convention`` and px of a picture of ``source`` (width, height) px.

    ``layout`` is how the picture, or a smaller copy of it, enters the model.
    """

    layout: Layout
    source: Size
    convention: Convention

    def to_source(self, places: ArrayLike) -> Floats:
        """Points (..., 2) or boxes (..., 4) in the model's numbers as (x, y) or (left, top, right, bottom) in px."""
        found = self._x_first(_checked(places))
        start, step = self._scale(found)
        return start + (found + self.convention.centre) * step

    def to_model(self, places: ArrayLike) -> Floats:
        """The other way, from px of the source; not rounded, since a whole number may stand for several pixels."""
        found = _checked(places)
        start, step = self._scale(found)
        return self._x_first((found - start) / step - self.convention.centre)

    def _scale(self, places: Floats) -> tuple[Floats, Floats]:
        """For each number of a place: px of the source at 0, and px of the source for a step of 1."""
        left, top, right, bottom = self._view
        start, extent = np.array([left, top]), np.array([right - left, bottom - top])
        span = self.layout.resized if self.convention.span is None else (self.convention.span,) * 2
        times = places.shape[-1] // 2
        return np.tile(start, times), np.tile(extent / span, times)

    @property
    def _view(self) -> Box:
        """What the model takes for the picture, in px of the source: with its padding where it sees one padded view.

        Models that see tiles and an overview count by the picture itself.
        """
        width, height = self.source
        across, down = width / self.layout.source[0], height / self.layout.source[1]
        if len(self.layout.tiles) > 1:
            return 0.0, 0.0, float(width), float(height)
        left, top, right, bottom = self.layout.tiles[0].box
        return left * across, top * down, right * across, bottom * down

    def _x_first(self, places: Floats) -> Floats:
        """x before y, or the other way where the model has y first."""
        if self.convention.order == "xy":
            return places
        return places.reshape(*places.shape[:-1], -1, 2)[..., ::-1].reshape(places.shape)


def _checked(places: ArrayLike) -> Floats:
    try:
        found = np.asarray(places, np.float64)
    except (TypeError, ValueError):
        raise UsageError("points are pairs of numbers and boxes are four of them") from None
    if found.ndim == 0 or found.shape[-1] not in (2, 4):
        raise UsageError(f"points are (..., 2) and boxes (..., 4); these are {found.shape}")
    if not np.isfinite(found).all():
        raise UsageError("points and boxes must be finite numbers")
    return found
