"""Configurations that say anything at all: a cost comes back, or one of vtok's errors, and never anything else."""

import json
from dataclasses import replace
from functools import cache

import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zoo.models import classes
from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.class_defaults import completed
from vtok.catalog.config_text import text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.costs.cost import cost
from vtok.errors import VtokError

ODD = (
    0, -1, 1, 3, 10**9, 10**300, None, True, "x", 1.5, -2.5, [], [1, 2], ["a"], [None], {}, {"height": 0},
)  # fmt: skip
#: What ``read_directory`` makes one line of, where a configuration makes no sense.
REFUSED = (VtokError, TypeError, ValueError, AttributeError, KeyError, ZeroDivisionError)


@cache
def usual(name):
    return json.dumps(getattr(transformers, classes()[name]).config_class().to_dict(), default=str)


@st.composite
def mangled(draw):
    config = json.loads(usual(draw(st.sampled_from(sorted(classes())))))
    parts = [config, *(part for part in config.values() if isinstance(part, dict) and part)]
    for _ in range(draw(st.integers(1, 3))):
        part = draw(st.sampled_from(parts))
        key = draw(st.sampled_from(sorted(part)))
        part[key] = draw(st.sampled_from(ODD))
    return config


@settings(max_examples=150, deadline=None)
@given(mangled(), st.sampled_from([("transformers", "bf16"), ("llama.cpp", "q4_k_m")]))
def test_what_a_stranger_says_ends_in_a_cost_or_in_one_line(config, engine):
    runtime, weights = engine
    try:
        whole = completed(config)
        sizes = {"text": text_sizes(whole), "vision": vision_sizes(whole)}
    except REFUSED:
        return
    one = replace(find_checkpoint("qwen2.5-vl-7b"), parameters=None, **sizes)
    found = cost((800, 600), one, "rtx-4090", runtime=runtime, weights=weights)
    assert found.missing or found.memory.total > 0
