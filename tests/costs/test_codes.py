"""Convolutional tokenizers at their own sizes, on the meta device: what they hold and do, and their highest point."""

import json

import pytest
import torch
import transformers as hf
from torch.utils.flop_counter import FlopCounterMode

import vtok
from tests import zoo
from tests.costs.living import Living
from tests.costs.tiny import described
from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.catalog.counting import find_model
from vtok.catalog.devices import find_device
from vtok.catalog.formats import find_format
from vtok.costs import weights
from vtok.costs.kv_cache import kv_bytes
from vtok.costs.language import language
from vtok.costs.memory import language_activations, logits_bytes
from vtok.costs.pieces import parameters
from vtok.costs.projector import projector
from vtok.costs.question import ask
from vtok.costs.request import Request
from vtok.costs.runtimes import find_runtime
from vtok.costs.seeing import Seeing
from vtok.costs.towers import tower
from vtok.costs.unknown import UnknownFigureError

#: The kind of the whole, that of the tokenizer and its class, and the name of its part in a configuration.
KINDS = {
    "chameleon": ("chameleon_vqgan", hf.ChameleonVQVAE, "vq_config"),
    "emu3": ("emu3_vqgan", hf.Emu3VQVAE, "vq_config"),
    "apertus1p5": ("apertus1p5_vision_tokenizer", hf.Apertus1p5VisionTokenizerModel, "vision_config"),
}
WIDE = {"base_channels": 64, "num_res_blocks": 3}
CASES = [
    ("chameleon", {}, [(512, 512)]),
    ("chameleon", {**WIDE, "attn_resolutions": [256, 64], "channel_multiplier": [1, 3, 2]}, [(512, 512)] * 2),
    ("chameleon", {"attn_type": "none", "attn_resolutions": [512]}, [(256, 512)]),
    ("emu3", {}, [(512, 640)]),
    ("emu3", {"temporal_downsample_factor": 2, "attn_resolutions": []}, [(256, 320), (320, 256)]),
    ("apertus1p5", {}, [(1024, 768)]),
    ("apertus1p5", {**WIDE, "resolution": 64, "channel_multiplier": [1, 2, 2, 2]}, [(256, 320), (320, 256)]),
]


def made(kind, changed):
    """The class with random weights that nobody makes, and its description from what it would save."""
    name, cls, part = KINDS[kind]
    config = cls.config_class(**changed)
    with torch.device("meta"):
        model = cls._from_config(config, attn_implementation="eager").requires_grad_(False)
    return model, tower(vision_sizes({"model_type": kind, part: {"model_type": name, **changed}}))


def encoded(kind, model, sizes):
    """FLOPs that torch counts: all pictures at once, padded to the largest, or one by one."""
    high, wide = (max(size[axis] for size in sizes) for axis in (0, 1))
    with torch.no_grad(), torch.device("meta"), FlopCounterMode(display=False) as counter:
        if kind == "apertus1p5":
            for size in sizes:
                model.encode(torch.randn(1, 3, *size))
        elif kind == "emu3":
            model.encode(torch.randn(len(sizes), 3, high, wide), torch.tensor(sizes, device="cpu"))
        else:
            model.encode(torch.randn(len(sizes), 3, high, wide))
    return counter.get_total_flops()


