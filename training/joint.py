"""Stage 3: encoder, projector and language model together, on pictures, at the full 576 tokens.

First the projector alone is fitted to say the symbols that the language model knows, then everything is trained on
questions; "read all" is among them for every picture with words. The dense losses go on beside it at a low weight,
and three pictures in eight are dense pages, so that reading goes on improving.
"""

import random
from typing import Any

import torch
from torch import nn
from transformers import CLIPVisionModel, LlamaModel

from training import encoder, language, model
from training.data import batches, labelled
from training.optim import RUNS, Checkpoint, Clock, Optimizers
from training.packing import Packed, answer_logits, exact, pack
from training.scene import GRID, dense, sparse
from training.tasks import questions

ASKED, PAGES = 5, 3
FIT_MINUTES = 2.0


class Projector(nn.Module):
    """The two-layer projector of LLaVA, under transformers' names.

    The encoder's output is not normalised in LLaVA, and large; ``SCALE`` brings it to about unit size while the
    projector is trained, since AdamW's steps suit weights for such inputs. ``export`` folds it into ``linear_1``.
    """

    SCALE = 1 / 26

    def __init__(self) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(model.WIDTH, model.WIDTH)
        self.linear_2 = nn.Linear(model.WIDTH, model.WIDTH)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """(b, 576, d) -> (b, 576, d)"""
        return self.linear_2(nn.functional.gelu(self.linear_1(patches * self.SCALE)))


class Parts:
    """All parts of the model and what is needed only in training."""

    def __init__(self, device: str) -> None:
        torch.manual_seed(2)
        self.tower, self.heads = encoder.build()
        self.language, self.head, self.symbols = language.build()
        self.projector = Projector()
        for module in self.modules().values():
            module.to(device)

    def modules(self) -> dict[str, nn.Module]:
        names = ("tower", "heads", "language", "head", "symbols", "projector")
        return {name: getattr(self, name) for name in names}

    tower: CLIPVisionModel
    language: LlamaModel

    def load(self, *stages: str) -> None:
        """Take over the weights that earlier stages left."""
        for stage in stages:
            saved = torch.load(RUNS / f"{stage}.pt", weights_only=True)["modules"]
            for name, state in saved.items():
                getattr(self, name).load_state_dict(state)

    def see(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(b, 3, 336, 336) -> patches (b, 576, d) before the projector, CLS after its norm (b, d)."""
        output = self.tower(pixels)
        return output.last_hidden_state[:, 1:], output.pooler_output


def example(rng: random.Random, test: bool = False) -> dict[str, Any]:
    scene = sparse(rng, test)
    return {**labelled(scene), "asked": questions(scene, rng)}


def batch(rng: random.Random) -> dict[str, Any]:
    """Pictures with questions first, pages without after them."""
    samples = [example(rng) for _ in range(ASKED)] + [labelled(dense(rng)) for _ in range(PAGES)]
    return collate(samples)


def collate(samples: list[dict[str, Any]]) -> dict[str, Any]:
    asked = [sample.pop("asked") for sample in samples if "asked" in sample]
    return {**{n: torch.stack([s[n] for s in samples]) for n in samples[0]}, "packed": pack(asked), "asked": asked}


def fit_projector(parts: Parts, device: str, minutes: float) -> None:
    """Let the projector give the symbols' embeddings from the frozen encoder's output."""
    optimizers, clock = Optimizers([(parts.projector, 0.0, 3e-3)]), Clock(minutes)
    places = torch.arange(GRID * GRID, device=device).expand(ASKED + PAGES, -1)
    for step, made in enumerate(batches(batch, 3, 1, 0, lambda one: one[0])):
        share = clock.tick()
        with torch.no_grad(), torch.autocast(device, torch.bfloat16):
            patches, _ = parts.see(made["pixels"].to(device))
            wanted = parts.symbols({name: made[name].to(device) for name in language.NAMES}, places)
        weight = torch.where(made["centre"].to(device) > 1, 10.0, 1.0)[..., None]
        said = parts.projector(patches.float())
        loss = ((said - wanted.float()).square() * weight).mean() / wanted.float().var()
        loss.backward()
        optimizers.step(clock.factor(share))
        if step % 20 == 0:
            print(f"projector {share:6.1%}: unexplained {loss.item():.3f}", flush=True)
        if share >= 1:
            return


def train(minutes: float, device: str) -> None:
    """Train for ``minutes``, the projector's fit included, and leave ``runs/joint.pt``."""
    parts = Parts(device)
    # The encoder can read already, so it is moved gently; at its own stage's rates it forgets within minutes.
    rates = {"tower": (0.004, 4e-4), "heads": (0.004, 4e-4), "projector": (0.0, 1e-3)}
    optimizers = Optimizers([(part, *rates.get(name, (0.008, 1e-3))) for name, part in parts.modules().items()])
    clock = Clock(minutes - FIT_MINUTES, hold=0.05)
    checkpoint = Checkpoint("joint", parts.modules(), optimizers, clock)
    if not checkpoint.resume():
        parts.load("encoder", "language")
        fit_projector(parts, device, FIT_MINUTES)
        clock.last += FIT_MINUTES * 60
        checkpoint.save(now=True)
    running: dict[str, float] = {}
    for made in batches(batch, 4, 1, checkpoint.step, lambda one: one[0]):
        share = clock.tick()
        loss, answers, right, seen = losses(parts, made, device)
        loss.backward()
        optimizers.step(clock.factor(share))
        checkpoint.step += 1
        language.follow(running, made["asked"], right, answers)
        for name in ("centre", "cover"):
            running[f"~{name}"] = 0.98 * running.get(f"~{name}", seen[name]) + 0.02 * seen[name]
        if checkpoint.step % 25 == 0:
            language.report("joint", share, checkpoint.step, clock.spent, running)
        checkpoint.save(now=share >= 1)
        if share >= 1:
            break


def losses(
    parts: Parts, made: dict[str, Any], device: str
) -> tuple[torch.Tensor, float, dict[tuple[int, int], bool], dict[str, float]]:
    """Total loss, the answers' loss, exact match by (row, question), and the share of patches right."""
    packed: Packed = made["packed"].to(device)
    labels = {name: made[name].to(device) for name in (*model.HEADS, "present")}
    places = torch.arange(GRID * GRID, device=device).expand(ASKED, -1)
    with torch.autocast(device, torch.bfloat16):
        patches, cls = parts.see(made["pixels"].to(device))
        dense_logits, presence = parts.heads(patches, cls)
        seen = parts.projector(patches[:ASKED])
        logits, tokens = answer_logits(parts.language, parts.head, seen, places, packed)
    answers = nn.functional.cross_entropy(logits.float(), tokens)
    dense_part, right = model.dense_loss(dense_logits, presence, labels, labels["present"])
    return answers + 0.7 * dense_part, answers.item(), exact(logits, tokens, packed), right
