"""Numbers and bytes of the weights against the tensors of tiny models of every class that is described."""

from itertools import chain

import pytest
import torch

from tests import zoo
from tests.costs.tiny import DESCRIBED, described
from vtok.catalog.checkpoints import checkpoints
from vtok.catalog.config_text import text_sizes
from vtok.catalog.formats import find_format
from vtok.costs import weights
from vtok.costs.language import language
from vtok.costs.pieces import parameters
from vtok.costs.projector import projector
from vtok.costs.towers import tower
from vtok.costs.unknown import UnknownFigureError

BF16 = find_format("bf16")
#: Parts of omni and drawing models that take no part in reading a picture.
BESIDE = (
    "audio_tower", "audio_tokenizer", "embed_audio", "video_tower",
    "vqmodel", "generation_embeddings", "generation_aligner", "generation_head",
)  # fmt: skip
#: Where it is the tokenizer of what is read; one of them has its language model's parts among its own.
READING = {"chameleon": ("embed_tokens", "layers", "norm"), "emu3": ()}


def parts(model):
    """The tensors of the language model, of its tables, and of all that stands before it."""
    inner = getattr(model, "model", model)
    text = getattr(inner, "language_model", None) or getattr(inner, "text_model", inner)
    named = {name: one for name, one in text.named_parameters() if not name.startswith("vqmodel")}
    tables = [one for name, one in named.items() if "embed_tokens" in name]
    layers = [one for name, one in named.items() if "embed_tokens" not in name]
    names = {"language_model", "text_model", *BESIDE}
    if model.config.model_type in READING:
        names = {*names, *READING[model.config.model_type]} - {"vqmodel"}
    seeing = [child.parameters() for name, child in inner.named_children() if name not in names]
    own = [one for name, one in inner.named_parameters(recurse=False)]
    return layers, tables, [*chain.from_iterable(seeing), *own]


def numbers(tensors):
    return sum(one.numel() for one in tensors)


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_number_is_counted(name):
    one = described(name)
    layers, tables, seeing = parts(one.tiny.model)
    assert parameters(weights.layer_pieces(one.language)) == numbers(layers)
    assert parameters(one.language.embedding) == numbers(tables)
    found = parameters(one.tower.pieces) + parameters(one.projector.pieces)
    assert found == numbers(seeing)
    head = one.tiny.model.get_output_embeddings()
    assert one.language.tied == (head.weight is one.tiny.model.get_input_embeddings().weight)
    if not one.language.tied:
        assert one.language.head.parameters == numbers(head.parameters())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gemma4", {"num_hidden_layers": 4, "num_kv_shared_layers": 2, "use_double_wide_mlp": True,
                    "layer_types": ["sliding_attention", "full_attention"] * 2}),
        ("gemma4", {"num_global_key_value_heads": 1, "attention_k_eq_v": True, "num_hidden_layers": 6,
                    "layer_types": None}),
        ("gemma4", {"enable_moe_block": True, "num_experts": 4, "top_k_experts": 2, "moe_intermediate_size": 32}),
        ("kimi_k25", {"num_hidden_layers": 5}),
        ("qwen3_5_moe", {"num_hidden_layers": 4, "layer_types": None}),
        ("lfm2_vl", {"num_hidden_layers": 3, "layer_types": ["conv", "full_attention", "conv"]}),
        ("qwen3_vl", {"head_dim": 24, "num_attention_heads": 4}),
        ("lfm3_vl", {"conv_bias": True, "attention_bias": True, "use_attention_gate": False}),
        ("lfm3_vl", {"use_sandwich_norm": False}),
        ("inkling", {"swa_num_attention_heads": 2, "swa_num_key_value_heads": 1, "swa_head_dim": 24,
                     "layer_types": ["hybrid", "hybrid_sliding"]}),
        ("inkling2_loop", {"num_hidden_layers": 3, "n_layers_per_attn_res_block": 1, "loop_layer_index_start": 1,
                           "loop_layer_index_end": 3, "loop_num_passes": 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)  # fmt: skip
def test_layers_that_differ(name, text):
    model = zoo.fresh(name, text_config=text).model
    layers, tables, _ = parts(model)
    described = language(text_sizes(model.config.to_dict()))
    assert parameters(weights.layer_pieces(described)) == numbers(layers)
    assert parameters(described.embedding) == numbers(tables)


@pytest.mark.parametrize("name", ["llava", "gemma4", "qwen3_5_moe", "kimi_k25", "chameleon", "emu3"])
def test_bytes_are_those_of_the_tensors(name):
    one = described(name)
    model = one.tiny.model
    layers, tables, seeing = ([tensor.to(torch.bfloat16) for tensor in part] for part in parts(model))
    assert weights.language_bytes(one.language, BF16) == sum(tensor.nbytes for tensor in layers)
    assert weights.embedding_bytes(one.language, BF16) == sum(tensor.nbytes for tensor in tables)
    seen = weights.tower_bytes(one.tower, BF16) + weights.projector_bytes(one.projector, BF16)
    assert seen == sum(tensor.nbytes for tensor in seeing)
    whole = {id(tensor): tensor for tensor in model.parameters()}
    total = weights.total_parameters(one.tower, one.projector, one.language)
    assert 2 * total == sum(2 * tensor.numel() for tensor in whole.values())


def test_experts_are_read_as_far_as_they_are_used():
    language = described("qwen3_vl_moe").language
    whole, one = weights.language_bytes(language, BF16), weights.active_bytes(language, BF16)
    pieces = [piece for layer in language.layers for piece in layer.pieces]
    experts = sum(piece.bytes_in(BF16) for piece in pieces if getattr(piece, "copies", 1) > 1)
    assert one == whole - experts // 2
    assert weights.active_bytes(language, BF16, 1000) == whole


def test_experts_for_pictures_are_read_by_pictures_alone():
    language = described("ernie4_5_vl_moe").language
    layer = language.layers[-1]
    visual, words = (sum(piece.bytes_in(BF16) for piece in pieces) for pieces in (layer.visual, layer.words))
    whole = weights.language_bytes(language, BF16)
    assert weights.active_bytes(language, BF16, 1000) == whole - visual
    assert weights.active_bytes(language, BF16, 1000, 1000) == whole - words
    assert weights.active_bytes(language, BF16, 2000, 1000) == whole


#: The catalog's total has an audio encoder too, or parts that draw pictures.
ELSEWHERE = (
    "muse-spark-816b-a42b", "janus-pro-1b", "gemma-3n-e2b", "gemma-3n-e4b", "nemotron-3-nano-omni-30b-a3b",
)  # fmt: skip
WHOLE = [one for one in checkpoints() if one.parameters and one.name not in ELSEWHERE]


def test_whole_checkpoints_have_the_parameters_that_the_catalog_says():
    known = 0
    for one in WHOLE:
        try:
            seeing = tower(one.vision), projector(one.vision, one.text.hidden)
            found = weights.total_parameters(*seeing, language(one.text))
        except UnknownFigureError:
            continue
        assert found == one.parameters, one.name
        known += 1
    assert known >= 30
