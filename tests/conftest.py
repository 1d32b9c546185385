"""Tiny models with random weights for tests of structure, the embedded model for tests of meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw

from vtok.reduction.method import Stage
from vtok.reduction.registry import method_class, names
from vtok.vlm.loading import EMBEDDED_PATH
from vtok.vlm.pipeline import VLM, load

SIDE, PATCH = 84, 14
TOKENS = (SIDE // PATCH) ** 2
#: Methods for pictures that act before the language model.
METHODS = tuple(name for name in names(Stage.PIXELS, Stage.TOKENS) if not method_class(name).video)


def tiny_config(**vision: Any) -> Any:
    """A LLaVA with 6 x 6 visual tokens, two layers each side, grouped-query attention."""
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig

    tower = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "image_size": SIDE,
        "patch_size": PATCH,
        **vision,
    }
    text = LlamaConfig(
        vocab_size=464,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    return LlavaConfig(
        vision_config=CLIPVisionConfig(**tower),
        text_config=text,
        image_token_index=3,
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
        image_seq_length=TOKENS,
        tie_word_embeddings=False,
    )


def tiny_model(seed: int = 0, **vision: Any) -> Any:
    from transformers import LlavaForConditionalGeneration

    torch.manual_seed(seed)
    model = LlavaForConditionalGeneration(tiny_config(**vision)).eval()
    # The default start is so small that every row of attention is the same; these weights make it choose.
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2 and "embed" not in name:
                parameter.mul_(4)
    model.generation_config.eos_token_id = None
    return model


@pytest.fixture(scope="session")
def tiny() -> Any:
    return tiny_model()


@pytest.fixture(scope="session")
def tiny_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole checkpoint directory of a tiny model, with the embedded model's tokenizer."""
    from transformers import AutoImageProcessor, AutoTokenizer, LlavaProcessor

    path = tmp_path_factory.mktemp("tiny")
    tiny_model().save_pretrained(path)
    images = AutoImageProcessor.from_pretrained(EMBEDDED_PATH, local_files_only=True)
    images.size, images.crop_size = {"shortest_edge": SIDE}, {"height": SIDE, "width": SIDE}
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED_PATH, local_files_only=True)
    LlavaProcessor(
        images, tokenizer, patch_size=PATCH, vision_feature_select_strategy="default",
        chat_template=tokenizer.chat_template, image_token="<image>", num_additional_image_tokens=1,
    ).save_pretrained(path)  # fmt: skip
    return path


@pytest.fixture(scope="session")
def tiny_vlm(tiny_directory: Path) -> VLM:
    vlm = load(tiny_directory, device="cpu")
    vlm.model.generation_config.eos_token_id = None
    return vlm


@pytest.fixture(scope="session")
def mini() -> VLM:
    """The embedded model."""
    return load("vtok-mini", device="cpu")


@pytest.fixture
def picture() -> Image.Image:
    """A red circle at the top left and a blue square at the bottom right, on light grey."""
    image = Image.new("RGB", (336, 336), (235, 235, 230))
    pen = ImageDraw.Draw(image)
    pen.ellipse((30, 30, 100, 100), fill=(215, 35, 35))
    pen.rectangle((240, 240, 300, 300), fill=(40, 80, 220))
    return image


@pytest.fixture
def inputs() -> dict[str, torch.Tensor]:
    """One prompt with one image for the tiny model."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.tensor([[1, 4, *[3] * TOKENS, 300, 301, 302, 5]])
    pixels = torch.randn(1, 3, SIDE, SIDE, generator=generator)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": pixels}
