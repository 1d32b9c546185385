"""Still patches: of a video, what does not change from frame to frame becomes one token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch.nn.functional import cosine_similarity

from vtok.reduction.frames import by_frame, frame_tokens
from vtok.reduction.method import Seen, TokenMethod
from vtok.reduction.selection import Selection


@dataclass(frozen=True)
class Still(TokenMethod):
    """Joins the pairs of tokens of one place in neighbouring frames that are most alike, until the budget is met.

    Joined tokens make up a run in time, which becomes its average at the run's first frame. Each join saves one token,
    so the budget is met exactly; every place keeps at least one.
    """

    name: ClassVar[str] = "still"
    summary: ClassVar[str] = "the average over the frames in which a place stands still"
    source: ClassVar[str] = "baseline; static tokens are averaged likewise in PruneVid (arXiv 2412.16117)"
    cost: ClassVar[str] = "O(n d)"
    video: ClassVar[bool] = True

    def least(self, grids: Sequence[tuple[int, int]]) -> int:
        """See ``Method.least``: one token for every place."""
        return frame_tokens(grids)

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``; raises ``MethodError`` for what is no video."""
        frames = by_frame(self.name, seen)
        alike = cosine_similarity(frames[1:].float(), frames[:-1].float(), dim=-1)
        joins = alike.flatten().argsort(descending=True, stable=True)[: seen.count - budget]
        begins = torch.ones(frames.shape[:2], dtype=torch.bool, device=frames.device)
        begins[1:].view(-1)[joins] = False
        # Each token's run begins at the last frame, up to its own, at which its place begins one.
        frame = torch.arange(frames.shape[0], device=frames.device)[:, None]
        start = torch.where(begins, frame, 0).cummax(0).values
        kept = begins.flatten().nonzero().flatten()
        slot = torch.searchsorted(
            kept, (start * frames.shape[1] + torch.arange(frames.shape[1], device=kept.device)).flatten()
        )
        return Selection(kept, slot, 1 / torch.bincount(slot).float()[slot])
