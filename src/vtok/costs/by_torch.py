"""Rates by torch, in a process of its own: ``python -m vtok.costs.by_torch SECONDS`` writes a JSON object a line.

Importing torch and waking a GPU takes as long as it takes; a process can be ended when the time is up, and what it
wrote until then counts. The first line tells the place (``cpu``, ``cuda``, ``mps``), its title and memory; then one a
type of number with its rates in FLOP/s, and on a GPU one with the bandwidth in bytes/s.
"""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vtok.costs.timing import Shape, best, cores, is_busy, rates

#: (rows, inner, columns) of products: what a short and a long prompt give a layer of a small model, and a square.
SHAPES: Sequence[Shape] = ((64, 1024, 1024), (256, 2048, 2048), (1024, 2048, 2048), (2048, 2048, 2048))
# A fast device is busy for less than a call costs with these, so its products are larger.
_LARGE: Sequence[Shape] = ((512, 4096, 4096), (4096, 4096, 4096), (8192, 8192, 8192))
#: Bytes of an array that is far larger than any cache.
COPIED = 192 * 2**20
_SECONDS_OF_A_GPU = 30.0
_DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def by_torch(seconds: float) -> list[dict[str, Any]]:
    """What torch measures in ``seconds``, or in ``_SECONDS_OF_A_GPU`` where a GPU may be; nothing without torch."""
    if not sys.executable or find_spec("torch") is None:
        return []
    seconds = _SECONDS_OF_A_GPU if _may_have_gpu() else seconds
    command = [sys.executable, "-P", "-m", __name__, str(seconds)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as child:
            try:
                written, _ = child.communicate(timeout=max(0.0, seconds))
            except subprocess.TimeoutExpired:
                child.kill()
                written, _ = child.communicate()
    except OSError:
        return []
    return list(_lines(written.decode("utf-8", "replace")))


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:  # cut off in the middle
            return


def _may_have_gpu() -> bool:
    """Whether a driver of a GPU is here, so that it is worth to wait for torch."""
    unlike_linux = sys.platform == "win32" or (sys.platform == "darwin" and platform.machine() == "arm64")
    return unlike_linux or any(Path(driver).exists() for driver in _DRIVERS)


def _measured(until: float) -> Iterator[dict[str, Any]]:
    import torch

    if torch.cuda.is_available():
        size = torch.cuda.get_device_properties(0).total_memory
        place, title, kind = "cuda", torch.cuda.get_device_name(), "gpu"
    elif torch.backends.mps.is_available():
        size = int(torch.mps.recommended_max_memory())
        place, title, kind = "mps", platform.processor() or "Apple GPU", "unified"
    else:
        size, place, title, kind = None, "cpu", "", "cpu"
    yield {"torch": torch.__version__, "title": title, "kind": kind, "memory": size}
    # Not fp16 on a processor, many of which are slow enough at it to hang here; programs compute it in fp32 there.
    numbers = ("bf16", "fp32") if place == "cpu" else ("fp16", "bf16", "fp32")
    times = cores() if place == "cpu" and is_busy() else 1
    if times > 1:
        torch.set_num_threads(1)
    for index, number in enumerate(numbers):
        share = (until - time.monotonic()) / (len(numbers) - index)
        found = _rates(torch, place, number, SHAPES if place == "cpu" else _LARGE, time.monotonic() + share)
        if found:
            yield {"number": number, "rates": [times * rate for rate in found]}
    if place != "cpu":
        yield {"bandwidth": _bandwidth(torch, place)}


def _rates(torch: Any, place: str, number: str, shapes: Sequence[Shape], until: float) -> list[float]:
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
        return rates(product, shapes, until)
    except RuntimeError:
        return []


def _bandwidth(torch: Any, place: str) -> float:
    source = torch.ones(COPIED, dtype=torch.uint8, device=place)
    target = torch.empty_like(source)

    def copy() -> None:
        target.copy_(source)
        _wait(torch, place)

    return 2 * COPIED / best(copy)


def _wait(torch: Any, place: str) -> None:
    if place != "cpu":
        getattr(torch, place).synchronize()


def _main(seconds: float) -> None:
    # A little is left for the way back, so that what is measured last is not lost.
    until = time.monotonic() + (seconds - 0.2 if math.isfinite(seconds) else math.inf)
    for line in _measured(until):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    _main(float(sys.argv[1]))
