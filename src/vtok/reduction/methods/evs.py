"""EVS: of a video, the tokens that differ most from the same place one frame before."""

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
class EVS(TokenMethod):
    """Efficient video sampling, as vLLM has it: the whole first frame, then what changes.

    A token's score is 1 minus its cosine to the token of the same place in the frame before. The first frame always
    stays whole; of equal scores the earlier token wins.
    """

    name: ClassVar[str] = "evs"
    summary: ClassVar[str] = "the first frame, and what changes from frame to frame"
    source: ClassVar[str] = "arXiv 2510.14624; vllm-project/vllm, vllm/multimodal/evs.py"
    cost: ClassVar[str] = "O(n d)"
    video: ClassVar[bool] = True

    def least(self, grids: Sequence[tuple[int, int]]) -> int:
        """See ``Method.least``: the first frame."""
        return frame_tokens(grids)

    def select(self, seen: Seen, budget: int) -> Selection:
        """See ``TokenMethod.select``; raises ``MethodError`` for what is no video."""
        frames = by_frame(self.name, seen)
        change = 1 - cosine_similarity(frames[1:].float(), frames[:-1].float(), dim=-1)
        # Above any cosine distance, so that the first frame comes first.
        scores = torch.cat([torch.full_like(frames[:1, :, 0], 255, dtype=torch.float32), change]).flatten()
        order = scores.argsort(descending=True, stable=True)
        return Selection.of(order[:budget], seen.count, scores)
