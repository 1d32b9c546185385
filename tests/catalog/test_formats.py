"""Formats: ggml's blocks are gguf's, mixes give the sizes of published files, every entry is usable and sourced."""

import math

import pytest

from vtok.catalog.formats import (
    TENSORS,
    Place,
    cache_bits,
    cache_formats,
    find_cache_format,
    find_format,
    formats,
)
from vtok.catalog.storage import storages
from vtok.errors import UsageError


def test_ggml_blocks_are_those_of_gguf():
    gguf = pytest.importorskip("gguf")
    sizes = {kind.name.lower(): size for kind, size in gguf.constants.GGML_QUANT_SIZES.items()}
    compared = {name for name, one in storages().items() if "gguf" in one.source}
    assert len(compared) == 20
    for name in compared:
        assert (storages()[name].block, storages()[name].bytes) == sizes[name], name


def qwen2_7b(name):
    """Bytes of the tensors of Qwen2.5-7B, whose sizes are in its report: 28 layers of 3584, 28 and 4 heads of 128."""
    one = find_format(name)
    total = one.bytes_of("embedding", (152064, 3584)) + one.bytes_of("head", (152064, 3584))
    total += one.bytes_of("vector", (3584,))
    for layer in range(28):
        place = Place(layer, 28, gqa=7)
        matrices = {
            "query": [(3584, 3584)],
            "key": [(512, 3584)],
            "value": [(512, 3584)],
            "output": [(3584, 3584)],
            "mlp": [(18944, 3584), (18944, 3584)],
            "down": [(3584, 18944)],
            "vector": [(3584,), (3584,), (3584,), (512,), (512,)],
        }
        total += sum(one.bytes_of(tensor, shape, place) for tensor, shapes in matrices.items() for shape in shapes)
    return total


# Decimal gigabytes of the files in bartowski/nvidia_AceReason-Nemotron-1.1-7B-GGUF, a fine-tuned Qwen2.5-7B, as its
# page lists them; 6 MB of each are its header. Q4_0 and Q4_1 are left out: an importance matrix changes them a little.
PUBLISHED = {
    "fp16": 15.24,
    "q8_0": 8.10,
    "q6_k": 6.25,
    "q5_k_m": 5.44,
    "q5_k_s": 5.32,
    "q4_k_m": 4.68,
    "q4_k_s": 4.46,
    "iq4_nl": 4.44,
    "iq4_xs": 4.22,
    "q3_k_l": 4.09,
    "q3_k_m": 3.81,
    "iq3_m": 3.57,
    "q3_k_s": 3.49,
    "iq3_xs": 3.35,
    "iq3_xxs": 3.11,
    "q2_k": 3.02,
    "iq2_m": 2.78,
}


@pytest.mark.parametrize(("name", "gigabytes"), PUBLISHED.items())
def test_mixes_give_the_sizes_of_published_files(name, gigabytes):
    assert round((qwen2_7b(name) + 6e6) / 1e9, 2) == gigabytes


def test_which_layers_get_more_bits():
    one = find_format("q4_k_m")
    more = [layer for layer in range(28) if one.storage_of("down", 18944, Place(layer, 28)).name == "q6_k"]
    assert more == [0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26, 27]
    assert one.storage_of("value", 3584, Place(3, 28)).name == "q4_k"
    assert one.storage_of("head", 3584).name == "q6_k"
    assert one.storage_of("value", 4096, Place(3, 32, experts=8)).name == "q8_0"


def test_shared_heads_get_more_bits_in_small_formats():
    one = find_format("q2_k")
    assert one.storage_of("value", 4096, Place(gqa=1)).name == "q3_k"
    assert one.storage_of("value", 4096, Place(gqa=4)).name == "q4_k"


def test_rows_that_are_no_multiple_of_the_block_fall_back():
    assert find_format("q4_k_s").storage_of("mlp", 4896).name == "q5_0"
    assert find_format("q6_k").storage_of("query", 896).name == "q8_0"
    assert find_format("q4_0").storage_of("query", 100).name == "f16"


# Worked out by hand: bits, and what stands beside them.
@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("bf16", 16),
        ("awq", 4 + 20 / 128),
        ("nf4", 4 + 8 / 64 + 32 / (64 * 256)),
        ("fp8", 8 + 32 / 128**2),
        ("mlx-4bit", 4.5),
        ("q4_k_m", 4.5),
    ],
)
def test_bits(name, bits):
    assert find_format(name).bits == pytest.approx(bits, abs=1e-9)


def test_scales_beside_the_weights():
    assert find_format("int8").bytes_of("query", (100, 64)) == 100 * 64 + 100 * 4
    assert find_format("gptq").bytes_of("query", (8, 256)) == 8 * 133 + 256 * 4
    assert find_format("fp8").bytes_of("query", (129, 256)) == 129 * 256 + 4 * 4


@pytest.mark.parametrize("one", formats(), ids=lambda one: one.name)
def test_an_entry_makes_sense(one):
    assert one.source
    assert one.runtimes
    for tensor in TENSORS:
        place = Place(3, 32, gqa=4)
        size = one.bytes_of(tensor, (64, 512), place)
        assert 64 * 512 / 8 < size <= 64 * 512 * 4
        assert size == one.storage_of(tensor, 512, place).size(64, 512)
    for rule in one.rules:
        assert set(rule.tensors) <= set(TENSORS)
        assert rule.storage in storages()
    assert one.bits <= 32
    assert math.isclose(one.bits, storages()[one.storage].bits)


def test_a_name_finds_one_format():
    for known, find in ((formats(), find_format), (cache_formats(), find_cache_format)):
        seen = {}
        for one in known:
            for name in (one.name, *one.aliases):
                assert seen.setdefault(name.casefold(), one.name) == one.name
                assert find(name.upper()) is one
    assert find_format("Q4-K-M").name == "q4_k_m"
    assert cache_bits("q8_0") == 8.5


@pytest.mark.parametrize(("name", "near"), [("q4_k_n", "q4_k_m"), ("awk", "awq"), ("zzzzzz", "there are bf16")])
def test_unknown_names_tell_the_nearest(name, near):
    with pytest.raises(UsageError, match=f"no weight format {name!r}.*{near}"):
        find_format(name)


def test_unknown_cache_formats():
    with pytest.raises(UsageError, match="no KV cache format 'q8_1'"):
        find_cache_format("q8_1")
