"""What a family is: a rule from the size of a picture to its layout."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vtok.geometry.layout import Layout


class Family(Protocol):
    """A rule with its settings filled in; each inherits from this, a frozen dataclass in a file of ``families/``."""

    def layout(self, width: int, height: int) -> Layout:
        """The layout of a picture of ``width`` x ``height`` px; raises ``UsageError`` for a size it refuses."""
        ...

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tokens in the language model's sequence for many sizes at once, int64, -1 where ``layout`` would refuse."""
        ...

    def count(self, width: int, height: int) -> int:
        """``layout(...).total``; a family whose rule is plain arithmetic works it out without the layout."""
        return self.layout(width, height).total
