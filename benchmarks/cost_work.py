"""One architecture of ``cost.py`` measured, in a process that does nothing else."""

from __future__ import annotations

import ctypes
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from cost_models import IMAGE, TEXT, Case


@dataclass(frozen=True)
class Measured:
    """One request: seconds of the encoder, to the first token, and a new token; bytes at the highest point."""

    case: str
    request: int
    encode: float
    first_token: float
    per_token: float
    peak: int


class Watch:
    """A streamer of ``generate`` that notes when each token came."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.times: list[float] = []

    def put(self, value: Any) -> None:
        self.times.append(self.clock())

    def end(self) -> None:
        pass


def high_water(reset: bool = False) -> int:
    """The most bytes that this process held since the last ``reset``; Linux tells."""
    if reset:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    return 1024 * int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])


def resident() -> int:
    """Bytes that this process holds now."""
    return os.sysconf("SC_PAGE_SIZE") * int(Path("/proc/self/statm").read_text().split()[1])


def clock_of(gpu: bool) -> Callable[[], float]:
    """Seconds on the wall on a GPU; on a CPU those that it worked for this process, which others do not stretch."""

    def on_gpu() -> float:
        torch.cuda.synchronize()
        return time.perf_counter()

    return on_gpu if gpu else time.process_time


def build(case: Case, gpu: bool) -> Any:
    """The model with random weights."""
    torch.manual_seed(0)
    with torch.device("cuda" if gpu else "cpu"):
        dtype = torch.bfloat16 if gpu else torch.float32
        config = case.full() if gpu else case.make()
        return hf.AutoModelForImageTextToText.from_config(config, dtype=dtype).eval()


def inputs_of(case: Case, model: Any, request: int) -> dict[str, torch.Tensor]:
    """What a processor would give for one of the case's requests."""
    one = case.described(model.config)
    layouts = [one.family.layout(*size) for size in case.sizes[request]]
    content, beside = sum(each.content for each in layouts), sum(each.structural for each in layouts)
    ids = torch.cat([torch.full((content,), IMAGE), torch.arange(100, 100 + TEXT + beside)])[None]
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if case.types:
        inputs[case.types] = (ids == IMAGE).long()
    inputs |= case.pixels(model, one, case.sizes[request])
    return {key: value.to(model.device) for key, value in inputs.items()}


@torch.no_grad()
def measure(case: Case, requests: list[int], rounds: int, new: int, gpu: bool) -> list[Measured]:
    """The requests one after the other, each the best of ``rounds``."""
    model, clock = build(case, gpu), clock_of(gpu)
    model.generate(**inputs_of(case, model, 0), max_new_tokens=2)
    if not gpu:
        high_water(reset=True)
        itself = resident() - weights_of(model)
        print(f"{case.name}: the process itself {itself / 2**20:.0f} MiB", file=sys.stderr, flush=True)
    return [_measured(case, model, request, rounds, new, gpu, clock) for request in requests]


def weights_of(model: Any) -> int:
    """Bytes of all weights."""
    return sum(one.nbytes for one in model.parameters())


def _measured(
    case: Case, model: Any, request: int, rounds: int, new: int, gpu: bool, clock: Callable[[], float]
) -> Measured:
    inputs = inputs_of(case, model, request)
    seeing = {key: value for key, value in inputs.items() if key not in ("input_ids", "attention_mask", case.types)}
    encoding, first, each, peak = [], [], [], 0
    for _ in range(rounds):
        start = clock()
        model.model.get_image_features(**seeing)
        encoding.append(clock() - start)
        before = sum(value.nbytes for value in inputs.values())
        if gpu:
            torch.cuda.reset_peak_memory_stats()
        else:
            high_water(reset=True)
            before = resident() - weights_of(model)
        watch, start = Watch(clock), clock()
        model.generate(**inputs, max_new_tokens=new, min_new_tokens=new, do_sample=False, streamer=watch)
        peak = max(peak, (torch.cuda.max_memory_allocated() if gpu else high_water()) - before)
        # The prompt itself is put first.
        first.append(watch.times[1] - start)
        each.append(statistics.median(b - a for a, b in zip(watch.times[1:-1], watch.times[2:], strict=True)))
    return Measured(case.name, request, min(encoding), min(first), min(each), peak)


def peaks(gpu: bool) -> tuple[float, float]:
    """The matrix rate in FLOP/s and the bandwidth of a copy in bytes/s, read and written: the best of several tries."""
    device, dtype, clock = "cuda" if gpu else "cpu", torch.bfloat16 if gpu else torch.float32, clock_of(gpu)
    side = 8192 if gpu else 1024
    a = torch.randn(side, side, device=device, dtype=dtype)
    block = torch.zeros(2**27, dtype=torch.uint8, device=device)
    other = torch.zeros_like(block)

    def best(run: Callable[[], Any]) -> float:
        spent = []
        for _ in range(10):
            start = clock()
            run()
            spent.append(clock() - start)
        return min(spent)

    return 2 * side**3 / best(lambda: a @ a), 2 * block.numel() / best(lambda: other.copy_(block))
