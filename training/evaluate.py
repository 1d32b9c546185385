"""Exact match on what was never trained on: fonts, words, handwritten digits and seeds held out.

``by_task`` asks the packaged checkpoint, as transformers loads it, at the full 576 tokens; ``by_method`` asks it
through vtok's own pipeline with fewer. Greedy decoding in both.
"""

import random
from typing import Any

import torch

from training.joint import Parts, collate, example
from training.packing import answer_logits, exact
from training.scene import GRID, sparse
from training.tasks import COUNTED, questions
from vtok.reduction.method import Need, Stage
from vtok.reduction.registry import parse
from vtok.vlm.context import reduce
from vtok.vlm.pipeline import VLM, load
from vtok.vlm.stages import Prepared

SEED = 2026


class Packaged(Parts):
    """The packaged checkpoint in the shape that packed questions want."""

    def __init__(self, device: str) -> None:
        model: Any = load("vtok-mini", device=device, dtype="float32").model
        self.tower, self.projector = model.model.vision_tower, model.model.multi_modal_projector
        self.language, self.head = model.model.language_model, model.lm_head


@torch.no_grad()
def by_task(pictures: int, device: str = "cpu") -> dict[str, tuple[float, int]]:
    """Exact match and number of questions for each task, at 576 tokens."""
    parts, rng = Packaged(device), random.Random(SEED)
    hits: dict[str, list[bool]] = {}
    for _ in range(pictures // 4):
        made = collate([example(rng, test=True) for _ in range(4)])
        patches, _ = parts.see(made["pixels"].to(device))
        places = torch.arange(GRID * GRID, device=device).expand(4, -1)
        packed = made["packed"].to(device)
        logits, tokens = answer_logits(parts.language, parts.head, parts.projector(patches), places, packed)
        for (row, group), ok in exact(logits, tokens, packed).items():
            hits.setdefault(made["asked"][row][group][0], []).append(ok)
    return {task: (sum(oks) / len(oks), len(oks)) for task, oks in sorted(hits.items())}


def by_method(pictures: int, budgets: tuple[int, ...], methods: tuple[str, ...]) -> dict[tuple[str, int], float]:
    """Exact match over all counted tasks through ``vtok``'s pipeline, for each method and budget."""
    vlm, rng = load("vtok-mini", device="cpu"), random.Random(SEED)
    scenes = [sparse(rng, test=True) for _ in range(pictures)]
    asked = [[one for one in questions(scene, rng) if one[0] in COUNTED] for scene in scenes]
    seen = [vlm.prepare(scene.image()) for scene in scenes]
    table = {}
    for method, budget in ((m, b) for m in methods for b in budgets):
        right = []
        for prepared, qa in zip(seen, asked, strict=True):
            if qa:
                answers = _answers(vlm, prepared, method, budget, [q for _, q, _ in qa])
                right += [answer == wanted for answer, (_, _, wanted) in zip(answers, qa, strict=True)]
        table[method, budget] = sum(right) / len(right)
        print(f"{method} {budget}: {table[method, budget]:.1%} of {len(right)}", flush=True)
    return table


@torch.no_grad()
def _answers(vlm: VLM, prepared: Prepared, method: str, budget: int, asked: list[str]) -> list[str]:
    """One answer a question; a method that reads the question cuts the picture anew for each."""
    chosen = parse(method)
    if chosen.stage is Stage.LAYERS:
        return _answers_inside(vlm, prepared, method, budget if chosen.takes_budget else None, asked)
    if Need.TEXT in chosen.needs:
        return [vlm.generate([vlm.cut(prepared, method, budget, one)], one, 12).text for one in asked]
    return [answer.text for answer in vlm.generate_batch([vlm.cut(prepared, method, budget)], asked, 12)]


def _answers_inside(vlm: VLM, prepared: Prepared, method: str, budget: int | None, asked: list[str]) -> list[str]:
    prompts = vlm.interleave([vlm.cut(prepared, None)], asked)
    pixels = prepared.inputs["pixel_values"].expand(len(asked), -1, -1, -1)
    with reduce(vlm.model, method, budget):
        output = vlm.model.generate(
            input_ids=prompts.ids, attention_mask=prompts.mask, pixel_values=pixels, max_new_tokens=12, do_sample=False
        )
    new = output[:, prompts.ids.shape[1] :]
    return [vlm.processor.tokenizer.decode(row, skip_special_tokens=True).strip() for row in new]


def report(pictures: int) -> None:
    """Print the model card's tables."""
    table = by_task(pictures)
    print("| task | exact match | questions |\n|---|---:|---:|")
    for task, (share, count) in table.items():
        print(f"| {task} | {share:.1%} | {count:,} |")
    counted = [table[task] for task in COUNTED if task in table]
    total = sum(count for _, count in counted)
    print(f"| **all but read_all** | **{sum(s * n for s, n in counted) / total:.1%}** | {total:,} |")
    print(f"mean of the tasks: {sum(share for share, _ in counted) / len(counted):.1%}")
