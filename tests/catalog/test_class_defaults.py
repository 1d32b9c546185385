"""What a ``config.json`` leaves out, and what it may not say."""

import json
import tomllib
from importlib.resources import files

import pytest

from tests.catalog.defaults_of_classes import defaults
from vtok.catalog.class_defaults import completed
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.catalog.directory import read_directory
from vtok.costs.cost import cost
from vtok.errors import ModelError

#: As LLaVA-1.5-7B's makers publish it: of its language model it says what differs from transformers' class.
SHORT = {
    "model_type": "llava",
    "text_config": {"model_type": "llama", "max_position_embeddings": 4096, "vocab_size": 32064},
    "vision_config": {
        "model_type": "clip_vision_model", "hidden_size": 1024, "image_size": 336, "intermediate_size": 4096,
        "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14,
    },
}  # fmt: skip


def test_the_file_has_what_the_classes_have():
    kept = tomllib.loads(files("vtok.catalog").joinpath("class_defaults.toml").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(defaults()))


def test_sizes_that_are_left_out_are_those_of_the_class():
    text = text_sizes(completed(SHORT))
    assert (text.hidden, text.mlp, text.layers, text.heads, text.kv_heads) == (4096, 11008, 32, 32, 32)
    assert text.vocabulary == 32064
    assert text.tied is False
    assert vision_sizes(completed(SHORT)).channels == 3


def test_what_is_said_stays():
    said = {**SHORT, "tie_word_embeddings": True, "text_config": {"model_type": "mistral", "sliding_window": None}}
    assert text_sizes(completed(said)).window is None
    assert text_sizes(completed(said)).tied is True
    assert text_sizes(completed({**SHORT, "text_config": {"tie_word_embeddings": True}})).tied is True


def test_parts_without_a_kind_have_the_one_that_the_class_gives_them():
    text = text_sizes(completed({**SHORT, "text_config": {"vocab_size": 9}}))
    assert (text.kind, text.hidden, text.vocabulary) == ("llama", 4096, 9)


@pytest.mark.parametrize("config", [{"model_type": "unheard_of", "hidden_size": 8}, {}, {"model_type": ["llava"]}])
def test_other_kinds_are_left_alone(config):
    assert completed(config) == config


def test_a_part_that_is_lost_is_not_made_up():
    assert text_sizes(completed({"model_type": "llava"})).hidden is None


def checkpoint(path, config):
    image = {"size": {"shortest_edge": 336}, "crop_size": {"height": 336, "width": 336}}
    (path / "config.json").write_text(json.dumps(config))
    (path / "preprocessor_config.json").write_text(json.dumps(image))
    (path / "processor_config.json").write_text(json.dumps({"processor_class": "LlavaProcessor", "patch_size": 14}))
    return read_directory(path)


def test_a_directory_costs_what_the_checkpoint_costs(tmp_path):
    ours, known = (cost((640, 480), model) for model in (checkpoint(tmp_path, SHORT), "llava-1.5-7b"))
    assert ours.memory == known.memory
    assert ours.flops == known.flops


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("text_config", "num_hidden_layers", 10**9),
        ("vision_config", "num_hidden_layers", 5000),
        ("text_config", "hidden_size", 10**300),
        ("vision_config", "deepstack_visual_indexes", [1] * 10**5),
    ],
)
def test_what_no_model_has_is_refused(tmp_path, part, key, value):
    with pytest.raises(ModelError, match="expected at most"):
        checkpoint(tmp_path, {**SHORT, part: {**SHORT[part], key: value}})


def test_odd_kinds_of_layers_are_unknown(tmp_path):
    odd = {**SHORT["text_config"], "layer_types": ["full_attention", {"a": 1}] * 16}
    found = cost((640, 480), checkpoint(tmp_path, {**SHORT, "text_config": odd}))
    assert found.memory.total is None
    assert "how a layer of kind unknown works" in found.missing
