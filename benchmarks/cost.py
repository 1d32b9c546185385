"""What ``vtok.cost`` predicts beside what is measured: seconds to the first token, seconds a new token, peak memory.

Random-weight models of true architectures (``cost_models.py``, and those of ``cost_unseen.py``, which no formula was
fitted to) are built, each in a process of its own, and fed with pictures of 64 to 2,900 visual tokens. The device is
calibrated at one request, the first of the first architecture: which share of the matrix rate and of the bandwidth that
were measured here its prefill and its decoding reach. All else is predicted.

On a CPU everything runs on one thread, and its time is the time that the CPU worked for the process, so that the load
of other processes does not stretch it. Memory is the process's high-water mark, less the pixels and less what it held
beside the weights before the request; for it glibc is told to give freed tensors back at once, which takes time, so
that times are those of another process.

    python benchmarks/cost.py [--rounds 2] [--new 8] [--only llava-1.5 gemma-3] [--quick] [--keep FILE] [--from FILE]
    python benchmarks/cost.py --gpu        # LLaVA-1.5-7B and Qwen2.5-VL-3B at their own sizes, in bf16 on CUDA
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cost_models import SEEN, TEXT, Case
from cost_unseen import UNSEEN
from cost_work import Measured, measure, peaks

from vtok.catalog.devices import Device
from vtok.costs.cost import Cost, cost
from vtok.costs.seconds import calibrated

CASES = (*SEEN, *UNSEEN)
#: Freed blocks of this size and more go back to the system at once.
GLIBC = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


@dataclass(frozen=True)
class Row:
    """One request, measured and predicted; memory in bytes without what the process takes for itself."""

    measured: Measured
    predicted: Cost

    @property
    def memory(self) -> int:
        memory = self.predicted.memory
        return int(memory.total or 0) - int(memory.overhead or 0)


def predict(case: Case, config: Any, request: int, device: Device, new: int, gpu: bool) -> Cost:
    """The cost of one request of ``case`` with the sizes of ``config``."""
    kinds = {"weights": "bf16", "kv": "bf16"} if gpu else {"weights": "fp32", "kv": "f32"}
    return cost(list(case.sizes[request]), case.described(config), device, text_tokens=TEXT, new_tokens=new, **kinds)


def calibrate(device: Device, row: Row) -> Device:
    """The shares of the device's peaks that make the prediction for ``row`` come out as it was measured."""
    flops, moved, measured = row.predicted.flops, row.predicted.moved, row.measured
    rate = next(iter(device.rates.values()))
    compute = (flops.first_token or 0) / rate / measured.first_token
    bandwidth = (moved.decode or 0) / (device.bandwidth or 1) / measured.per_token
    return calibrated(device, compute, bandwidth)


def gather(options: argparse.Namespace) -> list[Measured]:
    """Every request measured, each architecture in two processes of its own: one for memory, one for time."""
    found = []
    for case in chosen(options):
        memory, times = ask(case, options, GLIBC), ask(case, options, {})
        found += [replace(time, peak=one.peak) for one, time in zip(memory, times, strict=False)]
    return found


