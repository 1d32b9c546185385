"""Families of fixed grids and tiles against counts made by transformers, and against what a layout promises."""

import json
from pathlib import Path

import numpy as np
import pytest

from vtok.errors import UsageError
from vtok.geometry.families.aria import Aria
from vtok.geometry.families.cohere2 import Cohere2Vision
from vtok.geometry.families.fixed import Fixed
from vtok.geometry.families.gemma4 import Gemma4
from vtok.geometry.families.idefics3 import Idefics3
from vtok.geometry.families.internvl import InternVL
from vtok.geometry.families.perception_lm import PerceptionLM
from vtok.geometry.families.smart_resize import SmartResize

COUNTS = Path(__file__).parents[1] / "data" / "counts"

ORACLE = {
    "aria-980": Aria(),
    "aria-980-split": Aria(split=True),
    "aya-vision": InternVL(tile=364, rows=13, markers=2, tile_markers=1),
    "chameleon": Fixed(size=512, rows=32, structural=2, shape="crop"),
    "cohere2-vision": Cohere2Vision(),
    "emu3": SmartResize(min_pixels=512**2, max_pixels=1024**2, patch=8, merge=1, row_ends=True),
    "florence2": Fixed(size=768, rows=24, pooled=1),
    "gemma3": Fixed(size=896, rows=16),
    "gemma3n": Fixed(size=768, rows=16),
    "gemma4-70": Gemma4(max_tokens=70),
    "gemma4-140": Gemma4(max_tokens=140),
    "gemma4-280": Gemma4(max_tokens=280),
    "gemma4-560": Gemma4(max_tokens=560),
    "gemma4-1120": Gemma4(max_tokens=1120),
    "idefics3-8b": Idefics3(),
    "internvl3-hf": InternVL(),
    "internvl-nocrop": InternVL(max_tiles=1),
    "paligemma-224": Fixed(size=224, rows=16),
    "perception-lm": PerceptionLM(),
    "smolvlm-2.2b": Idefics3(longest_edge=1536, tile=384, rows=9),
    "smolvlm-256m": Idefics3(longest_edge=2048, tile=512, rows=8),
}


@pytest.mark.parametrize("stem", ORACLE)
def test_counts_of_transformers(stem):
    family = ORACLE[stem]
    rows = json.loads((COUNTS / f"{stem}.json").read_text())["rows"]
    expected = [-1 if row[2] is None else row[2] for row in rows]
    widths, heights = np.array([row[:2] for row in rows]).T
    assert family.count_many(widths, heights).tolist() == expected
    for (width, height, *_), count in zip(rows, expected, strict=True):
        if count < 0:
            with pytest.raises(UsageError, match=f"{width} x {height} px"):
                family.layout(width, height)
        else:
            assert family.layout(width, height).total == count, (width, height)
