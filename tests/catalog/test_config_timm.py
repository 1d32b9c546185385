"""Encoders of timm as configurations tell them: what is read, and what is left to be unknown."""

import pytest

from vtok.catalog.config_timm import timm_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.catalog.stage_sizes import Stages


def read(name, **args):
    return timm_sizes({"architecture": name, "model_args": args})


def test_perception_lm():
    vision = {
        "model_type": "timm_wrapper",
        "architecture": "vit_pe_core_gigantic_patch14_448",
        "num_features": 1536,
        "model_args": {
            "embed_dim": 1536, "depth": 47, "img_size": [448, 448], "global_pool": "", "init_values": 0.1,
            "use_post_transformer_norm": False, "ref_feat_shape": [32, 32],
        },
    }  # fmt: skip
    found = vision_sizes({"model_type": "perception_lm", "projector_pooling_ratio": 2, "vision_config": vision})
    assert (found.kind, found.projector, found.merge) == ("vit_pe_core_gigantic_patch14_448", "perception_lm", 2)
    assert (found.hidden, found.layers, found.heads, found.mlp) == (1536, 47, 16, 8960)
    assert (found.image, found.patch, found.layer_scale, found.post_norm) == (448, 14, True, False)


def test_gemma_3n():
    vision = {"model_type": "gemma3n_vision", "architecture": "mobilenetv5_300m_enc", "model_args": None,
              "hidden_size": 2048, "vocab_size": 128}  # fmt: skip
    found = vision_sizes({"model_type": "gemma3n", "vision_config": vision})
    assert (found.kind, found.projector, found.hidden, found.patch) == ("mobilenetv5_300m_enc", "gemma3n", 2048, 48)
    assert found.words == 128


def test_stages_that_are_set():
    found = read("fastvit_mci3", inference_mode=True, layers=[1, 2, 3, 4, 5], embed_dims=[8, 16, 16, 32, 64])
    assert found["hidden"] == 128
    assert found["stages"] == Stages(
        stem=8,
        widths=(8, 16, 16, 32, 64),
        blocks=(
            "1 mix 3 x4",
            "down 7 /2, 2 mix 3 x4",
            "down 7 /2, 3 mix 3 x4",
            "down 7 /2, place 7, 4 attend 32 x4",
            "down 7 /2, place 7, 5 attend 32 x4",
        ),
    )
    assert read("mobilenetv5_300m_enc", channel_multiplier=0.5)["stages"] == Stages(stem=64, widths=(64, 128, 320, 640))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("resnet50", {}),
        ("fastvit_mci3", {}),
        ("fastvit_mci3", {"inference_mode": True, "lkc_use_act": False}),
        ("fastvit_mci3", {"inference_mode": True, "layers": [1, 2]}),
        ("fastvit_mci3", {"inference_mode": True, "embed_dims": "wide"}),
        ("fastvit_mci3", {"inference_mode": True, "embed_dims": [8, 16, 16, 32, -64]}),
        ("fastvit_mci3", {"inference_mode": True, "layers": [2, 12, 10**9, 4, 2]}),
        ("mobilenetv5_300m_enc", {"channel_multiplier": "much"}),
        ("mobilenetv5_300m_enc", {"channel_multiplier": 1e9}),
        ("mobilenetv5_300m_enc", {"msfa_indices": [-1]}),
        ("vit_pe_core_large_patch14_336", {}),
        ("vit_pe_core_large_patch14_336", {"global_pool": "map"}),
        ("vit_pe_lang_large_patch14_448", {"swiglu_mlp": True}),
    ],
)
def test_what_is_not_understood_is_of_no_kind_that_is_described(name, args):
    found = read(name, **args)
    assert not {"hidden", "stages"} & set(found)
    assert found["kind"] == name == "resnet50" or found["kind"].startswith(f"{name} with ")


@pytest.mark.parametrize("told", [None, 3, "wide", ["embed_dim"]])
def test_arguments_that_are_none(told):
    found = timm_sizes({"architecture": "vit_pe_lang_large_patch14_448.fb", "model_args": told})
    assert (found["kind"], found["layers"]) == ("vit_pe_lang_large_patch14_448", 23)
