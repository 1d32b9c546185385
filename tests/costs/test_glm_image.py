"""GLM-Image, for the pictures that it is given: every patch becomes one of a table of codes, each of them a token."""

from functools import cache

import pytest
import torch

from tests.costs.counted import counted
from tests.costs.test_parameters import numbers
from tests.costs.tiny import parts_of
from vtok.costs import flops, weights
from vtok.costs.seeing import Seeing

TEXT = {
    "vocab_size": 512, "vision_vocab_size": 80, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "pad_token_id": 0,
    "rope_parameters": {"rope_type": "default", "mrope_section": [4, 2, 2], "rope_theta": 10000.0},
}  # fmt: skip
VISION = {"hidden_size": 48, "intermediate_size": 80, "num_heads": 3, "depth": 2, "image_size": 128}
CODES = {"embed_dim": 24, "num_embeddings": 64, "latent_channels": 48}
SEEN = Seeing(((4, 6),))


@cache
def model():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.GlmImageConfig(text_config=TEXT, vision_config=VISION, vq_config=CODES)
    made = transformers.GlmImageForConditionalGeneration(config).eval().requires_grad_(False)
    made.set_attn_implementation("eager")
    return made


def test_every_number_is_counted():
    assert weights.total_parameters(*parts_of(model())) == numbers(model().parameters())


def test_codes_agree_with_torch():
    one, joint, _ = parts_of(model())
    grid = torch.tensor([[1, *SEEN.tiles[0]]])
    pixels = torch.randn(SEEN.patches, 3 * 16 * 16)

    def seen():
        features = model().get_image_features(pixels, grid).pooler_output
        assert model().get_image_tokens(features, grid).shape == (joint.tokens(SEEN),)

    assert one.flops(SEEN) + joint.flops(SEEN) == pytest.approx(counted(seen), rel=0.01)


def test_reading_agrees_with_torch():
    _, _, text = parts_of(model())
    length = 40
    lengths = [length] * len(text.layers)
    read = flops.prefill_linear(text, lengths) + flops.prefill_attention(text, lengths) + flops.head(text, length)
    ids = torch.randint(1, 60, (1, length))
    places = torch.arange(length).expand(3, 1, length)
    assert read == pytest.approx(counted(lambda: model()(input_ids=ids, position_ids=places)), rel=0.01)
