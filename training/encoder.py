"""Stage 1: the encoder learns to read from dense labels, a label a patch, and CLS what is in the picture."""

import random

import torch
from transformers import CLIPVisionModel

from training import model
from training.data import batches, page
from training.optim import Checkpoint, Clock, Optimizers

BATCH = 8


def build() -> tuple[CLIPVisionModel, model.DenseHeads]:
    """The untrained encoder, its positions starting as sine-cosine, and the dense heads."""
    torch.manual_seed(0)
    ids = {"bos": 1, "eos": 2, "pad": 0, "image": 3}
    tower = CLIPVisionModel(model.config(512, ids).vision_config)
    with torch.no_grad():
        tower.embeddings.position_embedding.weight.copy_(model.sine_cosine_positions())
    return tower, model.DenseHeads()


def train(minutes: float, device: str) -> None:
    """Train for ``minutes`` (already spent ones included) and leave ``runs/encoder.pt``."""
    tower, heads = build()
    tower.to(device), heads.to(device)
    optimizers = Optimizers([(part, 0.02, 1.5e-3) for part in (tower, heads)])
    clock = Clock(minutes)
    checkpoint = Checkpoint("encoder", {"tower": tower, "heads": heads}, optimizers, clock)
    checkpoint.resume()
    running: dict[str, float] = {}
    for batch in batches(page, seed=1, size=BATCH, step=checkpoint.step):
        share = clock.tick()
        batch = {name: value.to(device) for name, value in batch.items()}
        with torch.autocast(device, torch.bfloat16):
            output = tower(batch.pop("pixels"))
            logits, presence = heads(output.last_hidden_state[:, 1:], output.pooler_output)
        loss, right = model.dense_loss(logits, presence, batch, batch["present"])
        loss.backward()
        optimizers.step(clock.factor(share))
        checkpoint.step += 1
        for name, value in {"loss": loss.item(), **right}.items():
            running[name] = 0.98 * running.get(name, value) + 0.02 * value
        if checkpoint.step % 25 == 0:
            facts = " ".join(f"{name} {value:.3f}" for name, value in running.items())
            print(f"encoder {share:6.1%} step {checkpoint.step} ({clock.spent:.0f} s): {facts}", flush=True)
        checkpoint.save(now=share >= 1)
        if share >= 1:
            break
    print("encoder held out:", held_out(tower, heads, device), flush=True)


@torch.no_grad()
def held_out(tower: CLIPVisionModel, heads: model.DenseHeads, device: str, pages: int = 48) -> dict[str, float]:
    """Share of patches right on fonts and words never trained on."""
    sums: dict[str, list[float]] = {}
    rng = random.Random(99)
    for _ in range(pages // BATCH):
        samples = [page(rng, test=True) for _ in range(BATCH)]
        batch = {name: torch.stack([sample[name] for sample in samples]).to(device) for name in samples[0]}
        output = tower(batch.pop("pixels"))
        logits, presence = heads(output.last_hidden_state[:, 1:], output.pooler_output)
        for name, value in model.dense_loss(logits, presence, batch, batch["present"])[1].items():
            sums.setdefault(name, []).append(value)
    return {name: round(sum(values) / len(values), 4) for name, values in sums.items()}
