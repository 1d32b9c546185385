"""FLOPs against torch's own counter, on tiny models of every class that is described, and pairs against their sum."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from tests.costs.tiny import DESCRIBED, described, fresh
from vtok.costs import flops
from vtok.costs.mixers import pairs
from vtok.costs.seeing import windows

DECODING = (
    "llava", "qwen2_5_vl", "gemma3", "qwen3_vl_moe", "kimi_k25", "ernie4_5_vl_moe", "fuyu", "gemma4_unified",
    "granite4_vision", "instructblip", "deepseek_vl_hybrid", "unlimited_ocr",
)  # fmt: skip


def counted(run):
    # Some encoders ask for torch's own attention whatever they are told; as products the counter sees it too.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


@pytest.mark.parametrize("name", DESCRIBED)
def test_prefill_agrees_with_torch(name):
    one = described(name)
    inputs = one.tiny.inputs(texts=[40])
    whole, seeing = counted(lambda: one.tiny.model(**inputs)), counted(one.encode(inputs))
    seen, tower = one.seen(inputs), one.tower
    assert tower.flops(seen) + one.projector.flops(seen, tower.class_tokens) == pytest.approx(seeing, rel=0.01)
    length = inputs["input_ids"].shape[1]
    lengths = [length] * len(one.language.layers)
    visual = [one.visual(inputs)] * len(lengths)
    language = flops.prefill_linear(one.language, lengths, visual=visual)
    language += flops.prefill_attention(one.language, lengths)
    assert language + flops.head(one.language, length) == pytest.approx(whole - seeing, rel=0.01)


@pytest.mark.parametrize("name", DECODING)
def test_decoding_agrees_with_torch(name):
    one = described(name)
    inputs = one.tiny.inputs(texts=[40])
    # The third token is the second that a prompt and one token have gone before.
    two, three = (counted(lambda new=new: one.tiny.model.generate(**inputs, max_new_tokens=new)) for new in (2, 3))
    length = inputs["input_ids"].shape[1] + 1
    expected = flops.decode(one.language, [length] * len(one.language.layers))
    if name == "kimi_k25":  # transformers expands the latent of every position again for each new token
        heads, rank = one.text.heads, one.text.kv_rank
        again = 2 * length * rank * heads * (one.text.plain_dim + one.text.value_dim)
        expected += again * len(one.language.layers)
    assert expected == pytest.approx(three - two, rel=0.01)


@pytest.mark.parametrize("name", ["gemma3", "cohere2_vision", "unlimited_ocr"])
def test_decoding_behind_a_full_window_agrees_with_torch(name):
    one = fresh(name, text_config={"sliding_window": 3})
    inputs = one.tiny.inputs(texts=[40])
    six, seven = (counted(lambda new=new: one.tiny.model.generate(**inputs, max_new_tokens=new)) for new in (6, 7))
    lengths = [inputs["input_ids"].shape[1] + 5] * len(one.language.layers)
    assert flops.decode(one.language, lengths, new=5) == seven - six


@given(st.integers(1, 40), st.integers(0, 40), st.one_of(st.none(), st.integers(1, 50)))
def test_pairs_are_those_that_the_mask_leaves(queries, before, window):
    keys = queries + before
    query, key = torch.arange(before, keys)[:, None], torch.arange(keys)[None]
    seen = (key <= query) & (key > query - (keys if window is None else window))
    assert pairs(queries, keys, window) == int(seen.sum())


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9))
def test_windows_cover_the_grid(rows, columns, side):
    found = windows(rows, columns, side)
    assert sum(found) == rows * columns
    assert max(found) <= side**2
    assert len(found) == -(-rows // side) * -(-columns // side)
