"""What lives at once while a picture becomes codes, predicted beside measured: tokenizers at their own widths.

Random weights, float32, one thread. Each picture has a process of its own, whose high-water mark is taken less what it
held before: the weights and the pixels. glibc is told to give freed tensors back at once, as in ``cost.py``.

    python benchmarks/cost_codes.py [--px 512] [--only chameleon emu3 apertus1p5]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import transformers as hf
from cost_work import high_water, resident

from vtok.catalog.config_vision import vision_sizes
from vtok.costs.seeing import Seeing
from vtok.costs.towers import tower

#: Freed blocks of this size and more go back to the system at once.
GLIBC = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1"}
MIB = 2**20


@dataclass(frozen=True)
class Case:
    """A tokenizer's class, the part of a configuration that describes it, and how it encodes so many pictures."""

    kind: type
    part: str
    encode: Callable[[Any, torch.Tensor], Any]
    pictures: tuple[int, ...] = (1,)


CASES = {
    "chameleon": Case(hf.ChameleonVQVAE, "vq_config", lambda model, pixels: model.encode(pixels), (1, 2)),
    "emu3": Case(
        hf.Emu3VQVAE,
        "vq_config",
        lambda model, pixels: model.encode(pixels, torch.tensor([pixels.shape[2:]] * len(pixels))),
    ),
    "apertus1p5": Case(
        hf.Apertus1p5VisionTokenizerModel,
        "vision_config",
        lambda model, pixels: [model.encode(one[None]) for one in pixels],
        (1, 2),
    ),
}


@torch.no_grad()
def measure(case: Case, pictures: int, px: int) -> int:
    """Bytes at the highest point, beside weights and pixels, after a small picture that sets everything up."""
    torch.manual_seed(0)
    model = case.kind(case.kind.config_class()).eval()
    case.encode(model, torch.randn(1, 3, 64, 64))
    pixels = torch.randn(pictures, 3, px, px)
    high_water(reset=True)
    before = resident()
    case.encode(model, pixels)
    return high_water() - before


def predict(name: str, case: Case, pictures: int, px: int) -> int:
    """The same by the formula."""
    config = case.kind.config_class().to_dict()
    found = tower(vision_sizes({"model_type": name, case.part: config}))
    return 4 * found.working(Seeing(((px // found.patch,) * 2,) * pictures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--px", type=int, default=512, help="the side of the pictures")
    parser.add_argument("--only", nargs="+", default=list(CASES))
    parser.add_argument("--pictures", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pictures:
        print(measure(CASES[options.only[0]], options.pictures, options.px))
        return
    print("| tokenizer | pictures | peak, MiB | predicted | off |\n|---|---:|---:|---:|---:|")
    for name in options.only:
        for pictures in CASES[name].pictures:
            words = [sys.executable, __file__, "--only", name, "--px", str(options.px), "--pictures", str(pictures)]
            found = subprocess.run(words, capture_output=True, text=True, check=True, env={**os.environ, **GLIBC})
            peak, predicted = int(found.stdout), predict(name, CASES[name], pictures, options.px)
            print(
                f"| {name} | {pictures} | {peak / MIB:,.0f} | {predicted / MIB:,.0f} | {predicted / peak - 1:+.1%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
