"""Models whose encoder transformers takes from timm, held as the others are, where timm is there."""

from dataclasses import replace
from functools import cache

import pytest
import torch
import transformers

from tests import zoo
from tests.costs.counted import counted
from tests.costs.living import Living
from tests.costs.test_kv_cache import RUNTIME, held
from tests.costs.test_parameters import numbers, parts
from tests.costs.timm_counts import COUNTED, PLM
from tests.costs.tiny import WITH_TIMM, Described
from tests.zoo.shrink import IMAGE_TOKEN
from vtok.catalog.checkpoints import checkpoints, find_checkpoint
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs import flops, weights
from vtok.costs.kv_cache import kv_bytes
from vtok.costs.language import language
from vtok.costs.pieces import parameters
from vtok.costs.projector import projector
from vtok.costs.seeing import Seeing
from vtok.costs.towers import tower

# timm wants torchvision, which not every platform has for the torch that is installed.
timm = pytest.importorskip("timm", reason="transformers takes these encoders from timm")

#: Sides of the pictures, one a tile, and the visual tokens of each.
PICTURES = {"fast_vlm": ((128, 192), 6), "gemma3n": ((64, 64), 16), "perception_lm": ((56, 56), 4)}
NEW = 5


@cache
def described(name):
    made = zoo.fresh(name)
    made.model.set_attn_implementation("eager")
    made.model.requires_grad_(False)
    config = made.model.config.to_dict()
    vision = vision_sizes(config)
    if name == "gemma3n":  # as many tokens for any picture; the processor says how large one is
        vision = replace(vision, patch=16)
    return Described(made, text_sizes(config), vision)


def inputs(name):
    size, tokens = PICTURES[name]
    tiles = 3 if name == "perception_lm" else 1
    pixels = torch.randn(tiles, 3, *size, generator=torch.Generator().manual_seed(0))
    ids = torch.tensor([[1, 100, *[IMAGE_TOKEN] * tokens * tiles, *range(140, 180)]])
    return {"input_ids": ids, "pixel_values": pixels[None] if name == "perception_lm" else pixels}


def test_all_are_held():
    assert set(PICTURES) == set(WITH_TIMM)


@pytest.mark.parametrize("name", PICTURES)
def test_every_number_is_counted(name):
    one = described(name)
    layers, tables, seeing = parts(one.tiny.model)
    assert parameters(weights.layer_pieces(one.language)) == numbers(layers)
    assert parameters(one.language.embedding) == numbers(tables)
    assert parameters(one.tower.pieces) + parameters(one.projector.pieces) == numbers(seeing)


@pytest.mark.parametrize("name", PICTURES)
def test_prefill_agrees_with_torch(name):
    one, given = described(name), inputs(name)
    whole, seeing = counted(lambda: one.tiny.model(**given)), counted(one.encode(given))
    seen, length = one.seen(given), given["input_ids"].shape[1]
    assert one.tower.flops(seen) + one.projector.flops(seen, one.tower.class_tokens) == pytest.approx(seeing, rel=0.01)
    lengths = [length] * len(one.language.layers)
    language = flops.prefill_linear(one.language, lengths) + flops.prefill_attention(one.language, lengths)
    if name == "gemma3n":  # transformers embeds every token as if it were one of vision's and one of audio's too
        other = one.tiny.model.model.embed_audio.embedding.embedding_dim
        language += 2 * length * (one.vision.hidden + other) * one.text.hidden
    assert language + flops.head(one.language, length) == pytest.approx(whole - seeing, rel=0.01)


@pytest.mark.parametrize("name", PICTURES)
def test_bytes_of_the_cache(name):
    one, given = described(name), inputs(name)
    asked = {"max_new_tokens": NEW, "do_sample": False, "return_dict_in_generate": True}
    output = one.tiny.model.generate(**given, **asked)
    cache = getattr(output, "cache", None) or output.past_key_values
    lengths = [given["input_ids"].shape[1] + NEW - 1] * len(one.language.layers)
    assert held(cache) == (kv_bytes(one.language, lengths, 32, RUNTIME), 0)


@pytest.mark.parametrize("one", COUNTED, ids=lambda one: f"{one.name}-{one.size[0]}-{len(one.args)}")
def test_what_is_recorded_is_what_timm_has(one):
    with torch.device("meta"):
        made = timm.create_model(one.name, num_classes=0, **one.args).eval().requires_grad_(False)
        pixels = torch.empty(1, 3, *one.size)
    assert numbers(made.parameters()) == one.parameters
    assert counted(lambda: made.forward_features(pixels)) == one.flops


def config_of(name):
    """The configuration of a checkpoint of the catalog, as its own file has it."""
    one = find_checkpoint(name)
    kind, text = one.vision.projector, one.text
    sizes = {
        "hidden_size": text.hidden, "num_hidden_layers": text.layers, "num_attention_heads": text.heads,
        "num_key_value_heads": text.kv_heads, "intermediate_size": text.mlp, "vocab_size": text.vocabulary,
    }  # fmt: skip
    if kind == "gemma3n":
        own = transformers.Gemma3nTextConfig(**sizes, num_kv_shared_layers=text.reused)
        return transformers.Gemma3nConfig(text_config=own)
    own = {**sizes, "model_type": text.kind, "tie_word_embeddings": text.tied}
    if kind == "fast_vlm":
        return transformers.FastVlmConfig(text_config=own)
    args = {**PLM, "embed_dim": one.vision.hidden, "depth": one.vision.layers}
    vision = {"model_type": "timm_wrapper", "architecture": one.vision.kind, "model_args": args}
    tied = {"tie_word_embeddings": text.tied, "projector_pooling_ratio": 2}
    return transformers.PerceptionLMConfig(text_config=own, vision_config=vision, **tied)


@pytest.mark.parametrize("name", [one.name for one in checkpoints() if one.vision.projector in WITH_TIMM])
def test_real_models(name):
    one, config = find_checkpoint(name), config_of(name)
    with torch.device("meta"):
        made = getattr(transformers, zoo.classes()[one.vision.projector])(config)
    seeing = tower(one.vision), projector(one.vision, one.text.hidden)
    found = weights.total_parameters(*seeing, language(one.text))
    assert found == numbers(tensor for key, tensor in made.named_parameters() if "audio" not in key)
    read = config.to_dict()
    assert language(text_sizes(read)) == language(one.text)
    assert (tower(vision_sizes(read)), projector(vision_sizes(read), one.text.hidden)) == seeing


@pytest.mark.slow  # 300 million numbers are made at random
@pytest.mark.parametrize(
    ("name", "side", "args"), [("mobilenetv5_300m_enc", 384, {}), ("fastvit_mci3", 512, {"inference_mode": True})]
)
def test_what_lives_at_once(name, side, args):
    made = timm.create_model(name, num_classes=0, **args).eval().requires_grad_(False)
    pixels = torch.randn(1, 3, side, side)
    found = tower(VisionSizes(kind=name))
    with torch.no_grad(), Living([*made.parameters(), *made.buffers(), pixels]) as living:
        made.forward_features(pixels)
    # Tensors of four bytes a number.
    assert 4 * found.working(Seeing(((side // found.patch,) * 2,))) == pytest.approx(living.most, rel=0.02)
