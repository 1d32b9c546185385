"""Prefill with k kept tokens against the limit: the same model given a sequence that never had more than k.

Both run the same random-weight LLaVA in turns, in one process; encoding and selecting are left out. A ratio of 1 means
that the cut costs the language model nothing. Also shown: the gain over the full 576 tokens.

    python benchmarks/prefill.py [--rounds 15] [--layers 4] [--hidden 1024] [--device cpu]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

from vtok.reduction.method import Seen
from vtok.reduction.registry import parse
from vtok.reduction.selection import Selection
from vtok.vlm.seam import image_output, shorten

GRID, TEXT, IMAGE = 24, 40, 3


def build(layers: int, hidden: int, device: str) -> LlavaForConditionalGeneration:
    """LLaVA-1.5's proportions: heads of 128, an MLP of 2.7 times the width; a token tower, since it is not run."""
    text = LlamaConfig(
        vocab_size=1000,
        hidden_size=hidden,
        intermediate_size=int(hidden * 2.6875),
        num_hidden_layers=layers,
        num_attention_heads=hidden // 128,
        num_key_value_heads=hidden // 128,
        max_position_embeddings=4096,
    )
    vision = CLIPVisionConfig(hidden_size=64, intermediate_size=64, num_hidden_layers=1, num_attention_heads=1)
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=IMAGE)
    torch.manual_seed(0)
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    return LlavaForConditionalGeneration(config).to(device, dtype).eval()


def prompt(count: int, device: str) -> torch.Tensor:
    """A prompt with ``count`` placeholders in it, (1, n)."""
    return torch.tensor([[1, 4, *[IMAGE] * count, *range(10, 10 + TEXT)]], device=device)


def timed(run: Callable[[], object], device: str) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    run()
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter() - start


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=1024)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    device = options.device
    model = build(options.layers, options.hidden, device)
    full = prompt(GRID * GRID, device)
    vectors = torch.randn(GRID * GRID, options.hidden, device=device, dtype=model.dtype)
    seen = Seen((GRID, GRID), vectors)

    def prefill(ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, tokens: torch.Tensor) -> object:
        return model(
            input_ids=ids, attention_mask=mask, position_ids=positions, logits_to_keep=1, use_cache=True,
            mm_encoder_outputs=image_output([tokens]),
        )  # fmt: skip

    def cut(selection: Selection) -> Callable[[], object]:
        short = shorten(full, None, {IMAGE: [selection]})
        return lambda: prefill(short.input_ids, short.attention_mask, short.position_ids, selection.apply(vectors))

    def limit(count: int) -> Callable[[], object]:
        ids = prompt(count, device)
        positions = torch.arange(ids.shape[1], device=device)[None]
        return lambda: prefill(ids, torch.ones_like(ids), positions, vectors[:count])

    whole = cut(Selection.all(GRID * GRID, device))
    size = f"hidden {options.hidden}, {options.layers} layers, {TEXT} text tokens"
    print(f"{size}, {device}, {torch.get_num_threads()} threads")
    print("| kept | cut to k, ms | never more than k, ms | ratio | full prompt, ms | gain |")
    print("|---:|---:|---:|---:|---:|---:|")
    for count in (64, 128, 192, 288):
        runs = [cut(parse("uniform").select(seen, count)), limit(count), whole]
        for run in runs:
            run()
        times: list[list[float]] = [[], [], []]
        for _ in range(options.rounds):
            for run, spent in zip(runs, times, strict=True):
                spent.append(timed(run, device))
        ours, theirs, plain = (statistics.median(spent) for spent in times)
        ratio = statistics.median(a / b for a, b in zip(times[0], times[1], strict=True))
        cells = [
            f"{ours * 1e3:.1f}",
            f"{theirs * 1e3:.1f}",
            f"{ratio:.3f}",
            f"{plain * 1e3:.1f}",
            f"{plain / ours:.2f} x",
        ]
        print(f"| {count} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
