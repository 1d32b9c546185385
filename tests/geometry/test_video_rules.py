"""A step's grid, the text between steps and the sum are those of transformers' own code, at any size and length."""

import re
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from transformers_videos import metadata, patches, written

from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.videos import video_rule
from vtok.errors import UsageError
from vtok.geometry.families.glm4v import Glm4v
from vtok.geometry.registry import make_family
from vtok.geometry.videos.clip import Clip
from vtok.geometry.videos.steps import Covered, Each, Rows, Volume
from vtok.geometry.videos.text import WRITERS, in_words, pieces

SIDES = st.one_of(st.integers(1, 200), st.integers(1, 4000))


def volume(patch, per, low, high):
    step = Volume(low, high, patch, 2, per)
    size = {"shortest_edge": low, "longest_edge": high}
    return step, {"size": size, "patch_size": patch, "merge_size": 2, "temporal_patch_size": per}


def smart(low, high):
    bounds = {"min_pixels": low, "max_pixels": high, "patch": 14, "merge": 2}
    size = {"shortest_edge": low, "longest_edge": high}
    own = {"size": size, "patch_size": 14, "merge_size": 2, "temporal_patch_size": 2, "max_pixels": high}
    return Each(make_family("smart_resize", bounds)), {**own, "min_pixels": low, "cap_pixels_per_frame": False}


#: Class -> the rule for a step, and the class's own settings.
STEPS = {
    "cosmos3_edge": volume(16, 1, 4096, 25165824),
    "ernie4_5_vl_moe": smart(234416, 937664),
    "glm46v": volume(14, 2, 12544, 47040000),
    "glm4v": volume(14, 2, 12544, 47040000),
    "glm5_next": (
        Covered(),
        {"patch_size": 14, "merge_size": 2, "temporal_patch_size": 2, "patch_expand_factor": 1,
         "min_image_tokens": 16, "max_image_tokens": 240000},
    ),
    "hy_v4_vl": (
        Rows(),
        {"size": {"longest_edge": 33554432}, "max_image_size": {"longest_edge": 1048576}, "patch_size": 16,
         "merge_size": 2, "temporal_patch_size": 1, "do_resize": True},
    ),
    "kimi_k25": (
        Each(make_family("kimi_k25", {"max_patches": 4096})),
        {"size": {"max_height": 512}, "patch_size": 14, "merge_size": 2, "max_patches": 4096},
    ),
    "minimax_m3_vl": smart(3136, 602112),
    "qwen2_vl": smart(3136, 12845056),
    "qwen3_vl": (
        volume(16, 2, 4096, 25165824)[0],
        {**volume(16, 2, 4096, 25165824)[1], "cap_pixels_per_frame": False, "max_video_tokens": 768},
    ),
}  # fmt: skip