@pytest.mark.parametrize(("kind", "changed", "sizes"), CASES)
def test_real_sizes_agree_with_torch(kind, changed, sizes):
    model, found = made(kind, changed)
    assert parameters(found.pieces) == sum(one.numel() for one in model.parameters())
    seen = Seeing(tuple((high // found.patch, wide // found.patch) for high, wide in sizes))
    assert found.flops(seen) == encoded(kind, model, sizes)


def test_channels_given_twice_are_held():
    model, found = made("chameleon", {"double_latent": True})
    assert parameters(found.pieces) == sum(one.numel() for one in model.parameters())


# As measured on a CPU for a picture of 512 px: 5.26, 5.01 and 5.01 (docs/accuracy.md).
@pytest.mark.parametrize(("kind", "maps"), [("chameleon", 5.25), ("emu3", 5 * 4), ("apertus1p5", 5)])
def test_the_highest_point_is_so_many_maps_of_full_resolution(kind, maps):
    found = made(kind, {})[1]
    side = 512 // found.patch
    one = 512**2 * (128 if kind == "chameleon" else 256)
    assert found.working(Seeing(((side, side),))) == maps * one
    pictures = 1 if kind == "apertus1p5" else 3
    assert found.working(Seeing(((side, side),) * 3)) == pictures * maps * one


#: Eight times the channels on a quarter of the positions: a map is there worth two.
DEEP = {"channel_multiplier": [1, 8], "num_res_blocks": 2, "attn_resolutions": [], "hidden_size": 256}
DEEP |= {"base_channels": 32, "num_embeddings": 64, "codebook_size": 64}


@pytest.mark.parametrize(("kind", "maps"), [("chameleon", 15.25), ("emu3", 10), ("apertus1p5", 10)])
def test_the_highest_point_may_be_behind_what_halves_the_sides(kind, maps):
    # Five maps of the blocks after all levels; Chameleon's list has 3.25 of the first level, and one more of these.
    found = made(kind, DEEP)[1]
    assert found.working(Seeing(((16, 16),))) == maps * found.frames * 32 * 32**2


def test_a_list_of_maps_is_what_torch_makes():
    cls = KINDS["chameleon"][1]
    config = cls.config_class(**DEEP, attn_type="none")
    model, pixels = cls(config).eval().requires_grad_(False), torch.randn(1, 3, 32, 32)
    with torch.no_grad(), Living([*model.parameters(), *model.buffers(), pixels]) as lived:
        model.encode(pixels)
    found = tower(vision_sizes({"model_type": "chameleon", "vq_config": config.to_dict()}))
    # The copy that a convolution makes of what it reads, two maps here, is no tensor of torch.
    assert lived.most / 4 == pytest.approx(found.working(Seeing(((16, 16),))) - 2 * 32 * 32**2, rel=0.03)


def test_the_table_of_codes_is_the_highest_where_it_is_larger():
    _, found = made("chameleon", {"base_channels": 32, "channel_multiplier": [1, 1], "num_embeddings": 65536})
    assert found.working(Seeing(((8, 8),))) == 3 * 64 * 65536


def test_what_emu3_saves_leaves_its_sizes_to_the_class(tmp_path):
    # As in the config.json and the preprocessor_config.json of Emu3-Chat-hf.
    saved = {
        "model_type": "emu3",
        "text_config": {"max_position_embeddings": 131072, "model_type": "emu3_text_model"},
        "vq_config": {"model_type": "emu3_vqgan"},
    }
    processor = {"image_processor_type": "Emu3ImageProcessor", "min_pixels": 262144, "max_pixels": 1048576}
    (tmp_path / "config.json").write_text(json.dumps(saved))
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({**processor, "spatial_factor": 8}))
    one, found = find_checkpoint("emu3-chat"), find_model(tmp_path)
    parts = tower(found.vision), projector(found.vision, 4096), language(found.text)
    assert weights.total_parameters(*parts) == one.parameters
    asked = [ask(Request(((640, 480),)), name, find_device("rtx-4090")) for name in (tmp_path, "emu3-chat")]
    ours, known = (one.cost for one in asked)
    assert (ours.memory, ours.flops, ours.seconds) == (known.memory, known.flops, known.seconds)
    assert ours.context.window == known.context.window == 131072
    assert not ours.missing


def test_apertus_tokenizer_stays_in_fp32():
    one = described("apertus1p5")
    model = hf.AutoModelForImageTextToText.from_config(one.tiny.model.config, dtype=torch.bfloat16)
    for name in ("bf16", "nf4"):
        held = sum(part.nbytes for part in model.model.vision_tokenizer.parameters())
        assert weights.tower_bytes(one.tower, find_format(name)) == held
    assert model.lm_head.weight.dtype == torch.bfloat16
    found = [vtok.cost((1024, 1024), "apertus-1.5-8b", "h100", weights=name, batch=3) for name in ("bf16", "fp32")]
    assert found[0].memory.vision == found[1].memory.vision
    assert found[0].seconds.vision == found[1].seconds.vision


@pytest.mark.parametrize(("name", "inner"), [("chameleon", 1024), ("emu3", 1344), ("apertus1p5", 2016)])
def test_reading_a_prompt_holds_what_torch_makes(name, inner):
    sizes = {"hidden_size": 384, "intermediate_size": inner}
    model = zoo.fresh(name, **(sizes if name == "chameleon" else {"text_config": sizes})).model.requires_grad_(False)
    words = torch.full((1, 300), 7)
    known = [*model.parameters(), *model.buffers(), words]
    with torch.no_grad(), Living(known) as found:
        model(input_ids=words, attention_mask=torch.ones_like(words), use_cache=True, logits_to_keep=1)
    described = language(text_sizes(model.config.to_dict()))
    lengths = [300] * len(described.layers)
    expected = language_activations(described, lengths, 4) + logits_bytes(described, 4)
    assert expected + kv_bytes(described, lengths, 32, find_runtime("transformers")) == pytest.approx(
        found.most, rel=0.08
    )


def test_a_head_for_words_alone_is_narrower():
    text = {"model_type": "apertus1p5_text", "vocab_size": 96, "output_vocab_size": 40, "hidden_size": 64}
    text |= {"num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32, "hidden_act": "silu"}
    found = language(text_sizes({"model_type": "apertus1p5", "text_config": text}))
    with torch.device("meta"):
        model = hf.Apertus1p5TextForCausalLM(hf.Apertus1p5TextConfig(**text))
    assert found.head.parameters == model.lm_head.weight.numel()
    assert parameters(weights.layer_pieces(found)) == sum(
        one.numel() for name, one in model.model.named_parameters() if "embed_tokens" not in name
    )


def test_llama_cpp_has_no_such_encoder():
    with pytest.raises(UnknownFigureError, match=r"llama\.cpp"):
        made("chameleon", {})[1].buffered(Seeing(((32, 32),)))
