"""What a method may look at."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import torch
from torch import Tensor


class Need(enum.Enum):
    """What a method has to look at beyond the vectors; only what is asked for is computed."""

    CLS_ATTENTION = "the attention of the encoder's CLS token"
    FIRST_ATTENTION = "the attention of the encoder's CLS token in its first layer"
    RECEIVED_ATTENTION = "the attention that patches receive in the encoder"
    KEYS = "the keys of the encoder's last used layer"
    FEATURES = "the encoder's output before the projector"
    TEXT = "the embeddings of the prompt's text"
    LM_ATTENTION = "the attention of text tokens in the language model"
    LM_KEYS = "the keys of the language model"
    LM_TEXT = "the hidden states of text tokens in the language model"


@dataclass(frozen=True)
class Seen:
    """What a method may look at, for one image of ``rows`` x ``columns`` = n visual tokens.

    ``vectors`` (n, d) are the projector's output. The rest is there only when the method needs it:

    - ``features`` (n, e): the encoder's output before the projector.
    - ``cls_attention`` (heads, n): the softmaxed attention of the CLS token to every patch in the layer whose output
      the projector reads (its share to itself is left out, so that a row sums to less than 1).
    - ``keys`` (heads, n, c): the keys of that layer.
    - ``first_attention`` (heads, n): as ``cls_attention``, in the encoder's first layer.
    - ``received_attention`` (heads, n): the mean, over all query rows of the layer whose output the projector reads,
      of the attention to each patch.
    - ``text`` (t, d): the input embeddings of the prompt's text, the user's own words where they can be told apart.

    Where several patches become one token, what belongs to patches is averaged over them. Where the tokens are not
    one grid, ``blocks`` holds the grid of each tile or, when ``video``, of each frame, in token order, and ``grid`` is
    (1, n). Tiles that the family puts together again are one block. ``thumbnail`` is the index of the block that shows
    the whole picture beside them.
    """

    grid: tuple[int, int]
    vectors: Tensor
    features: Tensor | None = None
    cls_attention: Tensor | None = None
    keys: Tensor | None = None
    first_attention: Tensor | None = None
    received_attention: Tensor | None = None
    text: Tensor | None = None
    blocks: tuple[tuple[int, int], ...] = ()
    thumbnail: int | None = None
    video: bool = False

    @property
    def count(self) -> int:
        """Visual tokens of this image."""
        return self.vectors.shape[0]

    def has(self, needs: frozenset[Need]) -> bool:
        """Whether all of ``needs`` is there."""
        there = {
            Need.CLS_ATTENTION: self.cls_attention,
            Need.FIRST_ATTENTION: self.first_attention,
            Need.RECEIVED_ATTENTION: self.received_attention,
            Need.KEYS: self.keys,
            Need.FEATURES: self.features,
            Need.TEXT: self.text,
        }
        return all(there.get(need) is not None for need in needs)

    @property
    def grids(self) -> tuple[tuple[int, int], ...]:
        """The grids of all blocks; that of the whole image where it is one."""
        return self.blocks or (self.grid,)

    @property
    def block_of(self) -> Tensor:
        """(n,) int64: the tile or frame that each token belongs to."""
        sizes = torch.tensor([rows * columns for rows, columns in self.grids], device=self.vectors.device)
        return torch.arange(len(self.grids), device=self.vectors.device).repeat_interleave(sizes)

    @property
    def attention(self) -> Tensor:
        """(heads, n): the attention of CLS, or what patches receive where there is no CLS token."""
        found = self.cls_attention if self.cls_attention is not None else self.received_attention
        assert found is not None
        return found


@dataclass(frozen=True)
class Patches:
    """The pixels of one image before the encoder, grouped as the language model will see them.

    ``pixels`` (n, p) holds all values of each group of patches, as the processor normalised them; ``grid`` is that of
    the groups. ``blocks`` and ``video`` are as in ``Seen``.
    """

    grid: tuple[int, int]
    pixels: Tensor
    blocks: tuple[tuple[int, int], ...] = ()
    video: bool = False

    @property
    def count(self) -> int:
        """Groups of patches, each one token."""
        return self.pixels.shape[0]

    @property
    def grids(self) -> tuple[tuple[int, int], ...]:
        """The grids of all blocks; that of the whole image where it is one."""
        return self.blocks or (self.grid,)