@pytest.mark.parametrize("module", STEPS)
@settings(max_examples=150, deadline=None)
@given(width=SIDES, height=SIDES, frames=st.integers(1, 800))
def test_the_grid_of_a_step(module, width, height, frames):
    step, own = STEPS[module]
    theirs = patches(module, frames, width, height, **own)
    theirs = theirs[0] if isinstance(theirs, tuple) else theirs
    per = own.get("temporal_patch_size", 1) if module != "ernie4_5_vl_moe" else 1
    try:
        layout = step.picture(width, height, frames)
    except UsageError:
        assert theirs is None
        return
    steps = -(-frames // per) if module != "ernie4_5_vl_moe" else frames + frames % 2
    assert theirs == steps * layout.content * 4


def test_bounds_that_the_catalog_has_are_those_held_here():
    for name, module in (
        ("qwen3-vl-8b", "qwen3_vl"), ("glm-4.1v-9b", "glm4v"), ("glm-4.6v", "glm46v"), ("glm-5.3-flash", "glm5_next"),
        ("cosmos3-edge", "cosmos3_edge"), ("hy4-vl", "hy_v4_vl"), ("kimi-k2.5", "kimi_k25"),
        ("ernie-4.5-vl-28b-a3b", "ernie4_5_vl_moe"), ("minimax-m3", "minimax_m3_vl"), ("qwen2-vl-7b", "qwen2_vl"),
    ):  # fmt: skip
        assert video_rule(find_checkpoint(name)).step == STEPS[module][0]


#: Class -> its writer, the frames that it takes a step, and further settings of the processor.
TEXTS = {
    "cosmos3_edge": ("qwen3", 1, {"vision_start_token": "<b>", "vision_end_token": "<e>"}),
    "gemma4": ("clock", 1, {"boi_token": "<b>", "eoi_token": "<e>"}),
    "glm46v": ("glm46v", 2, {}),
    "glm4v": ("glm4v", 2, {}),
    "glm5_next": ("glm46v", 2, {}),
    "internvl": ("internvl", 1, {"start_image_token": "<b>", "end_image_token": "<e>", "image_seq_length": 6}),
    "kimi_k25": ("kimi", 4, {}),
    "minimax_m3_vl": ("minimax", 2, {"VISION_START_TOKEN": "<b>", "VISION_END_TOKEN": "<e>", "VIDEO_TOKEN": "<v>"}),
    "molmo2": ("molmo2", 1, {"use_frame_special_tokens": True, "video_use_col_tokens": False}),
    "muse_glimmer": ("muse", 2, {"video_start_token": "<s>", "video_sep_token": "<n>", "video_end_token": "<e>"}),
    "qwen3_vl": ("qwen3", 2, {"vision_start_token": "<b>", "vision_end_token": "<e>"}),
}
SPECIAL = r"<[a-z_]+>|<\|[a-z_]+\|>"


@pytest.mark.parametrize("module", TEXTS)
@settings(max_examples=60, deadline=None)
@given(indices=st.lists(st.integers(0, 300_000), min_size=1, max_size=30), fps=st.sampled_from([1.0, 24.0, 29.97]))
def test_the_text_between_steps(module, indices, fps):
    writer, per, own = TEXTS[module]
    indices = sorted(indices)
    if module in ("glm4v", "glm46v", "glm5_next"):
        assume(len(indices) % 2 == 0)  # their samplers give nothing else
    steps = -(-len(indices) // per)
    clip = Clip((64, 64), 400_000, fps, 400_000 / fps)
    theirs = written(module, clip, indices, (steps, 2, 3), per=per, **own)
    filled = indices + indices[-1:] * (steps * per - len(indices))
    times = [[index / fps for index in filled[at : at + per]] for at in range(0, len(filled), per)]
    assert "".join(WRITERS[writer](times, clip.seconds)) == re.sub(SPECIAL, "", theirs.replace("<im_patch>", "<v>"))
    found = re.findall(SPECIAL, theirs.replace("<im_patch>", "<v>"))
    assert sum(one in ("<v>", "<image>") for one in found) == steps * 6
    markers, once = {"internvl": (2, 0), "muse_glimmer": (1, 1), "kimi_k25": (3, 0)}.get(module, (2, 0))
    assert sum(one != "<v>" for one in found) == steps * markers + once


def test_the_text_of_smolvlm():
    from transformers_source import bare, rules

    found = rules("smolvlm/video_processing_smolvlm", "smolvlm/processing_smolvlm", torch=pytest.importorskip("torch"))
    made = found.SmolVLMProcessor.replace_video_token
    made.__globals__.update(num2words=in_words, timedelta=timedelta)
    own = {"image_seq_len": 4, "image_token": "<v>", "fake_image_token": "<f>", "global_image_token": "<g>"}
    indices = [0, 30, 3000, 4000]
    inputs = {
        "pixel_values": np.zeros((1, 4, 1)),
        "video_metadata": [metadata(Clip((64, 64), 4001, 30.0, 4001 / 30), indices)],
    }
    theirs = bare(found.SmolVLMProcessor, **own).replace_video_token(inputs, 0)
    ours = WRITERS["smolvlm"]([[index / 30] for index in indices], 4001 / 30)
    assert "".join(ours) == re.sub(SPECIAL, "", theirs)
    assert len(re.findall(SPECIAL, theirs)) == 4 * (4 + 3)


@pytest.mark.parametrize("split", ["digits", "triples"])
def test_text_is_split_as_by_the_tokenizers_own_pattern(split):
    regex = pytest.importorskip("regex")
    from transformers.convert_slow_tokenizer import TikTokenConverter
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    pattern = PRETOKENIZE_REGEX if split == "digits" else TikTokenConverter().pattern
    times = [[0.0, 0.5], [9.96, 10.4], [99.9, 123.4], [3599.9, 3601.2], [123456.7, 123456.8]]
    for writer in WRITERS:
        for text in WRITERS[writer](times, 12345.6):
            assert pieces(text, split) == len(regex.findall(pattern, text)), text


def test_text_by_hand():
    assert pieces("<0.5 seconds>", "digits") == 6  # < 0 . 5 _seconds >
    assert pieces("<123.5 seconds>", "digits") == 8
    assert pieces("<123.5 seconds>", "triples") == 6
    assert pieces("00:05 ", "gemma") == 6
    assert pieces(" 00:06 ", "gemma") == 7
    assert pieces("\n\nFrame from 00:01:", "gpt2-digits") == 11


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "zero"), (13, "thirteen"), (20, "twenty"), (64, "sixty-four"), (100, "one hundred"),
     (101, "one hundred and one"), (342, "three hundred and forty-two"), (1001, "one thousand and one"),
     (21500, "twenty-one thousand, five hundred"), (10**6, "one million")],
)  # fmt: skip
def test_numbers_in_words(number, words):
    assert in_words(number) == words


