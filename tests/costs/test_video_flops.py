"""FLOPs of encoder and projector for videos against torch's own counter: tiny models, layouts of real checkpoints."""

from dataclasses import replace

import pytest
import torch

from tests.costs.counted import counted
from tests.costs.tiny import described, fresh
from tests.zoo.pictures import merge_of, patch_shape
from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.video_counting import lay_out
from vtok.costs.asked import Asked
from vtok.costs.projector import projector
from vtok.costs.request import Request
from vtok.costs.seeing import handed, seeing
from vtok.geometry.videos.clip import Clip

CLIP = Clip((320, 200), 90, 30.0, 3.0)


def worked_out(one, layout, patch):
    """FLOPs of the description for the encoder and the projector, of a checkpoint with patches of ``patch`` px."""
    tower, merge = one.tower, layout.encoding.merge
    vision = one.vision if merge is None else replace(one.vision, merge=merge)
    seen = seeing((layout,), patch)
    own = projector(vision, one.text.hidden)
    return tower.flops(seen) + own.flops(handed((layout,), patch), tower.class_tokens)


def videos(one):
    whole = one.tiny.model
    return getattr(getattr(whole, "model", None), "get_video_features", None) or whole.get_video_features


#: Folder -> a model of the catalog by the same rule, and the number of frames asked for; an odd one where a step is
#: filled up.
PACKED = {
    "cosmos3_edge": ("cosmos3-edge", 5),
    "cosmos3_omni": ("qwen3-vl-8b", 5),
    "dots3_note": ("qwen3-vl-8b", 5),
    "ernie4_5_vl_moe": ("ernie-4.5-vl-28b-a3b", 16),
    "exaone4_5": ("exaone-4.5-33b", 6),
    "glm46v": ("glm-4.6v", None),
    "glm4v": ("glm-4.1v-9b", None),
    "glm4v_moe": ("glm-4.5v", None),
    "glm5_next": ("glm-5.3-flash", None),
    "hy_v4_vl": ("hy4-vl", 5),
    "hyperclovax_vision_v2": ("qwen2-vl-7b", 6),
    "kimi_k25": ("kimi-k2.5", 10),
    "lfm3_vl": ("qwen3-vl-8b", 5),
    "minimax_m3_vl": ("minimax-m3", 5),
    "muse_glimmer": ("muse-glimmer-30b", 6),
    "muse_spark": ("muse-glimmer-30b", 6),
    "qwen2_5_omni": ("qwen2.5-omni-7b", 6),
    "qwen2_5_vl": ("qwen2.5-vl-7b", 6),
    "qwen2_vl": ("qwen2-vl-7b", 6),
    "qwen3_5": ("qwen3.5-9b", 5),
    "qwen3_5_moe": ("qwen3.5-35b-a3b", 5),
    "qwen4_exp": ("qwen3-vl-8b", 5),
    "qwen3_omni_moe": ("qwen3-omni-30b-a3b", 6),
    "qwen3_vl": ("qwen3-vl-8b", 5),
    "qwen3_vl_moe": ("qwen3-vl-30b-a3b", 5),
}


@pytest.mark.parametrize("name", PACKED)
def test_packed_patches(name):
    model, frames = PACKED[name]
    one, checkpoint = described(name), find_checkpoint(model)
    layout = lay_out(CLIP, checkpoint, frames=frames)
    (grid,), merge = layout.grids, merge_of(one.tiny.model.config)
    side = grid.rows * merge, grid.columns * merge
    steps = [(layout.steps * layout.encoding.join, *side)]
    if name == "kimi_k25":  # chunks of four frames, the last one of two
        steps = [(4, *side), (4, *side), (2, *side)]
    thw = torch.tensor(steps)
    pixels = torch.randn(int(thw.prod(-1).sum()), *patch_shape(one.tiny.model))
    patch = layout.resized[1] // side[0]
    run = counted(lambda: videos(one)(pixel_values_videos=pixels, video_grid_thw=thw))
    assert worked_out(one, layout, patch) == pytest.approx(run, rel=0.01)


@pytest.mark.parametrize(
    ("name", "model", "side"),
    [
        ("llava_next_video", "llava-next-video-7b", 336),
        ("llava_onevision", "llava-onevision-7b", 384),
        ("video_llava", "video-llava-7b", 224),
    ],
)
def test_whole_frames(name, model, side):
    one = fresh(name, vision_config={"image_size": side, "patch_size": 14})
    layout = lay_out(CLIP, find_checkpoint(model), frames=3)
    run = counted(lambda: videos(one)(pixel_values_videos=torch.randn(1, 3, 3, side, side)))
    assert worked_out(one, layout, 14) == pytest.approx(run, rel=0.01)


