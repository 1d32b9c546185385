"""Parameters in the catalog against transformers' own classes, made with the catalog's sizes on the meta device."""

import pytest

from vtok.catalog.checkpoints import find_checkpoint

DEEPSTACK = {24: [5, 11, 17], 27: [8, 16, 24]}
SIGLIP = {"model_type": "siglip_vision_model", "image_size": 896, "vision_use_head": False}


def text(one, **more):
    sizes = one.text
    return {
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.kv_heads,
        "intermediate_size": sizes.mlp,
        "vocab_size": sizes.vocabulary,
        **more,
    }


def encoder(one, **more):
    sizes = one.vision
    return {"depth": sizes.layers, "num_heads": sizes.heads, "patch_size": sizes.patch, **more}


def qwen2(one, tied):
    vision = encoder(one, embed_dim=one.vision.hidden, hidden_size=one.text.hidden, mlp_ratio=4)
    return "Qwen2VL", {"text_config": text(one), "vision_config": vision, "tie_word_embeddings": tied}


def qwen2_5(one, tied):
    sizes = {"hidden_size": one.vision.hidden, "intermediate_size": one.vision.mlp}
    vision = encoder(one, out_hidden_size=one.text.hidden, **sizes)
    return "Qwen2_5_VL", {"text_config": text(one), "vision_config": vision, "tie_word_embeddings": tied}


def qwen3(one, tied):
    sizes = {"hidden_size": one.vision.hidden, "intermediate_size": one.vision.mlp}
    layers = DEEPSTACK[one.vision.layers]
    vision = encoder(one, out_hidden_size=one.text.hidden, deepstack_visual_indexes=layers, **sizes)
    whole = {"text_config": text(one, head_dim=one.text.head_dim), "vision_config": vision}
    return "Qwen3VL", {**whole, "tie_word_embeddings": tied}


def qwen3_5(one, value_heads):
    sizes = {"hidden_size": one.vision.hidden, "intermediate_size": one.vision.mlp}
    vision = encoder(one, out_hidden_size=one.text.hidden, **sizes)
    language = text(one, head_dim=one.text.head_dim, linear_num_value_heads=value_heads, linear_num_key_heads=16)
    return "Qwen3_5", {"text_config": language, "vision_config": vision, "tie_word_embeddings": False}


def gemma3(one, _):
    sizes = one.vision
    vision = {"num_hidden_layers": sizes.layers, "hidden_size": sizes.hidden, "intermediate_size": sizes.mlp}
    vision |= {"num_attention_heads": sizes.heads, "patch_size": sizes.patch, **SIGLIP}
    return "Gemma3", {"text_config": text(one, head_dim=one.text.head_dim), "vision_config": vision}


def mllama(one, _):
    crossed = list(range(3, one.text.layers, 5))
    return "Mllama", {"text_config": text(one, cross_attention_layers=crossed), "vision_config": {"image_size": 560}}


CASES = {
    "qwen2-vl-2b": (qwen2, True),
    "qwen2-vl-7b": (qwen2, False),
    "qwen2-vl-72b": (qwen2, False),
    "qwen2.5-vl-3b": (qwen2_5, True),
    "qwen2.5-vl-7b": (qwen2_5, False),
    "qwen2.5-vl-32b": (qwen2_5, False),
    "qwen2.5-vl-72b": (qwen2_5, False),
    "qwen3-vl-2b": (qwen3, True),
    "qwen3-vl-4b": (qwen3, True),
    "qwen3-vl-8b": (qwen3, False),
    "qwen3.5-9b": (qwen3_5, 32),
    "qwen3.5-27b": (qwen3_5, 48),
    "gemma-3-4b": (gemma3, None),
    "gemma-3-12b": (gemma3, None),
    "gemma-3-27b": (gemma3, None),
    "llama-3.2-11b-vision": (mllama, None),
    "llama-3.2-90b-vision": (mllama, None),
}


@pytest.mark.parametrize("name", CASES)
def test_parameters_are_what_the_class_has(name):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    one = find_checkpoint(name)
    build, extra = CASES[name]
    kind, config = build(one, extra)
    with torch.device("meta"):
        model = getattr(transformers, f"{kind}ForConditionalGeneration")(
            getattr(transformers, f"{kind}Config")(**config)
        )
    assert sum(part.numel() for part in model.parameters()) == one.parameters
