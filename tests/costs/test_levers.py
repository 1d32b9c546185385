"""What binds, and what mends it: each lever is asked again and must do what it says."""

from dataclasses import replace

import pytest

from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.devices import Device, find_device
from vtok.catalog.formats import find_format
from vtok.costs.levers import binding, levers
from vtok.costs.question import ask, shrink
from vtok.costs.request import Request
from vtok.errors import ModelError, UsageError

CARD = find_device("rtx-3060-12gb")


def question(images=((4032, 3024),), device=CARD, weights="q4_k_m", model="qwen2.5-vl-7b", runtime=None, **others):
    return ask(Request(images, **others), model, device, weights, runtime=runtime)


def test_a_phone_photo_overflows_ollama():
    asked = question(runtime="ollama")
    bound = binding(asked)
    assert (bound.what, bound.by) == ("context", asked.cost.context.total - 4096)
    budget, context = levers(asked)
    assert budget.after.cost.context.total <= 4096
    assert int(budget.value) == 4096 - 64 - 128
    assert int(context.value) % 1024 == 0
    assert not context.after.cost.context.overflow


def test_more_weights_than_memory():
    asked = question(weights="bf16", device=find_device("rtx-4060"), images=((640, 480),))
    bound = binding(asked)
    assert bound.what == "memory"
    assert bound.by == asked.cost.memory.total - asked.device.memory
    first = next(levers(asked))
    assert first.what == "weights"
    assert first.after.cost.fits
    assert find_format(first.value).bits < 16


def test_a_window_that_takes_more_memory_than_it_is_used_for():
    asked = question(runtime="ollama", images=((800, 600),), device=find_device("rtx-3070")).changed(context=65536)
    assert asked.cost.memory.kv_cache == 65536 * 2 * 28 * 4 * 128 * 2
    assert binding(asked).what == "memory"
    first = next(levers(asked))
    assert (first.what, first.value) == ("context", "2048")
    assert first.after.cost.fits


def test_time_that_waits_for_the_matrix_rate():
    bound = binding(question())
    assert (bound.what, bound.part) == ("compute", "reading the prompt")
    assert 0.5 < bound.share < 1
    lever = next(levers(question()))
    assert lever.what == "budget"
    assert lever.after.cost.seconds.first_token.high < question().cost.seconds.first_token.low


def test_time_that_waits_for_the_bandwidth():
    slow = Device("slow", memory=2**40, bandwidth=1e9, rates={"fp16": 1e15})
    assert binding(question(images=((280, 280),), device=slow)).what == "bandwidth"


def test_without_a_device_nobody_knows():
    assert binding(question(device=None)).what == "unknown"


def test_no_budget_where_pictures_cannot_get_smaller():
    assert list(levers(question(model="llava-1.5-7b", weights="awq", images=((300, 300),)))) == []


@pytest.mark.parametrize("budget", [4, 64, 300, 1024, 5000])
def test_shrunk_pictures_are_the_largest_within_the_budget(budget):
    model = question().model
    found = shrink(model, (800, 601), budget)
    counts = {}
    for long in range(1, 801):
        size = long, max(1, round(long * 601 / 800))
        counts[size] = model.family.layout(*size).total
    fits = [size for size, count in counts.items() if count <= budget]
    assert found == (max(fits) if fits else None)


def test_parts_that_do_not_go_together():
    with pytest.raises(UsageError, match="ollama does not read awq weights; it reads fp16"):
        question(weights="awq", runtime="ollama")
    with pytest.raises(UsageError, match=r"llama.cpp has no fp8 KV cache; it has f16"):
        ask(Request(), "qwen2.5-vl-7b", None, "q4_k_m", "fp8", "llama.cpp")
    with pytest.raises(UsageError, match="no runtime 'lama'"):
        question(runtime="lama")


def test_a_projector_file_is_no_model():
    projector = replace(find_checkpoint("qwen2.5-vl-7b"), name="mmproj-f16.gguf", runtime="llama.cpp")
    with pytest.raises(ModelError, match="says nothing of the language model"):
        ask(Request(), projector)


def test_what_is_loaded_where_nobody_says():
    for runtime, weights in ((None, "bf16"), ("vllm", "bf16"), ("llama.cpp", "q4_k_m"), ("ollama", "q4_k_m")):
        assert ask(Request(), "qwen2.5-vl-7b", CARD, None, runtime=runtime).cost.weights == weights


def test_an_engine_that_is_not_counted():
    asked = question(weights="mlx-4bit", device=find_device("m4-pro"))
    assert asked.cost.fits
    assert "what mlx takes for itself is not known" in asked.note


def test_the_runtime_follows_the_weights():
    assert question().cost.runtime == "llama.cpp"
    assert question(weights="awq").cost.runtime == "transformers"
    unread = question(model="llava-1.6-mistral-7b")
    assert unread.cost.runtime == "transformers"
    assert "has not read how llama.cpp counts" in unread.note


def test_settings_are_those_of_the_engine():
    asked = ask(Request(((3000, 2000),)), "qwen2.5-vl-7b", CARD, "q4_k_m", settings={"max_tokens": 256})
    assert asked.cost.context.visual <= 256
    with pytest.raises(UsageError, match="colour"):
        ask(Request(), "qwen2.5-vl-7b", CARD, "q4_k_m", settings={"colour": 1})


def test_a_lever_of_another_engine_that_refuses_the_picture():
    huge = question(weights="bf16", images=((10**9, 10**9),), device=find_device("rtx-4060"))
    assert all(lever.after.cost.runtime == "transformers" for lever in levers(huge))


def test_apples_devices_are_told_of_what_they_can_read():
    asked = question(weights=None, device=find_device("m4-24gb"), model="gemma-3-12b", images=((640, 480),))
    assert binding(asked).what == "memory"
    own, gguf = [lever for lever in levers(asked) if lever.what == "weights"]
    assert (own.value, gguf.value) == ("mlx-8bit", "q8_0")
    assert own.after.cost.fits
    named = question(
        weights=None, device=asked.device, model="gemma-3-12b", images=((640, 480),), runtime="transformers"
    )
    assert [lever for lever in levers(named) if lever.what == "weights"] == []


def test_as_many_at_once_as_fit():
    asked = question(((1241, 1755),), find_device("rtx-4090"), "awq", runtime="vllm", batch=64)
    fewer = next(lever for lever in levers(asked) if lever.what == "batch")
    assert 1 < int(fewer.value) < 64
    assert fewer.after.cost.fits
    assert not asked.changed(batch=int(fewer.value) + 1).cost.fits
    alone = question(((1241, 1755),), find_device("rtx-4060"), "bf16", runtime="vllm")
    assert all(lever.what != "batch" for lever in levers(alone))
