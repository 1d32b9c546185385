"""FLOPs as torch counts them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def counted(run: Callable[[], object]) -> int:
    """What ``run`` computes."""
    # Some encoders ask for torch's own attention whatever they are told; as products the counter sees it too.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()
