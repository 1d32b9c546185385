"""Rows that models really make of videos equal the content of our layouts: tiny random models, real geometry."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from tests import zoo  # noqa: E402
from tests.zoo.pictures import merge_of, patch_shape  # noqa: E402
from vtok.catalog.checkpoints import find_checkpoint  # noqa: E402
from vtok.catalog.videos import video_rule  # noqa: E402
from vtok.geometry.videos.clip import Clip  # noqa: E402

CLIP = Clip((320, 200), 90, 30.0, 3.0)


def layout(model, **wish):
    return video_rule(find_checkpoint(model)).layout(CLIP, **wish)


def rows(model, **inputs):
    with torch.no_grad():
        output = model.model.get_video_features(**inputs, return_dict=True)
    found = getattr(output, "pooler_output", None)
    found = output.last_hidden_state if found is None else found
    if isinstance(found, torch.Tensor):
        return found.shape[:-1].numel()
    return sum(one.shape[0] for one in found)


#: Folder -> a model of the catalog, and the number of frames asked for; an odd one where a step is filled up.
PACKED = {
    "cosmos3_edge": ("cosmos3-edge", 5),
    "ernie4_5_vl_moe": ("ernie-4.5-vl-28b-a3b", 16),
    "exaone4_5": ("exaone-4.5-33b", 6),
    "glm46v": ("glm-4.6v", None),
    "glm4v": ("glm-4.1v-9b", None),
    "glm5_next": ("glm-5.3-flash", None),
    "hy_v4_vl": ("hy4-vl", 5),
    "kimi_k25": ("kimi-k2.5", 8),
    "minimax_m3_vl": ("minimax-m3", 5),
    "muse_glimmer": ("muse-glimmer-30b", 6),
    "qwen2_5_vl": ("qwen2.5-vl-7b", 6),
    "qwen2_vl": ("qwen2-vl-7b", 6),
    "qwen3_5": ("qwen3.5-9b", 5),
    "qwen3_vl": ("qwen3-vl-8b", 5),
}


@pytest.mark.parametrize("name", PACKED)
def test_packed_patches(name):
    checkpoint, frames = PACKED[name]
    found, model = layout(checkpoint, frames=frames), zoo.build(name).model
    (grid,), merge = found.grids, merge_of(model.config)
    high, wide = grid.rows * merge, grid.columns * merge
    steps = [(found.steps, high, wide)]
    if name == "ernie4_5_vl_moe":  # it merges pairs of frames itself
        steps = [(2 * found.steps, high, wide)]
    elif name == "kimi_k25":  # each step is a chunk of four frames
        steps = [(4, high, wide)] * found.steps
    thw = torch.tensor(steps)
    pixels = torch.randn(int(thw.prod(-1).sum()), *patch_shape(model))
    own = found.content if name != "hy_v4_vl" else found.content + found.markers  # it makes its row ends itself
    assert rows(model, pixel_values_videos=pixels, video_grid_thw=thw) == own


def test_whole_frames():
    square = {"vision_config": {"image_size": 336, "patch_size": 14}}
    model, found = zoo.fresh("llava_next_video", **square).model, layout("llava-next-video-7b", frames=3)
    assert rows(model, pixel_values_videos=torch.randn(1, 3, 3, 336, 336)) == found.content == 3 * 144

    square = {"vision_config": {"image_size": 384, "patch_size": 14}}
    model, found = zoo.fresh("llava_onevision", **square).model, layout("llava-onevision-7b", frames=3)
    # The newline behind them is among the rows.
    assert rows(model, pixel_values_videos=torch.randn(1, 3, 3, 384, 384)) == found.total == 3 * 196 + 1


def test_video_llava_keeps_the_class_token_of_each_frame():
    square = {"vision_config": {"image_size": 224, "patch_size": 14}}
    model = zoo.fresh("video_llava", **square).model
    assert rows(model, pixel_values_videos=torch.randn(1, 3, 3, 224, 224)) == 3 * 257


def test_gemma4():
    found, tiny = layout("gemma-4-e2b", frames=2), zoo.build("gemma4")
    (grid,) = found.grids
    inputs = tiny.inputs([[(grid.rows, grid.columns)] * 2])
    pixels, places = inputs["pixel_values"], inputs["image_position_ids"]
    frames = torch.tensor([2])
    made = rows(tiny.model, pixel_values_videos=pixels, video_position_ids=places, num_frames_per_video=frames)
    assert made == found.content
