"""What a device is to a cost: so much memory, so fast to read it, so many operations a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Device:
    """One device. ``memory`` is in bytes, ``bandwidth`` in bytes/s; None where no source tells.

    ``rates`` are dense matrix rates in FLOP/s by type of number ("fp32", "fp16", "bf16", "fp8", "int8"), without
    sparsity.
    ``kind`` is what it is: "gpu" with memory of its own, "unified" where it shares the system's, "cpu".
    ``compute_attained`` and ``bandwidth_attained`` are the shares of ``rates`` and ``bandwidth`` that real programs
    reach, from the least to the most, where that was measured on this device; None takes those of its kind.
    """

    name: str
    memory: int | None = None
    bandwidth: float | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    kind: str = "gpu"
    title: str = ""
    aliases: tuple[str, ...] = ()
    compute_attained: tuple[float, float] | None = None
    bandwidth_attained: tuple[float, float] | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