def ask(case: Case, options: argparse.Namespace, glibc: dict[str, str]) -> list[Measured]:
    """What a process of its own measures."""
    words = [sys.executable, __file__, "--work", case.name, *options.passed]
    env = {**os.environ, **glibc, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
    print(result.stderr.strip().rpartition("\n")[2] or case.name, file=sys.stderr, flush=True)
    return [Measured(**json.loads(line)) for line in result.stdout.splitlines() if line.startswith("{")]


def chosen(options: argparse.Namespace) -> list[Case]:
    """The cases to run: those named, and on a GPU those with a full size."""
    return [one for one in CASES if one.name in options.only and (one.full or not options.gpu)]


def table(rows: list[Row]) -> None:
    """Predicted beside measured, in Markdown."""
    heads = ["first token, s", "predicted", "off", "new token, ms", "predicted", "off", "peak, MiB", "predicted", "off"]
    print(f"| architecture | visual tokens | {' | '.join(heads)} |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    offs = [_line(row) for row in rows]
    names = {one.name for one in UNSEEN}
    for words, unseen in (("seen before", False), ("not seen before", True)):
        kept = [off for row, off in zip(rows, offs, strict=True) if (row.measured.case in names) is unseen]
        if kept:
            _summary(words, kept)


def _line(row: Row) -> tuple[float, float, float]:
    """One row of the table; how far off each prediction is."""
    one, seconds = row.measured, row.predicted.seconds
    pairs = (
        (seconds.first_token.middle, one.first_token),
        (seconds.decode.middle * 1e3, one.per_token * 1e3),
        (row.memory / 2**20, one.peak / 2**20),
    )
    offs = tuple(predicted / measured - 1 for predicted, measured in pairs)
    cells = [one.case, f"{row.predicted.context.visual:,}"]
    for (predicted, measured), digits, off in zip(pairs, (2, 1, 0), offs, strict=True):
        cells += [f"{measured:.{digits}f}", f"{predicted:.{digits}f}", f"{off:+.0%}"]
    print(f"| {' | '.join(cells)} |")
    return offs


def _summary(words: str, offs: list[tuple[float, float, float]]) -> None:
    """How many predictions meet the goals."""
    goals = (("first token", 0.2), ("new token", 0.2), ("peak memory", 0.08))
    print(f"\narchitectures {words}:")
    for (name, goal), kept in zip(goals, zip(*offs, strict=True), strict=True):
        within, worst = sum(abs(one) <= goal for one in kept), max(kept, key=abs)
        print(f"- {name}: {within} of {len(kept)} within {goal:.0%}, the worst {worst:+.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--new", type=int, default=8)
    parser.add_argument("--only", nargs="+", default=[one.name for one in CASES])
    parser.add_argument("--quick", action="store_true", help="the first request of each architecture, once")
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--keep", type=Path, help="write what was measured")
    parser.add_argument("--from", dest="source", type=Path, help="predict for what was measured before")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    rounds, new = (1, 3) if options.quick else (options.rounds, options.new)
    options.passed = [
        "--rounds",
        str(rounds),
        "--new",
        str(new),
        *["--gpu"] * options.gpu,
        *["--quick"] * options.quick,
    ]
    if options.work:
        case = next(one for one in CASES if one.name == options.work)
        requests = list(range(len(case.sizes)))[: 1 if options.quick else None]
        for one in measure(case, requests, rounds, new, options.gpu):
            print(json.dumps(asdict(one)), flush=True)
        return
    kept = json.loads(options.source.read_text()) if options.source else {}
    rate, bandwidth = kept["peaks"] if kept else peaks(options.gpu)
    found = [Measured(**one) for one in kept["measured"]] if kept else gather(options)
    if options.keep:
        options.keep.write_text(json.dumps({"peaks": [rate, bandwidth], "measured": [asdict(one) for one in found]}))
    kind = "gpu" if options.gpu else "cpu"
    device = Device("here", 2**40, bandwidth, {"bf16" if options.gpu else "fp32": rate}, kind)
    report(found, device, new, options.gpu)


def report(found: list[Measured], device: Device, new: int, gpu: bool) -> None:
    """Calibrate at the first request, and print all."""
    cases = {one.name: one for one in CASES}
    configs = {name: (cases[name].full if gpu else cases[name].make)() for name in {one.case for one in found}}

    def rows(on: Device) -> list[Row]:
        return [Row(one, predict(cases[one.case], configs[one.case], one.request, on, new, gpu)) for one in found]

    first = rows(device)[0]
    tuned = calibrate(device, first)
    shares = [(low * high) ** 0.5 for low, high in (tuned.compute_attained, tuned.bandwidth_attained)]
    print(
        f"matrices {next(iter(device.rates.values())) / 1e9:,.0f} GFLOP/s, copies {device.bandwidth / 1e9:.1f} GB/s, of"
    )
    print(f"which the first request of {first.measured.case} reaches {shares[0]:.0%} and {shares[1]:.0%}\n")
    table(rows(tuned))


if __name__ == "__main__":
    main()
