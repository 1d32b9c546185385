"""FLOPs against torch's own counter, on tiny models of every class that is described, and pairs against their sum."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.costs.counted import counted
from tests.costs.tiny import DESCRIBED, described
from vtok.costs import flops
from vtok.costs.mixers import pairs
from vtok.costs.seeing import windows


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