@pytest.mark.parametrize(
    ("name", "model", "side", "patch"), [("internvl", "internvl3-8b", 448, 14), ("smolvlm", "smolvlm2-2.2b", 384, 14)]
)
def test_frames_that_are_pictures(name, model, side, patch):
    scale = {"scale_factor": 3} if name == "smolvlm" else {}
    one = fresh(name, vision_config={"image_size": side, "patch_size": patch}, **scale)
    assert not hasattr(one.tiny.model.model, "get_video_features")
    layout = lay_out(CLIP, find_checkpoint(model), frames=3)
    assert {tile.size for tile in layout.tiles} == {(side, side)}
    pixels = torch.randn(3, 3, side, side)
    inputs = {"pixel_values": pixels[None] if name == "smolvlm" else pixels}
    assert worked_out(one, layout, patch) == pytest.approx(counted(one.encode(inputs)), rel=0.01)


@pytest.mark.parametrize(("name", "patch"), [("gemma4", 16), ("gemma4_unified", 48)])
def test_gemma4(name, patch):
    one, checkpoint = described(name), find_checkpoint("gemma-4-e2b")
    layout = lay_out(CLIP, checkpoint, frames=2)
    (grid,) = layout.grids
    inputs = one.tiny.inputs([[(grid.rows, grid.columns)] * 2])
    frames = {"num_frames_per_video": torch.tensor([2]), "video_position_ids": inputs["image_position_ids"]}
    run = counted(lambda: videos(one)(pixel_values_videos=inputs["pixel_values"], **frames))
    # transformers averages patches by a product with a matrix, which is 0.03 % of what an encoder of true size does.
    pooling = 2 * 2 * grid.count * 9 * grid.count * one.vision.hidden if name == "gemma4" else 0
    assert worked_out(one, layout, patch) + pooling == pytest.approx(run, rel=0.001)


def test_molmo2_pools_three_by_three():
    one = fresh("molmo2", vision_config={"image_size": [378, 378], "num_position_embeddings": 729})
    layout = lay_out(CLIP, find_checkpoint("molmo2-8b"), frames=3)
    tokens = layout.content
    config = one.tiny.model.config.vision_config
    pixels = torch.randn(3, 729, config.patch_size**2 * 3)
    pooled = torch.arange(3 * 729).reshape(tokens, 9)
    grids = torch.tensor([(3, 9, 9)])
    run = counted(lambda: videos(one)(pixels, video_token_pooling=pooled, video_grids=grids))
    assert worked_out(one, layout, 14) == pytest.approx(run, rel=0.01)


@pytest.mark.parametrize("name", ["minicpmv4_6", "minicpmv4_7"])
def test_minicpm(name):
    one, checkpoint = described(name), find_checkpoint("minicpm-v-4.6")
    layout = lay_out(CLIP, checkpoint)
    (tile,) = layout.tiles
    high, wide = tile.size[1] // 14, tile.size[0] // 14
    config = one.tiny.model.config.vision_config
    pixels = torch.randn(layout.steps, 3, config.patch_size, high * wide * config.patch_size)
    run = counted(lambda: videos(one)(pixels, torch.tensor([(high, wide)])))
    assert worked_out(one, layout, 14) == pytest.approx(run, rel=0.01)


def test_pictures_and_videos_meet_in_one_request():
    checkpoint = find_checkpoint("molmo2-8b")
    resampler = replace(checkpoint.vision.resampler or ResamplerSizes(), mlp=64)
    checkpoint = replace(checkpoint, vision=replace(checkpoint.vision, resampler=resampler))
    video, picture = lay_out(CLIP, checkpoint, frames=3), checkpoint.family.layout(320, 200)

    def asked(*layouts):
        return Asked(checkpoint, Request(), layouts, None, None, 16)

    def projected(one):
        return sum(own.flops(seen) for own, seen in one.handed)

    assert projected(asked(picture, video)) == projected(asked(picture)) + projected(asked(video))
    assert [own.merge for own, _ in asked(picture, video).handed] == [2, 3]
    both, alone = asked(picture, video), (asked(picture), asked(video))
    assert both.tower.flops(both.seen) == sum(one.tower.flops(one.seen) for one in alone)
