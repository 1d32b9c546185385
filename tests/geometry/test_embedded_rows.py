"""What counts is what the model embeds: rows of real forward passes equal our counts, above all beside grid edges.

Tiny random models with their families' real geometry, behind transformers' own processors. At an edge of the grid, one
pixel more or less changes the count: there processors and models have disagreed.
"""

import warnings

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from embedding import CASES, PACKED, edges, embedded, parts  # noqa: E402

from tests import zoo  # noqa: E402
from tests.zoo.prompts import rows_of  # noqa: E402
from vtok.geometry.registry import make_family  # noqa: E402

#: Classes that are not held here, and why.
OUT = {
    "apertus1p5": "its count is held against the oracle; the tiny tokenizer has another factor",
    "chameleon": "codes of one square, one number for any picture",
    "emu3": "codes; the tiny tokenizer has another factor",
    "fuyu": "its features are those of patches that the processor has cut already",
    "inkling": "its processor needs torchvision; the model takes a list of squares",
    "inkling2": "as inkling",
    "inkling2_loop": "as inkling",
    "instructblip": "queries, one number for any picture",
    "molmo2": "its processor needs torchvision",
    "step3p7": "its processor needs torchvision",
    "unlimited_ocr": "its processor needs torchvision",
    "video_llava": "one number for any picture",
}


#: Large, or the same code as another one: held on demand only.
SLOW = {
    "cosmos3_omni", "deepseek_ocr2", "deepseek_vl_hybrid", "glm4v_moe", "glm_ocr", "got_ocr2", "idefics3",
    "minicpmv4_7", "mistral_large4", "qianfan_ocr", "qwen2_5_omni", "qwen3_5_moe", "qwen3_vl_moe", "qwen4_exp",
    "smolvlm",
}  # fmt: skip


def hold(name, heights, places):
    case, family = CASES[name], parts(name)[2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for width, height in edges(family, heights, places):
            layout = family.layout(width, height)
            assert embedded(name, width, height) == getattr(layout, case.rows), (width, height)


@pytest.mark.parametrize("name", sorted(set(CASES) - SLOW))
def test_rows_beside_grid_edges(name):
    hold(name, CASES[name].heights[:1], 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_rows_beside_more_grid_edges(name):
    hold(name, CASES[name].heights, 5)


@pytest.mark.parametrize("name", PACKED)
def test_rows_of_the_grids_that_our_rules_state(name):
    family, tiny = make_family(*PACKED[name]), zoo.build(name)
    for width, height in edges(family, (333,))[:6]:
        layout = family.layout(width, height)
        inputs = tiny.inputs([[(grid.rows, grid.columns) for grid in layout.grids]])
        assert int((inputs["input_ids"] == zoo.IMAGE_TOKEN).sum()) == layout.content, (width, height)


def test_tiles_of_command_a_vision():
    family = make_family("cohere2", {"max_tiles": 6})
    model = zoo.fresh("cohere2_vision", vision_config={"image_size": 512, "patch_size": 16}).model
    for width, height in edges(family, (600,))[:4]:
        layout = family.layout(width, height)
        tiles = torch.zeros(len(layout.tiles), 3, *layout.tiles[0].size)
        assert sum(rows_of(model, {"pixel_values": tiles})) == layout.content


def test_every_class_is_held_or_excused():
    held = {*CASES, *PACKED, "cohere2_vision"}
    assert held | set(OUT) == set(zoo.names())
    assert not held & set(OUT)
