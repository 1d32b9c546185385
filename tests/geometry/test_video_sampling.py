"""Sampled frames are those of transformers' own functions, refusals included, for any length and rate."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers_videos import sampled, uniform

from vtok.catalog.videos import entries
from vtok.errors import UsageError
from vtok.geometry.videos.choosing import WAYS, choose
from vtok.geometry.videos.clip import Clip
from vtok.geometry.videos.sampling import Sampling

RATES = st.sampled_from(
    [1.0, 8.0, 10.0, 12.5, 24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60000 / 1001, 60.0, 120.0]
)


@st.composite
def clips(draw):
    frames, fps = draw(st.one_of(st.integers(1, 400), st.integers(1, 60_000))), draw(RATES)
    return Clip((64, 64), frames, fps, frames / fps)


#: Way -> its settings, the class that samples so, and that class's own settings.
SOURCES = {
    "ernie": (Sampling("ernie", least=16, most=180), "ernie4_5_vl_moe", {"min_frames": 16, "max_frames": 180}),
    "glm46v": (Sampling("glm46v", step=2, most=640, max_seconds=2400), "glm46v", {"temporal_patch_size": 2}),
    "glm4v": (Sampling("glm4v", fps=2, max_seconds=300), "glm4v", {"fps": 2, "max_duration": 300}),
    "glm5": (Sampling("glm5", fps=2, most=2048), "glm5_next", {"fps": 2, "max_frames": 2048, "max_duration": 0}),
    "internvl": (Sampling("internvl"), "internvl", {"initial_shift": True}),
    "minicpm": (Sampling("minicpm", most=128), "minicpmv4_6", {"max_num_frames": 128, "stack_frames": 1}),
    "molmo2": (Sampling("molmo2", frames=384, fps=2), "molmo2", {"num_frames": 384, "max_fps": 2}),
    "muse": (Sampling("muse", fps=2, frames=96, step=2), "muse_glimmer", {"fps": 2.0, "num_frames": 96}),
    "qwen2": (Sampling("qwen2", step=2), "qwen2_vl", {"min_frames": 4, "max_frames": 768, "temporal_patch_size": 2}),
    "qwen3": (Sampling("qwen3", fps=2), "qwen3_vl", {"min_frames": 4, "max_frames": 768, "fps": 2}),
    "smolvlm": (Sampling("smolvlm", fps=1, frames=64), "smolvlm", {"fps": 1, "num_frames": 64}),
}
GIVEN = {"muse": {"temporal_patch_size": 2}, "internvl": {"fps": 1}}


def chosen(sampling, clip, fps=None, frames=None):
    try:
        return list(choose(sampling, clip, fps, frames))
    except UsageError:
        return None


def assert_same(way, ours, theirs):
    """Ways that torch computes in single precision may take the frame beside ours, never more or fewer frames."""
    if way in ("ernie", "internvl", "molmo2", "qwen2") and ours and theirs:
        assert len(ours) == len(theirs)
        assert max(abs(one - other) for one, other in zip(ours, theirs, strict=True)) <= 1
    else:
        assert ours == theirs


@pytest.mark.parametrize("way", [way for way in SOURCES if way != "qwen2"])  # which samples nothing by itself
@settings(max_examples=60, deadline=None)
@given(clip=clips())
def test_by_its_own_settings(way, clip):
    sampling, module, own = SOURCES[way]
    if way == "internvl":  # which samples nothing unless it is told a rate
        assert_same(way, chosen(sampling, clip, fps=1), sampled(module, clip, {"fps": 1}, **own))
    else:
        assert_same(way, chosen(sampling, clip), sampled(module, clip, GIVEN.get(way, {}), **own))


@pytest.mark.parametrize("way", [way for way in SOURCES if "fps" in WAYS[way][1]])
@settings(max_examples=40, deadline=None)
@given(clip=clips(), fps=st.sampled_from([0.1, 0.5, 1, 2, 3.7, 24]))
def test_by_a_rate(way, clip, fps):
    sampling, module, own = SOURCES[way]
    assert_same(way, chosen(sampling, clip, fps=fps), sampled(module, clip, {**GIVEN.get(way, {}), "fps": fps}, **own))


@pytest.mark.parametrize("way", [way for way in SOURCES if "frames" in WAYS[way][1]])
@settings(max_examples=40, deadline=None)
@given(clip=clips(), frames=st.integers(1, 200))
def test_by_a_number(way, clip, frames):
    sampling, module, own = SOURCES[way]
    # A rate of the class's own would forbid a number in some; whoever gives a number switches it off.
    own = {**own, "fps": own["fps"] if "fps" in WAYS[way][2] else None} if "fps" in own else own
    kwargs = {key: value for key, value in GIVEN.get(way, {}).items() if key != "fps"}
    assert_same(
        way, chosen(sampling, clip, frames=frames), sampled(module, clip, {**kwargs, "num_frames": frames}, **own)
    )


@settings(max_examples=100, deadline=None)
@given(clip=clips(), frames=st.none() | st.integers(1, 200), fps=st.none() | st.sampled_from([0.1, 1, 2.5]))
def test_uniform(clip, frames, fps):
    if frames is None or fps is None:
        assert chosen(Sampling(), clip, fps, frames) == uniform(clip, frames, fps)


def test_every_way_is_held_against_its_source():
    assert set(WAYS) == {*SOURCES, "uniform"}
    known = {way: sampling for way, (sampling, _, _) in SOURCES.items()}
    for entry in entries():
        way = entry.sampling["way"]
        if way in known:
            theirs = replace(Sampling(**entry.sampling), always=True)
            assert theirs == known[way] or entry.kinds == ("hy_v4_vl",), entry.kinds


def test_wishes_that_make_no_sense():
    clip, sampling = Clip((64, 64), 100, 10.0, 10.0), Sampling()
    for fps, frames, message in (
        (1, 1, "give one"),
        (0, None, "cannot sample 0 frames a second"),
        (-1, None, "cannot sample"),
        (float("nan"), None, "cannot sample"),
        (1e9, None, "cannot sample"),
        (None, 0, "cannot sample 0 frames"),
        (None, 10**9, "cannot sample 1,000,000,000 frames"),
        (None, 101, "101 frames are asked for, and the video has only 100"),
    ):
        with pytest.raises(UsageError, match=message):
            choose(sampling, clip, fps, frames)
    with pytest.raises(UsageError, match="takes no frames; it takes fps"):
        choose(Sampling("glm4v", fps=2), clip, frames=3)
    with pytest.raises(UsageError, match="does not tell how many frames a second"):
        choose(Sampling("uniform", fps=1), Clip((64, 64), 100, 0.0, 0.0))
    with pytest.raises(UsageError, match="without frames"):
        choose(sampling, Clip((64, 64), 0, 10.0, 0.0))


def test_a_head_that_lies_about_its_length_costs_no_time():
    for way, (sampling, _, _) in SOURCES.items():
        chosen(sampling, Clip((64, 64), 10, 10.0, 1e12), fps=1 if way == "internvl" else None)
