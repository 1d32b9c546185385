"""A LLaVA with a SigLIP tower, which has no CLS token and squeezes the whole picture into a square."""

from pathlib import Path

import pytest
import torch
from PIL import Image

import vtok
from tests.conftest import PATCH, SIDE, TOKENS, tiny_config
from vtok.errors import MethodError
from vtok.vlm.loading import EMBEDDED_PATH


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import (
        AutoTokenizer,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        SiglipImageProcessorPil,
        SiglipVisionConfig,
    )

    path = tmp_path_factory.mktemp("siglip")
    tower = SiglipVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=PATCH,
    )
    config = LlavaConfig(
        vision_config=tower, text_config=tiny_config().text_config, image_token_index=3,
        vision_feature_layer=-1, vision_feature_select_strategy="full", tie_word_embeddings=False,
    )  # fmt: skip
    torch.manual_seed(0)
    LlavaForConditionalGeneration(config).save_pretrained(path)
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED_PATH, local_files_only=True)
    LlavaProcessor(
        SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}), tokenizer, patch_size=PATCH,
        vision_feature_select_strategy="full", chat_template=tokenizer.chat_template, image_token="<image>",
        num_additional_image_tokens=0,
    ).save_pretrained(path)  # fmt: skip
    return path


def test_the_whole_pipeline(directory: Path) -> None:
    vlm = vtok.load(directory, device="cpu")
    wide = Image.new("RGB", (200, 100), "red")
    prepared = vlm.prepare(wide)
    assert prepared.layout.seen == (0.0, 0.0, 200.0, 100.0)
    assert prepared.layout.total == TOKENS
    whole = vlm.ask(wide, "What is red?", max_new_tokens=3)
    kept = vlm.ask(wide, "What is red?", budget="100%", method="pool", max_new_tokens=3)
    assert whole.tokens == kept.tokens
    for method in ("pool", "uniform", "random", "downsample", "visionzip", "fastervlm", "tome", "cdpruner"):
        assert vlm.ask(wide, "What is red?", budget=9, method=method, max_new_tokens=2).ledger.visual_after == 9


def test_what_needs_cls_says_so(directory: Path) -> None:
    vlm = vtok.load(directory, device="cpu")
    with pytest.raises(MethodError, match=r"CLS token.*which this model does not have"):
        vlm.ask(Image.new("RGB", (20, 20)), "What is red?", budget=9, method="hired")
    with pytest.raises(MethodError, match="no CLS token"):
        vlm.encode([Image.new("RGB", (20, 20))], cls_attention=True)
