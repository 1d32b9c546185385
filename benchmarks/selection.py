"""How long each method takes to choose, at the shapes of real models, without the models.

Tensors are drawn at random, neighbours alike as in pictures, in the sizes that a model would hand to the method: what
it needs and nothing else. Methods take turns, and the median of the rounds is shown in milliseconds. What looking costs
(attention of a few rows, for example) is not in it; merging the vectors is.

    python benchmarks/selection.py [--rounds 7] [--device cpu] [--only divprune cdpruner] [--largest 2880]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vtok.reduction.in_layer import InLayer, LayerMethod
from vtok.reduction.method import Method, PatchMethod, Stage, TokenMethod
from vtok.reduction.registry import names, parse
from vtok.reduction.seen import Patches, Seen
from vtok.reduction.selection import Selection

SHARES = (0.11, 0.22, 0.33)
TEXT = 40


@dataclass(frozen=True)
class Shape:
    """A model's sizes: its grid, the width of its language model, its tower and its heads."""

    name: str
    grid: tuple[int, int]
    width: int
    tower: int
    kv_heads: int
    patch_values: int


SHAPES = (
    Shape("LLaVA-1.5-7B, 576 x 4096", (24, 24), 4096, 1024, 32, 14 * 14 * 3),
    Shape("Qwen2.5-VL-7B, 1024 x 3584", (32, 32), 3584, 1280, 4, 4 * 2 * 14 * 14 * 3),
    Shape("Qwen2.5-VL-7B, 2880 x 3584", (48, 60), 3584, 1280, 4, 4 * 2 * 14 * 14 * 3),
)


class Model:
    """What methods would be handed by a model of this ``shape``."""

    def __init__(self, shape: Shape, device: str) -> None:
        self.shape, self.count = shape, shape.grid[0] * shape.grid[1]
        self.device, self.generator = device, torch.Generator().manual_seed(0)
        attention = self.drawn(16, self.count).softmax(-1)
        self.seen = Seen(
            shape.grid,
            vectors=self.alike(shape.width),
            features=self.alike(shape.tower),
            cls_attention=attention,
            keys=self.drawn(16, self.count, shape.tower // 16),
            first_attention=attention.flip(-1),
            received_attention=attention,
            text=self.drawn(TEXT, shape.width),
        )
        frames = 8
        place = (shape.grid[0] // 2, shape.grid[1] // 4)
        self.video = Seen((1, self.count), self.seen.vectors, blocks=(place,) * frames, video=True)
        rows = self.drawn(28, 8, self.count).softmax(-1)
        keys, text_keys = (self.drawn(shape.kv_heads, count, 128) for count in (self.count, TEXT))
        places, text = torch.arange(self.count, device=device), self.drawn(TEXT, shape.width)
        self.layer = InLayer(2, 32, self.seen.vectors, places, rows, keys, text, text_keys)
        flat = (self.drawn(self.count, 1) > 0.5).float().expand(-1, shape.patch_values).contiguous()
        self.patches = Patches(shape.grid, flat)

    def drawn(self, *sizes: int) -> Tensor:
        return torch.randn(*sizes, generator=self.generator).to(self.device)

    def alike(self, width: int) -> Tensor:
        rows, columns = self.shape.grid
        coarse = self.drawn(1, width, max(1, rows // 3), max(1, columns // 3))
        smooth = torch.nn.functional.interpolate(coarse, (rows, columns), mode="bilinear")[0].flatten(1).T
        return (smooth + 0.3 * self.drawn(self.count, width)).contiguous()

    def run(self, method: Method, budget: int) -> Callable[[], object]:
        """The call that is timed."""
        if isinstance(method, TokenMethod):
            seen = self.video if method.video else self.seen
            source = seen.features if method.merges_features and seen.features is not None else seen.vectors
            return lambda: self.applied(method.select(seen, budget), source)
        if isinstance(method, LayerMethod):
            return lambda: self.applied(method.select(self.layer, budget), self.layer.hidden)
        assert isinstance(method, PatchMethod)
        return lambda: method.select(self.patches, self.count)

    @staticmethod
    def applied(selection: Selection, vectors: Tensor) -> Tensor:
        return selection.apply(vectors)


def timed(run: Callable[[], object], device: str) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    run()
    if device != "cpu":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) * 1e3


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--largest", type=int, default=2880)
    options = parser.parse_args()
    chosen = options.only or names(Stage.PATCHES, Stage.TOKENS, Stage.LAYERS)
    methods = [method for method in map(parse, chosen) if method.takes_budget]
    print(
        f"{options.device}, {torch.get_num_threads()} threads, torch {torch.__version__}, {options.rounds} rounds; ms"
    )
    for shape in SHAPES:
        if shape.grid[0] * shape.grid[1] > options.largest:
            continue
        model = Model(shape, options.device)
        runs = {(m.name, s): model.run(m, max(1, int(model.count * s))) for m in methods for s in SHARES}
        times: dict[tuple[str, float], list[float]] = {key: [] for key in runs}
        for round_ in range(options.rounds + 1):
            for key, run in runs.items():
                spent = timed(run, options.device)
                if round_:
                    times[key].append(spent)
        print(f"\n| {shape.name} | {' | '.join(f'{share:.0%}' for share in SHARES)} |\n|---|{'---:|' * len(SHARES)}")
        for method in sorted(methods, key=lambda m: statistics.median(times[m.name, SHARES[0]])):
            cells = [f"{statistics.median(times[method.name, share]):.2f}" for share in SHARES]
            print(f"| {method.name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
