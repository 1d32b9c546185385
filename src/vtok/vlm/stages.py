"""What each stage of the pipeline hands to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from torch import Tensor

from vtok.geometry.layout import Layout
from vtok.reduction.chain import Budget, Chain
from vtok.reduction.method import Seen
from vtok.vlm.adapters.joining import Encoding
from vtok.vlm.ledger import ImageTokens, Ledger
from vtok.vlm.seam import Shortened
from vtok.vlm.selecting import Reduced


@dataclass(frozen=True)
class Prepared:
    """One picture as the processor made it: ``inputs`` for the encoder, its layout, and where it came from.

    ``beside`` is what else the processor said about it.
    """

    name: str
    image: Image.Image
    layout: Layout
    inputs: dict[str, Tensor]
    seconds: float
    beside: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Encoded:
    """One picture after tower and projector; ``tokens.vectors`` (n, d) are its visual tokens.

    ``encoding`` is what the model's encoder gave, of this picture alone.
    """

    prepared: Prepared
    encoding: Encoding
    seconds: float

    @property
    def tokens(self) -> Seen:
        """What methods see of it."""
        return self.encoding.seen[0]


@dataclass(frozen=True)
class Cut:
    """One picture after the cut; ``reduced.vectors`` (k, d) are what the language model will read.

    ``chain`` are the methods that cut it, None where it is whole. ``output`` is what the encoder gave, as the model
    takes it, None where it has to be made of the vectors.
    """

    prepared: Prepared
    reduced: Reduced
    chain: Chain | None
    encode_seconds: float
    reduce_seconds: float
    output: Any = None

    @property
    def method(self) -> str | None:
        """The methods' names with their parameters; their budgets too where there are several."""
        if self.chain is None:
            return None
        return str(self.chain) if len(self.chain.steps) > 1 else str(self.chain.steps[0].method)

    @property
    def budget(self) -> Budget:
        """The budget of the first method."""
        return None if self.chain is None else self.chain.steps[0].budget


@dataclass(frozen=True)
class Interleaved:
    """A batch of prompts: ``ids`` and ``mask`` (b, n) before the cut, ``short`` after it."""

    ids: Tensor
    mask: Tensor
    short: Shortened


@dataclass(frozen=True)
class Answer:
    """The text, what it cost, and the pictures it was about, with the selections behind them.

    ``tokens`` are the generated ids, up to and with the end token.
    """

    question: str
    text: str
    tokens: tuple[int, ...]
    ledger: Ledger
    cuts: tuple[Cut, ...]


def image_tokens(cut: Cut) -> ImageTokens:
    """The ledger's line for one picture."""
    selection = cut.reduced.selection
    return ImageTokens(cut.prepared.name, cut.prepared.image.size, selection.before, selection.after)
