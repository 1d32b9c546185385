"""Which visual tokens stay, and what was merged into each of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vtok.errors import MethodError


@dataclass(frozen=True)
class Selection:
    """The outcome of a method for one image of ``count`` visual tokens.

    ``kept`` (k,) int64 holds the original indices of the surviving tokens, ascending: the places they keep in the
    sequence. ``slot`` (n,) int64 says into which of the k survivors each original token went, -1 where it was
    dropped; ``weight`` (n,) float32 is its share there. Where a token goes into several survivors, ``mix`` (k, n)
    float32 holds all shares, and ``slot`` the survivor that it went to most. ``scores`` (n,) float32 is what the method
    judged by, or None where it judged by nothing.
    """

    kept: Tensor
    slot: Tensor
    weight: Tensor
    scores: Tensor | None = None
    mix: Tensor | None = None

    def __post_init__(self) -> None:
        if self.kept.numel() == 0:
            raise MethodError("a selection of no tokens at all: a method must keep at least one")
        if self.kept.numel() > 1 and not bool((self.kept[1:] > self.kept[:-1]).all()):
            raise MethodError("a selection's kept indices must ascend")

    @classmethod
    def of(cls, kept: Tensor, count: int, scores: Tensor | None = None) -> Selection:
        """The tokens at ``kept`` (k,) stay as they are, the others of ``count`` are dropped."""
        kept = kept.sort().values
        slot = torch.full((count,), -1, dtype=torch.int64, device=kept.device)
        slot[kept] = torch.arange(kept.numel(), device=kept.device)
        weight = (slot >= 0).to(torch.float32)
        return cls(kept, slot, weight, scores)

    @classmethod
    def all(cls, count: int, device: torch.device | str = "cpu") -> Selection:
        """Every token stays."""
        return cls.of(torch.arange(count, device=device), count)

    @property
    def before(self) -> int:
        """Tokens before."""
        return self.slot.numel()

    @property
    def after(self) -> int:
        """Tokens after."""
        return self.kept.numel()

    @classmethod
    def mixed(cls, kept: Tensor, mix: Tensor, scores: Tensor | None = None) -> Selection:
        """The tokens at ``kept`` (k,), ascending, each of which becomes its row of ``mix`` (k, n) of all tokens."""
        most = mix.abs().max(0)
        slot = torch.where(most.values > 0, most.indices, -1)
        slot[kept] = torch.arange(kept.numel(), device=kept.device)
        weight = mix.gather(0, slot.clamp(min=0)[None])[0] * (slot >= 0)
        return cls(kept, slot, weight, scores, mix)

    @property
    def merges(self) -> bool:
        """Whether any survivor holds more than itself."""
        if self.mix is not None:
            return True
        return bool((self.slot >= 0).sum() > self.after) or bool((self.weight[self.kept] != 1).any())

    @property
    def merged(self) -> Tensor:
        """(n,) bool: tokens that live on in another one's place."""
        alone = torch.zeros_like(self.slot, dtype=torch.bool)
        alone[self.kept] = True
        return (self.slot >= 0) & ~alone

    def then(self, second: Selection) -> Selection:
        """This selection and a ``second`` one over its survivors, as one over the original tokens."""
        if second.before != self.after:
            raise MethodError(f"a selection over {second.before} tokens cannot follow one that leaves {self.after}")
        slot = torch.where(self.slot >= 0, second.slot[self.slot.clamp(min=0)], -1)
        kept = self.kept[second.kept]
        weight = self.weight * second.weight[self.slot.clamp(min=0)]
        mix = None
        if self.mix is not None or second.mix is not None:
            mix = second.matrix() @ self.matrix()
        return Selection(kept, slot, weight, self.scores, mix)

    def matrix(self) -> Tensor:
        """(k, n) float32: the share of each original token in each survivor."""
        if self.mix is not None:
            return self.mix
        dense = torch.zeros(self.after, self.before, dtype=torch.float32, device=self.slot.device)
        used = (self.slot >= 0).nonzero().flatten()
        dense[self.slot[used], used] = self.weight[used]
        return dense

    def apply(self, vectors: Tensor) -> Tensor:
        """``vectors`` (n, d) to the survivors (k, d); without merging they are gathered, untouched to the bit."""
        if vectors.shape[0] != self.before:
            raise MethodError(f"a selection over {self.before} tokens was applied to {vectors.shape[0]} vectors")
        if not self.merges:
            return vectors[self.kept]
        if self.mix is not None:
            return (self.mix @ vectors.float()).to(vectors.dtype)
        used = self.slot >= 0
        shares = vectors[used].float() * self.weight[used, None]
        total = torch.zeros(self.after, vectors.shape[1], dtype=torch.float32, device=vectors.device)
        return total.index_add_(0, self.slot[used], shares).to(vectors.dtype)
