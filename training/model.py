"""The exact LLaVA architecture of transformers, small: CLIP ViT at 336 px and patch 14, MLP projector, Llama."""

import math

import torch
from torch import nn
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig

from training.scene import GRID, PATCH, PRESENCE, SIDE
from training.world import COLOURS, LONGEST_WORD, WHATS

WIDTH = 192
#: Sizes of the dense heads, 0 being "nothing" in each; see ``Scene.labels``.
HEADS = {
    "centre": len(WHATS) + 2,
    "cover": len(WHATS) + 1,
    "colour": len(COLOURS) + 1,
    "index": LONGEST_WORD + 1,
    "length": LONGEST_WORD + 1,
}


def config(vocabulary: int, ids: dict[str, int]) -> LlavaConfig:
    """The model's config; ``ids`` holds the tokenizer's ids of ``bos``, ``eos``, ``pad`` and ``image``."""
    vision = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=6,
        num_attention_heads=3,
        image_size=SIDE,
        patch_size=PATCH,
        hidden_act="gelu",
        projection_dim=WIDTH,
    )
    text = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=3,
        num_key_value_heads=3,
        max_position_embeddings=4096,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        tie_word_embeddings=False,
        bos_token_id=ids["bos"],
        eos_token_id=ids["eos"],
        pad_token_id=ids["pad"],
    )
    return LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=ids["image"],
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        image_seq_length=GRID * GRID,
        projector_hidden_act="gelu",
        tie_word_embeddings=False,
    )


class DenseHeads(nn.Module):
    """What the encoder is asked during training only: a label for every patch, and from CLS what is in the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.heads = nn.ModuleDict({name: nn.Linear(WIDTH, size) for name, size in HEADS.items()})
        self.presence = nn.Linear(WIDTH, PRESENCE)

    def forward(self, patches: torch.Tensor, cls: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """``patches`` (b, 576, d) and ``cls`` (b, d) -> logits a head (b, 576, size), presence logits (b, p)."""
        patches = self.norm(patches)
        return {name: head(patches) for name, head in self.heads.items()}, self.presence(cls)


def sine_cosine_positions() -> torch.Tensor:
    """2-D sine-cosine positions, ``(577, WIDTH)``, CLS first with zeros: what the position embedding starts as."""
    quarter = WIDTH // 4
    frequency = torch.exp(-math.log(100.0) * torch.arange(quarter) / quarter)
    angle = torch.arange(GRID)[:, None] * frequency
    axis = torch.cat([angle.sin(), angle.cos()], 1)
    grid = torch.cat([axis[:, None].expand(GRID, GRID, -1), axis[None].expand(GRID, GRID, -1)], 2).reshape(-1, WIDTH)
    return torch.cat([torch.zeros(1, WIDTH), 0.5 * grid])


def dense_loss(
    logits: dict[str, torch.Tensor], presence: torch.Tensor, labels: dict[str, torch.Tensor], present: torch.Tensor
) -> tuple[torch.Tensor, dict[str, float]]:
    """Loss over patches and CLS, and the share of patches right where there is something to say."""
    total, right = presence.new_zeros(()), {}
    for name, scores in logits.items():
        target = labels[name].flatten()
        losses = nn.functional.cross_entropy(scores.flatten(0, 1).float(), target, reduction="none")
        # What is rare counts most: things over background, and centres over the ink around them.
        weight = torch.where(target == 0, 0.1, 1.0)
        if name == "centre":
            weight = torch.where(target == 1, 0.2, weight)
        total = total + (losses * weight).sum() / weight.sum() * (1.0 if name in ("centre", "cover") else 0.7)
        seen = target > (1 if name == "centre" else 0)
        if seen.any():
            right[name] = (scores.flatten(0, 1).argmax(-1)[seen] == target[seen]).float().mean().item()
    presence_loss = nn.functional.binary_cross_entropy_with_logits(presence.float(), present)
    return total + 2.0 * presence_loss, right
