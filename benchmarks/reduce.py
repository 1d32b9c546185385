"""Each method at 11, 22 and 33 % of the visual tokens, against the same model given only so many, and given all.

    python benchmarks/reduce.py [--model llava] [--layers 3] [--width 4096] [--rounds 5] [--peer FOLDER]

Random weights at the widths of LLaVA-1.5-7B or Qwen2.5-VL-7B, few layers, bfloat16. All runs take turns, round by
round, in one process; times are medians, and ratios medians of each round's ratio. ``--peer`` is a folder with
sparsevlm 0.1.3 in it (``pip install --no-deps --target FOLDER sparsevlm==0.1.3``), which then runs too, on Qwen2.5-VL.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from shapes import Shape, llava, qwen

import vtok
from vtok.reduction.registry import parse_chain
from vtok.vlm.block import Reduction
from vtok.vlm.context import forwarding
from vtok.vlm.history import History
from vtok.vlm.ledger import cache_size
from vtok.vlm.reducing import needed
from vtok.vlm.seam import image_output
from vtok.vlm.selecting import reduced

SHARES = (11, 22, 33)
METHODS = {
    "llava": ("uniform", "divprune", "cdpruner", "visionzip", "tome", "fastv@2", "pyramiddrop(stages=3)"),
    "qwen": ("uniform", "divprune", "cdpruner", "fastv@2", "pyramiddrop(stages=3)"),
}
Run = Callable[[], object]


def plain(shape: Shape, count: int) -> Run:
    """The limit: a prefill of a prompt that never had more than ``count`` tokens."""
    ids = shape.prompt(count)
    vectors = torch.randn(count, shape.model.get_input_embeddings().embedding_dim, dtype=shape.model.dtype)
    vectors = vectors.to(shape.model.device)
    arguments = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "logits_to_keep": 1, "use_cache": True}
    return lambda: shape.model(**arguments, mm_encoder_outputs=image_output([vectors]))


class Cut:
    """One method at one budget."""

    def __init__(self, shape: Shape, method: str, count: int) -> None:
        name, at, layer = method.partition("@")
        self.chain = parse_chain(f"{name}:{count}{at}{layer}")
        self.shape, self.state = shape, Reduction(shape.model, self.chain)
        self.arguments = dict(shape.inputs)
        self.short = self.state.cut(self.arguments)
        assert self.short is not None
        self.history = History(shape.inputs["input_ids"], self.short)
        self.arguments |= {"logits_to_keep": 1, "use_cache": True}
        self.inside = self.state.inside is not None

    def prefill(self) -> object:
        """The language model over the cut prompt; encoding and selecting are over."""
        if not self.inside:
            return self.shape.model(**self.arguments)
        self.state.expect(self.state.images, self.short)
        with forwarding(self.state), self.state.at_work(self.history):
            return self.shape.model(**self.arguments)

    def first_token(self) -> object:
        """Everything from pixels to the first token."""
        with vtok.reduce(self.shape.model, self.chain):
            return generate(self.shape, 1)

    def select(self) -> float:
        """Seconds of choosing alone, once encoded; that of methods inside the model is part of the prefill."""
        if self.inside:
            return 0.0
        adapter, model = self.state.adapter, self.shape.model
        inputs = {name: self.shape.inputs[name] for name in adapter.image_inputs(model) if name in self.shape.inputs}
        encoding = adapter.encode(
            model, inputs, needed(adapter, model, self.chain.steps, None), self.shape.inputs["input_ids"]
        )
        if any(need.name == "TEXT" for step in self.chain.steps for need in step.method.needs):
            from vtok.vlm.wording import with_words

            encoding = with_words(model, encoding, [self.shape.inputs["input_ids"][0, -40:]])
        return min(timed(lambda: reduced(adapter, model, encoding, self.chain)) for _ in range(5))


def generate(shape: Shape, steps: int) -> Any:
    return shape.model.generate(
        **shape.inputs, max_new_tokens=steps, do_sample=False, return_dict_in_generate=True, pad_token_id=0
    )


def peer(shape: Shape, count: int) -> Run:
    """sparsevlm 0.1.3, which prunes the cache behind the prefill; it wants eager attention and pictures first."""
    from sparsevlm import sparsevlm_generate

    def run() -> object:
        shape.model.set_attn_implementation("eager")
        try:
            return sparsevlm_generate(
                shape.model, None, shape.inputs, n_vis=shape.tokens, keep_n_vis=count, max_new_tokens=1,
                device=str(shape.model.device),
            )  # fmt: skip
        finally:
            shape.model.set_attn_implementation("sdpa")

    return run


def timed(run: Run) -> float:
    """Seconds on a GPU; on a CPU those that this process had it for, so that others on the machine do not count."""
    if not torch.cuda.is_available():
        start = time.process_time()
        run()
        return time.process_time() - start
    start = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def peak(run: Run) -> int:
    """The most bytes of tensors that a run held at once beyond what was there before."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return torch.cuda.max_memory_allocated() - before
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        run()
    events = [one for one in profile.profiler.kineto_results.events() if one.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda one: one.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


def turns(runs: dict[str, Run], rounds: int) -> dict[str, list[float]]:
    """Seconds of every run in every round, one after the other."""
    for run in runs.values():
        run()
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            spent[name].append(timed(run))
    return spent


def ratio(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=("llava", "qwen"), default="llava")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--width", type=int, help="default: the model's own")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--methods", nargs="*")
    parser.add_argument("--peer", help="a folder with sparsevlm in it")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    width = options.width or {"llava": 4096, "qwen": 3584}[options.model]
    shape = {"llava": llava, "qwen": qwen}[options.model](options.layers, width, options.device)
    methods = options.methods or METHODS[options.model]
    threads = f", {torch.get_num_threads()} threads" if options.device == "cpu" else ""
    size = f"width {width}, {options.layers} layers, bfloat16"
    print(f"{shape.name}: {size}, {options.device}{threads}, {options.rounds} rounds")
    cuts = {(m, s): Cut(shape, m, shape.tokens * s // 100) for m in methods for s in SHARES}
    prefills: dict[str, Run] = {f"limit {s}": plain(shape, shape.tokens * s // 100) for s in SHARES}
    prefills |= {f"{m} {s}": cut.prefill for (m, s), cut in cuts.items()}
    prefills["full"] = plain(shape, shape.tokens)
    pre = turns(prefills, options.rounds)
    firsts: dict[str, Run] = {f"{m} {s}": cut.first_token for (m, s), cut in cuts.items()}
    firsts["full"] = lambda: generate(shape, 1)
    if options.peer:
        sys.path.insert(0, options.peer)
        firsts |= {f"sparsevlm 0.1.3 {s}": peer(shape, shape.tokens * s // 100) for s in SHARES}
    first = turns(firsts, options.rounds)
    most = {name: peak(run) for name, run in firsts.items()}
    head = (
        "method | kept | selecting, ms | of prefill | prefill, ms | against only k | first token, ms | gain | peak, MiB"
    )
    print(f"| {head} |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name in firsts:
        label, _, share = name.rpartition(" ") if name != "full" else ("no reduction", "", "100")
        cells = ["", "", "", ""]
        if name in pre:
            cut = cuts.get((label, int(share)))
            choosing = cut.select() if cut else 0.0
            lm = statistics.median(pre[name])
            limit = pre.get(f"limit {share}")
            cells = [
                f"{choosing * 1e3:.1f}" if cut and not cut.inside else "",
                f"{choosing / lm:.1%}" if cut and not cut.inside else "",
                f"{lm * 1e3:.0f}",
                f"{ratio(pre[name], limit):.3f}" if limit else "",
            ]
        seconds = statistics.median(first[name])
        gain = f"{ratio(first['full'], first[name]):.2f} x"
        print(
            f"| {label} | {share} % | {' | '.join(cells)} | {seconds * 1e3:.0f} | {gain} | {most[name] / 2**20:.0f} |",
            flush=True,
        )
    decode(shape)


def decode(shape: Shape, steps: int = 9) -> None:
    """Milliseconds a token behind the first, and the cache, at each share (uniform) and without reduction."""
    print("\n| kept | decode, ms a token | KV cache, MiB |\n|---:|---:|---:|")
    for share in (*SHARES, 100):
        with vtok.reduce(shape.model, "uniform", f"{share}%"):
            rates = []
            for _ in range(3):
                rates.append((timed(lambda: generate(shape, steps)) - timed(lambda: generate(shape, 1))) / (steps - 1))
            output = generate(shape, 1)
        cache = output.cache if getattr(output, "cache", None) is not None else output.past_key_values
        print(f"| {share} % | {statistics.median(rates) * 1e3:.0f} | {cache_size(cache)[0] / 2**20:.1f} |", flush=True)


if __name__ == "__main__":
    main()
