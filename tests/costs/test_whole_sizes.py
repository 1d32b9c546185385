"""Parameters at the sizes of whole checkpoints, of classes made without memory; and what sizes are called elsewhere."""

import pytest
import torch
import transformers

from vtok.catalog.class_defaults import completed
from vtok.catalog.config_text import context_of, text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.costs.language import language
from vtok.costs.projector import projector
from vtok.costs.towers import tower
from vtok.costs.weights import total_parameters

#: As the makers of Inkling name sizes, and with theirs for Inkling-Small, but for fewer layers.
INKLING = {
    "model_type": "inkling_mm_model",
    "text_config": {
        "model_max_length": 1048576, "hidden_size": 4096, "num_hidden_layers": 12, "vocab_size": 201024,
        "unpadded_vocab_size": 200058, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
        "swa_num_attention_heads": 32, "swa_num_key_value_heads": 8, "swa_head_dim": 128, "sliding_window_size": 512,
        "local_layer_ids": [0, 1, 2, 3, 4, 6, 7, 8, 9, 10], "d_rel": 16, "rel_extent": 1024, "sconv_kernel_size": 4,
        "dense_mlp_idx": 2, "dense_intermediate_size": 16384, "intermediate_size": 2048, "n_routed_experts": 256,
        "num_experts_per_tok": 6, "n_shared_experts": 2,
    },
    "vision_config": {"patch_size": 40, "temporal_patch_size": 2, "n_channels": 3, "n_layers": 4},
    "audio_config": {"n_mel_bins": 80, "mel_vocab_size": 16},
}  # fmt: skip
CLASSES = {
    "Inkling": INKLING,
    "Inkling2": {"model_type": "inkling2", "text_config": {"num_hidden_layers": 12}, "vision_config": {}},
    "Inkling2Loop": {"model_type": "inkling2_loop", "text_config": {}, "vision_config": {"text_hidden_size": 2304}},
    "Lfm3Vl": {"model_type": "lfm3_vl", "text_config": {"model_type": "lfm3"}, "vision_config": {}},
}


@pytest.mark.parametrize("name", CLASSES)
def test_every_number_of_a_whole_model(name):
    said = {key: value for key, value in CLASSES[name].items() if key != "model_type"}
    settings = getattr(transformers, f"{name}Config")(**{key: dict(value) for key, value in said.items()})
    with torch.device("meta"):
        model = getattr(transformers, f"{name}ForConditionalGeneration")._from_config(settings)
    heard = "audio_tower"
    there = sum(one.numel() for part, one in model.named_parameters() if heard not in part)
    config = completed(CLASSES[name])
    text, vision = text_sizes(config), vision_sizes(config)
    assert total_parameters(tower(vision), projector(vision, text.hidden), language(text)) == there


def test_what_inklings_makers_call_sizes():
    text, vision = text_sizes(completed(INKLING)), vision_sizes(completed(INKLING))
    assert (text.dense_layers, text.mlp, text.expert_mlp, text.shared_mlp) == (2, 16384, 2048, 4096)
    assert text.attention == "5 hybrid_sliding, 1 hybrid, 5 hybrid_sliding, 1 hybrid"
    assert (vision.layers, vision.output, vision.kind) == (4, 4096, "inkling_vision")
    assert context_of(completed(INKLING)) == 1048576
