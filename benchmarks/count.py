"""Sizes a second of ``count_many`` against transformers' own count, on the same sizes, in one run.

``python benchmarks/count.py`` prints a Markdown table, a row a family; ``--quick`` takes few sizes. transformers counts
one size a call, as its count functions do inside when they are given a list; they are run from its source without the
imports that only matter for pixels, so that torchvision is not needed and nothing slows them down. Exits with 1
where the two disagree on a size.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "geometry"))

from native_families import FAMILIES
from test_transformers_recent import RECENT
from test_transformers_tiled import ALL
from transformers_native import REFERENCES
from transformers_source import rules
from transformers_tiled import RULES, processor_counts

from vtok.errors import UsageError
from vtok.geometry.families.fixed import Fixed
from vtok.geometry.families.llava import Llava
from vtok.geometry.registry import FAMILIES as NAMES

#: What transformers raises for sizes that it refuses.
REFUSED = (ValueError, ZeroDivisionError, RuntimeError)
Count = Callable[[int, int], int]


def llava() -> Count:
    """LLaVA-1.5's processor, whose count is always the same."""
    image = SimpleNamespace(crop_size={"height": 336, "width": 336})
    found = rules("llava/processing_llava").LlavaProcessor
    settings = {"patch_size": 14, "num_additional_image_tokens": 1, "vision_feature_select_strategy": "default"}
    return processor_counts(processor=found, image=image, **settings)


def gemma3() -> Count:
    """Gemma 3's processor, whose count is always the same."""
    found = rules("gemma3/processing_gemma3").Gemma3Processor
    return processor_counts(processor=found, image=SimpleNamespace(), image_seq_length=256)


PAIRS: dict[str, tuple[Any, Callable[[], Count]]] = {
    "llava-1.5": (Llava(), llava),
    "gemma3": (Fixed(size=896, rows=16), gemma3),
    "qwen2.5-vl": (FAMILIES["qwen2.5-vl"], REFERENCES["qwen2.5-vl"]),
    **{name: (FAMILIES[name], make) for name, make in REFERENCES.items()},
    **{name: (ALL[name], make) for name, make in RULES.items()},
    **RECENT,
}


@dataclass(frozen=True)
class Row:
    """One family: seconds a size in bulk and for one call, on either side, and how many sizes came out otherwise."""

    family: str
    name: str
    ours: float
    theirs: float
    our_call: float
    differ: int


def main() -> int:
    """Print the table; 1 where a count differs."""
    options = _options()
    draw = np.random.default_rng(options.seed)
    widths, heights = np.exp(draw.uniform(np.log(64), np.log(6000), (2, options.sizes))).astype(np.int64)
    rows = [measure(name, widths, heights, options.sample) for name in _chosen(options)]
    print(f"{_machine()}; {options.sizes:,} sizes, of which transformers counted the first {options.sample:,}\n")
    print(
        "| family | setting | vtok, sizes/s | transformers, sizes/s | times | one call: vtok, µs | transformers, µs |"
    )
    print("|---|---|---:|---:|---:|---:|---:|")
    for row in sorted(rows, key=lambda row: row.theirs / row.ours):
        bulk = f"{1 / row.ours:,.0f} | {1 / row.theirs:,.0f} | {row.theirs / row.ours:,.0f}"
        print(f"| {row.family} | {row.name} | {bulk} | {row.our_call * 1e6:.1f} | {row.theirs * 1e6:.1f} |")
    without = sorted(set(NAMES) - {row.family for row in rows})
    if not options.only:
        print(f"\ntransformers has no count function for: {', '.join(without)}")
    for row in rows:
        if row.differ:
            print(f"{row.name}: {row.differ} of {options.sample:,} sizes come out otherwise", file=sys.stderr)
    return int(any(row.differ for row in rows))


def measure(name: str, widths: np.ndarray, heights: np.ndarray, sample: int) -> Row:
    """Time both sides in turns on the same sizes (px), the best of five rounds each, and compare all of ``sample``."""
    family, make = PAIRS[name]
    count = make()
    pairs = list(zip(widths[:sample].tolist(), heights[:sample].tolist(), strict=True))
    expected = _each(count, REFUSED, pairs)
    differ = int((family.count_many(widths[:sample], heights[:sample]) != np.array(expected)).sum())
    few = pairs[:2000]
    rounds = [
        (
            _seconds(lambda: family.count_many(widths, heights)) / len(widths),
            _seconds(lambda: _each(count, REFUSED, few)) / len(few),
            _seconds(lambda: _each(family.count, UsageError, few)) / len(few),
        )
        for _ in range(5)
    ]
    ours, theirs, our_call = (min(times) for times in zip(*rounds, strict=True))
    return Row(type(family).__module__.rpartition(".")[2], name, ours, theirs, our_call, differ)


def _each(count: Count, refused: Any, pairs: list[tuple[int, int]]) -> list[int]:
    counts = []
    for width, height in pairs:
        try:
            counts.append(count(width, height))
        except refused:
            counts.append(-1)
    return counts


def _seconds(work: Callable[[], object]) -> float:
    """Of the processor's time, which other work on the machine does not lengthen as it does the clock's."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _chosen(options: argparse.Namespace) -> list[str]:
    if options.only:
        return options.only
    # One setting tells the speed of a family; the first in the list is it.
    first = {type(family): name for name, (family, _) in reversed(PAIRS.items())}
    return [name for name in PAIRS if options.all or name in first.values()]


def _machine() -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "transformers"))
    return f"{platform.machine()}, Python {platform.python_version()}, {versions}, one thread"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few sizes: a check, no measurement")
    parser.add_argument("--sizes", type=int, default=1_000_000, help="how many sizes vtok counts (%(default)s)")
    parser.add_argument("--sample", type=int, default=10_000, help="how many of them transformers counts (%(default)s)")
    parser.add_argument("--all", action="store_true", help="every setting, not one a family")
    parser.add_argument("--only", nargs="+", choices=list(PAIRS), metavar="SETTING", help="these settings alone")
    parser.add_argument("--seed", type=int, default=0, help="of the random sizes (%(default)s)")
    options = parser.parse_args()
    if options.quick:
        options.sizes, options.sample = 2_000, 50
    options.sample = min(options.sample, options.sizes)
    return options


if __name__ == "__main__":
    sys.exit(main())
