"""A budget shared among parts of a picture: tiles, crops, frames."""

from __future__ import annotations

import torch
from torch import Tensor


def share_out(weights: Tensor, total: int, most: Tensor) -> Tensor:
    """(m,) int64: ``total`` tokens shared among m parts by ``weights`` (m,), no part above ``most`` (m,).

    Shares are rounded down; what rounding and full parts leave goes to the heaviest parts with room, so that the sum is
    ``total`` exactly, or all there is.
    """
    given = torch.zeros_like(most)
    left = min(total, int(most.sum()))
    while left:
        open_ = given < most
        weight = torch.where(open_, weights.double().clamp(min=0), 0.0)
        if float(weight.sum()) <= 0:
            weight = open_.double()
        wanted = (weight / weight.sum() * left).floor().long()
        if left < int(open_.sum()):
            # What rounding left over: one each.
            heaviest = torch.where(open_, weight, -1.0).argsort(descending=True, stable=True)[:left]
            wanted = torch.zeros_like(most)
            wanted[heaviest] = 1
        step = torch.minimum(wanted, most - given)
        given = given + step
        left -= int(step.sum())
    return given


def best_of_parts(scores: Tensor, parts: list[Tensor], shares: Tensor) -> Tensor:
    """(sum of shares,) indices: of each part (indices into ``scores``) as many of the best as its share says."""
    chosen = [part[scores[part].topk(share).indices] for part, share in zip(parts, shares.tolist(), strict=True)]
    return torch.cat(chosen)
