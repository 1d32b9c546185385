"""``vtok.fit``: a picture that costs what one can afford, and loses as little as possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from vtok.catalog.checkpoints import Checkpoint
from vtok.catalog.coordinates import Convention, convention_of, parse_convention
from vtok.catalog.counting import Model, Picture, find_model
from vtok.errors import BudgetError, UsageError
from vtok.fitting.choose import Choice, choose
from vtok.fitting.coordinates import Coordinates
from vtok.fitting.levers import pull
from vtok.fitting.original import Original, original_of
from vtok.fitting.resampling import filter_of
from vtok.geometry.layout import Layout, Size
from vtok.geometry.reachable import STRETCH
from vtok.image.source import DEFAULT_LIMITS, Limits


@dataclass(frozen=True)
class Fitted:
    """A picture at the size that was chosen for it; its pixels are made when they are first asked for.

    ``settings`` are what the model's own processor must be given for the count to hold, in its names; mostly none.
    """

    original: Original
    model: Checkpoint
    choice: Choice
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> Size:
        """(width, height) in px of the picture as it was, upright."""
        return self.choice.source

    @property
    def size(self) -> Size:
        """(width, height) in px of the picture as it is now."""
        return self.choice.size

    @property
    def layout(self) -> Layout:
        """How the picture enters the model now, in px of ``size``."""
        return self.choice.layout

    @property
    def tokens(self) -> int:
        """Tokens that it takes in the language model's sequence now."""
        return self.choice.tokens

    @property
    def survives(self) -> float:
        """The share of the source's pixels that the model sees; see ``vtok.fitting.detail``."""
        return self.choice.survives

    @cached_property
    def image(self) -> Image.Image:
        """The pixels, upright 8-bit sRGB. Raises ``ImageError`` for a file that turns out to be broken."""
        return self.render()

    def render(self) -> Image.Image:
        """The pixels made anew, for who does not want them kept; see ``image``."""
        return self.original.at(self.size, filter_of(self.model.family_name))

    def to_source(self, places: ArrayLike, convention: str | None = None) -> NDArray[np.float64]:
        """Points (..., 2) or boxes (..., 4) as the model says them, in px of the source, x first.

        ``convention`` overrides what vtok knows of the model: "px" of what the model sees, "0-1000", "0-1", "0-1000
        yx". Raises ``UsageError`` where it is not known, and for what is no point or box.
        """
        return self._coordinates(convention).to_source(places)

    def to_model(self, places: ArrayLike, convention: str | None = None) -> NDArray[np.float64]:
        """The other way: px of the source in the model's numbers, not rounded."""
        return self._coordinates(convention).to_model(places)

    def _coordinates(self, text: str | None) -> Coordinates:
        convention: Convention = convention_of(self.model) if text is None else parse_convention(text)
        return Coordinates(self.layout, self.source, convention)


def fit(
    picture: Picture | bytes | Original,
    model: Model,
    budget: int,
    settings: Mapping[str, Any] | None = None,
    runtime: str | None = None,
    *,
    change_settings: bool = False,
    stretch: float = STRETCH,
    limits: Limits = DEFAULT_LIMITS,
) -> Fitted:
    """The picture at the size that costs at most ``budget`` tokens for ``model`` and keeps the most detail.

    ``picture`` is a path, the bytes of a file, a PIL image, a (width, height) in px, or an ``Original`` such as
    ``Page("scan.pdf", 3)``. A picture within the budget keeps its size, and none is enlarged. Neither side is shrunk
    more than ``stretch`` times as much as the other. For ``settings`` and ``runtime`` see ``vtok.count``.

    Raises ``BudgetError`` where no size fits; it tells the least that the picture takes. With ``change_settings`` one
    setting of the processor may be lowered then, which ``Fitted.settings`` tells. Raises ``ImageError`` for what is no
    picture, ``UsageError`` for a size that the model refuses and for models that are not known.
    """
    found = find_model(model, settings, runtime)
    if isinstance(budget, bool) or not isinstance(budget, int | np.integer):
        raise BudgetError(f"the budget is {budget!r}; expected a whole number of tokens")
    if not stretch >= 1:
        raise UsageError(f"stretch is {stretch}; expected 1 or more")
    original = original_of(picture, limits)
    try:
        return Fitted(original, found, choose(found.family, original.size, int(budget), stretch))
    except BudgetError as error:
        pulled = pull(found, original.size, int(budget), stretch) if budget > 0 else None
        if pulled is None:
            raise BudgetError(f"{found.name}: {error}{_why(found, original.size)}") from None
        if not change_settings:
            words = ", ".join(f"{name}={value}" for name, value in pulled.sent.items())
            raise BudgetError(
                f"{found.name}: {error}; with {words} in its processor it takes {pulled.choice.tokens:,}: allow that "
                "with change_settings (--change-settings)"
            ) from None
        return Fitted(original, found.with_settings(pulled.changed), pulled.choice, pulled.sent)


def _why(model: Checkpoint, source: Size) -> str:
    """What a person can do where nothing helps: said only where every size costs the same."""
    width, height = source
    sizes = np.array([1, 2, 3, 4, 6, 8, 12, 16])
    counts = model.family.count_many(np.maximum(width // sizes, 1), np.maximum(height // sizes, 1))
    if len(set(counts[counts >= 0].tolist())) > 1:
        return "; raise the budget, or cut the picture up"
    return "; this model takes the same number for every picture: raise the budget, or drop tokens after the encoder"
