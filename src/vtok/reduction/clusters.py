"""Density peaks: cluster centres are tokens in dense places, far from any denser one."""

from __future__ import annotations

import torch
from torch import Tensor


def density_peaks(vectors: Tensor, clusters: int) -> tuple[Tensor, Tensor]:
    """Centres (clusters,) and, for each of m ``vectors`` (m, d), which of them it belongs to (m,).

    Density is exp(-the mean squared distance to the ``clusters`` nearest, itself among them), distances over the
    square root of d; of equal densities the earlier token counts as the denser one. The method is that of Rodriguez
    and Laio 2014 as SparseVLM's reference has it, which breaks ties by noise.
    """
    count, width = vectors.shape
    distance = torch.cdist(vectors.float(), vectors.float()) / width**0.5
    nearest = distance.topk(min(clusters, count), largest=False).values
    density = (-(nearest**2).mean(-1)).exp()
    order = torch.empty_like(density, dtype=torch.int64)
    order[density.argsort(descending=True, stable=True)] = torch.arange(count, device=order.device)
    denser = order[None, :] < order[:, None]
    reach = torch.where(denser, distance, distance.max()).amin(-1)
    centres = (reach * density).topk(clusters).indices
    member = distance[:, centres].argmin(-1)
    member[centres] = torch.arange(clusters, device=member.device)
    return centres, member