def total(name, size=(1920, 1080), frames=300, **wish):
    return video_rule(find_checkpoint(name)).layout(Clip(size, frames, 30.0, frames / 30), **wish)


def test_totals_by_hand():
    ov = total("llava-onevision-7b", frames=32)
    assert (ov.content, ov.markers, ov.total) == (32 * 196, 1, 32 * 196 + 1)
    assert total("llava-next-video-7b", frames=8).total == 8 * 144
    assert total("perception-lm-1b", frames=16).total == 16 * 256
    qwen = total("qwen2.5-vl-7b", size=(640, 480), fps=2)
    assert (len(qwen.frames), qwen.steps, qwen.grids[0].count, qwen.total) == (20, 10, 391, 3910)
    odd = total("qwen2.5-vl-7b", size=(640, 480), frames=5)
    assert (odd.steps, odd.total) == (3, 3 * 391)
    qwen3 = total("qwen3-vl-8b", size=(640, 480))
    assert (len(qwen3.frames), qwen3.grids[0].rows, qwen3.grids[0].columns) == (20, 15, 20)
    assert (qwen3.content, qwen3.markers, qwen3.text) == (10 * 300, 20, 10 * 6)
    intern = total("internvl3-8b", frames=10)
    assert (intern.content, intern.markers, intern.text) == (2560, 20, 4 * 10 + 1 + 9)
    assert total("internvl3-9b", frames=10).text is None
    assert total("internvl3-9b", frames=10).structural == 20


def test_a_video_needs_a_whole_step():
    with pytest.raises(UsageError, match="at least 2 frames"):
        total("qwen3-vl-8b", frames=1)
    with pytest.raises(UsageError, match="32 frames are asked for, and the video has only 10"):
        total("gemma-4-e2b", frames=10)
    assert len(total("gemma-4-e2b", frames=40).frames) == 32


def test_a_frame_thinner_than_a_token_is_enlarged():
    assert Volume().picture(2000, 20, 2).content == Each(Glm4v(4096, 25165824, 16, 2)).picture(2000, 20, 2).content
