"""Counting for other engines: verified pairs only, each with its source."""

import json
import re

import numpy as np
import pytest

import vtok
from vtok.catalog.checkpoints import checkpoints, find_checkpoint
from vtok.catalog.counting import find_model
from vtok.catalog.runtimes import RUNTIMES, for_runtime, pairs
from vtok.errors import UsageError

SIZES = np.array([[640, 480], [4032, 3024], [100, 100], [3000, 20]]).T


def test_every_pair_has_a_source_and_works():
    seen = set()
    for pair in pairs():
        assert pair.runtime in RUNTIMES[1:]
        assert re.search(r"\([0-9a-f]{10}[,)]", pair.source), pair
        for name in pair.models:
            assert find_checkpoint(name).name == name
            assert (pair.runtime, name) not in seen
            seen.add((pair.runtime, name))
            found = for_runtime(find_checkpoint(name), pair.runtime)
            assert found.family.layout(640, 480).total > 0
            assert found.sources["count"] == pair.source


@pytest.mark.parametrize(
    "model", ["qwen2-vl-7b", "qwen2.5-vl-7b", "qwen3-vl-8b", "gemma-3-4b", "llava-1.5", "glm-4.5v"]
)
def test_vllm_counts_as_transformers_here(model):
    assert vtok.count_many(*SIZES, model, runtime="vllm").tolist() == vtok.count_many(*SIZES, model).tolist()


def test_mistral_in_vllm():
    """Its rule as vLLM writes it out."""
    expected = []
    for width, height in SIZES.T.tolist():
        ratio = max(1, width / 1540, height / 1540)
        columns, rows = ((int(side / ratio) - 1) // 28 + 1 for side in (width, height))
        expected.append((columns + 1) * rows)
    assert vtok.count_many(*SIZES, "mistral-small-3.1", runtime="vllm").tolist() == expected


def test_llama_cpp_and_ollama_have_rules_of_their_own():
    model = "qwen2.5-vl-7b"
    assert vtok.count_many(*SIZES, model, runtime="transformers").tolist() == [391, 15552, 16, 107]
    assert vtok.count_many(*SIZES, model, runtime="llama.cpp").tolist() == [393, 4017, 18, 109]
    assert vtok.count_many(*SIZES, model, runtime="ollama").tolist() == [1038, 4017, 1026, 1178]
    assert vtok.count((640, 480), model, {"max_tokens": 64}, runtime="llama.cpp") == 9 * 6 + 2
    assert vtok.count((5, 5), "gemma-3-4b", runtime="ollama") == 258
    assert vtok.count((4000, 3000), "gemma-3n-e4b", runtime="llama.cpp") == 258
    assert vtok.layout((672, 336), "llava-1.5", runtime="llama.cpp").seen == (0, 0, 672, 336)


def test_a_variant_is_its_checkpoint():
    assert vtok.count((640, 480), "qwen2-vl", runtime="llama.cpp") == 393


def test_directories_by_their_kind(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "qwen2_5_vl"}')
    image = {"patch_size": 14, "merge_size": 2}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(image))
    assert vtok.count((640, 480), tmp_path, runtime="ollama") == 1038
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({**image, "merge_size": 4}))
    with pytest.raises(UsageError, match=r"takes a merge of 2 for granted, and .* has 4"):
        vtok.count((640, 480), tmp_path, runtime="ollama")
    (tmp_path / "config.json").write_text('{"model_type": "internvl"}')
    (tmp_path / "preprocessor_config.json").write_text("{}")
    with pytest.raises(UsageError, match=r"has not verified how ollama counts.*leave out --runtime to count by"):
        vtok.count((640, 480), tmp_path, runtime="ollama")


def test_what_was_not_verified_is_refused():
    verified = {(pair.runtime, name) for pair in pairs() for name in pair.models}
    for checkpoint in checkpoints():
        for runtime in RUNTIMES[1:]:
            if (runtime, checkpoint.name) not in verified:
                with pytest.raises(UsageError, match=f"has not verified how {runtime} counts for {checkpoint.name}"):
                    for_runtime(checkpoint, runtime)
    with pytest.raises(UsageError, match="there is no runtime 'sglang'; expected one of transformers, vllm"):
        find_model("gemma3", runtime="sglang")
    assert find_model("internvl3-8b", runtime="transformers").runtime == "transformers"
