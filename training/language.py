"""Stage 2: the language model learns to look things up on symbols, before it sees a picture.

A symbol stands for what a good encoder would say of a patch: a sum of embeddings of its dense labels, its row and
its column. No picture and no encoder is involved. To be quick, a scene shows it 64 of its 576 patches: the
things' centres, some ink and some background, each at its true position.
"""

import math
import random
from typing import Any

import torch
from torch import nn
from transformers import LlamaModel

from training import model, tokenizer
from training.data import batches
from training.optim import Checkpoint, Clock, Optimizers
from training.packing import Packed, answer_logits, exact, pack
from training.scene import GRID, sparse
from training.tasks import questions

BATCH, SHOWN = 16, 64
NAMES = ("centre", "colour", "index", "length")


class Symbols(nn.Module):
    """Embeddings of what a patch carries; their sum is the symbol."""

    def __init__(self) -> None:
        super().__init__()
        self.each = nn.ModuleDict({name: nn.Embedding(model.HEADS[name], model.WIDTH) for name in NAMES})
        self.row, self.column = nn.Embedding(GRID, model.WIDTH), nn.Embedding(GRID, model.WIDTH)
        for table in self.each.values():
            nn.init.normal_(table.weight, std=0.1)
        for axis in (self.row, self.column):
            # Smooth in the coordinate: with unrelated vectors for the 24 rows, places stay at chance for long.
            at = torch.linspace(-1, 1, GRID)[:, None]
            curves = torch.cat([at, at**2, (2 * math.pi * at).sin(), (2 * math.pi * at).cos()], 1)
            with torch.no_grad():
                axis.weight.copy_(curves @ torch.randn(curves.shape[1], model.WIDTH) * 0.15)

    def forward(self, labels: dict[str, torch.Tensor], places: torch.Tensor) -> torch.Tensor:
        """``labels`` and ``places`` (b, v) -> (b, v, d)."""
        total = self.row(places // GRID) + self.column(places % GRID)
        for name in NAMES:
            total = total + self.each[name](labels[name])
        return total


def build() -> tuple[LlamaModel, nn.Linear, Symbols]:
    """The untrained language model, its head, and the symbols."""
    torch.manual_seed(1)
    config = model.config(len(tokenizer.build()), token_ids()).text_config
    return LlamaModel(config), nn.Linear(model.WIDTH, config.vocab_size, bias=False), Symbols()


def token_ids() -> dict[str, int]:
    built = tokenizer.build()
    names = {"bos": tokenizer.BOS, "eos": tokenizer.EOS, "pad": tokenizer.PAD, "image": tokenizer.IMAGE}
    return {key: built.convert_tokens_to_ids(token) for key, token in names.items()}


def example(rng: random.Random) -> dict[str, Any]:
    scene = sparse(rng)
    labels = scene.labels()
    centres = [i for i, value in enumerate(labels["centre"]) if value > 1]
    others = [i for i, value in enumerate(labels["centre"]) if value <= 1]
    places = sorted(centres[:SHOWN] + rng.sample(others, SHOWN - len(centres[:SHOWN])))
    at = torch.tensor(places)
    return {"places": at, "labels": {n: torch.from_numpy(labels[n])[at] for n in NAMES}, "asked": questions(scene, rng)}


def collate(samples: list[dict[str, Any]]) -> tuple[torch.Tensor, dict[str, torch.Tensor], Packed, list[Any]]:
    labels = {name: torch.stack([sample["labels"][name] for sample in samples]) for name in NAMES}
    asked = [sample["asked"] for sample in samples]
    return torch.stack([sample["places"] for sample in samples]), labels, pack(asked), asked


def train(minutes: float, device: str) -> None:
    """Train for ``minutes`` (already spent ones included) and leave ``runs/language.pt``."""
    language, head, symbols = (part.to(device) for part in build())
    optimizers = Optimizers([(part, 0.01, 2e-3) for part in (language, head, symbols)])
    clock = Clock(minutes)
    parts = {"language": language, "head": head, "symbols": symbols}
    checkpoint = Checkpoint("language", parts, optimizers, clock)
    checkpoint.resume()
    running: dict[str, float] = {}
    for places, labels, packed, asked in batches(example, 2, BATCH, checkpoint.step, collate):
        share = clock.tick()
        places, packed = places.to(device), packed.to(device)
        labels = {name: value.to(device) for name, value in labels.items()}
        with torch.autocast(device, torch.bfloat16):
            logits, tokens = answer_logits(language, head, symbols(labels, places), places, packed)
        loss = nn.functional.cross_entropy(logits.float(), tokens)
        loss.backward()
        optimizers.step(clock.factor(share))
        checkpoint.step += 1
        follow(running, asked, exact(logits, tokens, packed), loss.item())
        if checkpoint.step % 50 == 0:
            report("language", share, checkpoint.step, clock.spent, running)
        checkpoint.save(now=share >= 1)
        if share >= 1:
            break


def follow(running: dict[str, float], asked: list[Any], right: dict[tuple[int, int], bool], loss: float) -> None:
    """Keep running means of the loss and of exact match by task."""
    running["loss"] = 0.98 * running.get("loss", loss) + 0.02 * loss
    for (row, group), ok in right.items():
        task = asked[row][group][0]
        running[task] = 0.99 * running.get(task, float(ok)) + 0.01 * ok


def report(stage: str, share: float, step: int, seconds: float, running: dict[str, float]) -> None:
    facts = " ".join(f"{name} {value:.2f}" for name, value in sorted(running.items()))
    print(f"{stage} {share:6.1%} step {step} ({seconds:.0f} s): {facts}", flush=True)
