"""Matrix rate, copy bandwidth and memory of this machine, in seconds, by torch where it is installed, else numpy.

Large products tell the rate; a copy of an array far larger than any cache tells the bandwidth, a byte read and one
written. What is measured is reached by definition; products of several shapes tell from where to where.
"""

from __future__ import annotations

import math
import os
import platform
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vtok.catalog.devices import Device

Shape = tuple[int, int, int]
# (rows, inner, columns) of products: what a short and a long prompt give a layer of a small model, and a square.
_SHAPES: Sequence[Shape] = ((64, 1024, 1024), (256, 2048, 2048), (1024, 2048, 2048), (2048, 2048, 2048))
# A fast device is busy for less than a call costs with these, so its products are larger.
_LARGE: Sequence[Shape] = ((512, 4096, 4096), (4096, 4096, 4096), (8192, 8192, 8192))
_COPIED = 256 * 2**20
_SECONDS_EACH = 0.2


def measure() -> Device:
    """This machine: its CUDA device or Apple GPU where torch sees one, else its processor."""
    torch = _torch()
    if torch is not None and torch.cuda.is_available():
        return _accelerator(
            torch, "cuda", torch.cuda.get_device_name(), torch.cuda.get_device_properties(0).total_memory
        )
    if torch is not None and torch.backends.mps.is_available():
        return _accelerator(torch, "mps", platform.processor() or "Apple GPU", int(torch.mps.recommended_max_memory()))
    return _processor(torch)


def _processor(torch: Any) -> Device:
    rates = {"fp32": _rates(_numpy_product, _SHAPES)}
    if torch is not None:
        # Not fp16, at which processors are slow enough to hang here; programs compute it in fp32 there.
        rates["bf16"] = _torch_rates(torch, "cpu", "bf16", _SHAPES)
        rates["fp32"] = max(rates["fp32"], _torch_rates(torch, "cpu", "fp32", _SHAPES), key=max)
    source, target = np.ones(_COPIED // 8), np.empty(_COPIED // 8)
    bandwidth = 2 * _COPIED / _best(lambda: np.copyto(target, source))
    title = f"{_processor_name()}, {os.cpu_count()} threads"
    return _device("cpu", title, memory(), bandwidth, rates)


def _accelerator(torch: Any, place: str, title: str, size: int) -> Device:
    rates = {number: _torch_rates(torch, place, number, _LARGE) for number in ("fp16", "bf16", "fp32")}
    source = torch.ones(_COPIED, dtype=torch.uint8, device=place)
    target = torch.empty_like(source)

    def copy() -> None:
        target.copy_(source)
        _wait(torch, place)

    return _device("gpu" if place == "cuda" else "unified", title, size, 2 * _COPIED / _best(copy), rates)


def _device(kind: str, title: str, size: int | None, bandwidth: float, rates: dict[str, list[float]]) -> Device:
    # A processor computes fp16 weights in fp32 where it is slow at fp16.
    fast = {number: max(found) for number, found in rates.items() if found}
    fast["fp16"] = max(fast.get("fp16", 0.0), fast["fp32"])
    shares = [min(found) / max(found) for found in rates.values() if found]
    return Device(
        name="here",
        title=title,
        kind=kind,
        memory=size,
        installed=size,
        bandwidth=bandwidth,
        rates=fast,
        compute_attained=(min(shares), 1.0),
        bandwidth_attained=(0.8, 1.0),
        sources={"device": f"measured on this machine on {time.strftime('%Y-%m-%d')}", "rates": "measured"},
    )


def memory() -> int | None:
    """Bytes of memory that this process may use, the limit of its container included; None where nothing tells."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit:
            text = limit.read(40).strip()
    except OSError:
        return total
    return min(total, int(text)) if text.isdigit() else total


def _numpy_product(shape: Shape) -> Callable[[], object]:
    rows, inner, columns = shape
    a, b = np.ones((rows, inner), np.float32), np.ones((inner, columns), np.float32)
    return lambda: np.matmul(a, b)


def _torch_rates(torch: Any, place: str, number: str, shapes: Sequence[Shape]) -> list[float]:
    """FLOP/s for each shape; none where the device has no products of such numbers."""
    kind = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[number]

    def product(shape: Shape) -> Callable[[], object]:
        rows, inner, columns = shape
        a = torch.ones((rows, inner), dtype=kind, device=place)
        b = torch.ones((inner, columns), dtype=kind, device=place)

        def multiply() -> None:
            torch.matmul(a, b)
            _wait(torch, place)

        return multiply

    try:
        return _rates(product, shapes)
    except RuntimeError:
        return []


def _rates(product: Callable[[Shape], Callable[[], object]], shapes: Sequence[Shape]) -> list[float]:
    """FLOP/s for each shape, up to the first that would take too long; at least one."""
    found: list[float] = []
    for shape in shapes:
        work = 2 * math.prod(shape)
        if found and work / found[-1] > 3 * _SECONDS_EACH:
            break
        found.append(work / _best(product(shape)))
    # The smallest product only tells whether the next one is worth the time.
    return found[1:] or found


def _best(work: Callable[[], object]) -> float:
    """The shortest of several runs, in seconds; the first one warms up."""
    work()
    best, end = float("inf"), time.perf_counter() + _SECONDS_EACH
    while time.perf_counter() < end or best == float("inf"):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def _wait(torch: Any, place: str) -> None:
    if place != "cpu":
        getattr(torch, place).synchronize()


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        return None
    return torch


def _processor_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine() or "this processor"
