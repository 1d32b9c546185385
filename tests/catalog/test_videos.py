"""Rules for videos: every entry can be made, names find the right one, and a directory's files have the last word."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtok.catalog.checkpoints import checkpoints, find_checkpoint
from vtok.catalog.counting import find_model, video_layout
from vtok.catalog.processors import RULES
from vtok.catalog.videos import entries, takes_videos, video_rule
from vtok.errors import UsageError
from vtok.geometry.videos.choosing import WAYS
from vtok.geometry.videos.clip import Clip
from vtok.geometry.videos.steps import Volume
from vtok.geometry.videos.text import SPLITS, WRITERS

#: A model for each rule.
ONE_OF_EACH = tuple(
    {
        id(found): one.name for one in checkpoints() if (found := next((e for e in entries() if e.fits(one)), None))
    }.values()
)
CLIP = Clip((1280, 720), 300, 30.0, 10.0)


def test_every_entry_is_of_use():
    names, kinds = {one.name for one in checkpoints()}, set()
    for entry in entries():
        assert entry.models or entry.kinds
        assert entry.rule["source"].strip()
        assert entry.sampling["way"] in WAYS
        assert entry.rule.get("text", "") in {"", *WRITERS}
        assert entry.rule.get("split", "") in {"", *SPLITS}
        assert not kinds & set(entry.kinds)
        kinds |= set(entry.kinds)
    assert names >= {"qwen3-vl-8b", "gemma-4-e2b"}
    assert kinds - set(RULES) <= {"video_llava", "hyperclovax_vision_v2"}  # kinds that take no pictures by our rules


def test_every_model_that_takes_videos_does():
    found = [one for one in checkpoints() if takes_videos(one)]
    assert len(found) > 60
    for one in found:
        layout = video_rule(one).layout(CLIP)
        assert layout.total >= layout.content == layout.steps * sum(grid.count for grid in layout.grids) > 0
        assert layout.source == CLIP.size
        assert all(0 <= index < CLIP.frames for index in layout.frames)


@settings(max_examples=50, deadline=None)
@given(
    size=st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)),
    frames=st.one_of(st.integers(0, 50), st.integers(0, 20_000)),
    fps=st.sampled_from([0.0, 1e-9, 0.5, 29.97, 240.0, 1e6]),
    seconds=st.sampled_from([0.0, 1e-6, 3.0, 1e4, 1e12]),
    wish=st.sampled_from([{}, {}, {"fps": 0.001}, {"fps": 1000}, {"frames": 1}, {"frames": 999}]),
)
def test_whatever_a_head_says_is_counted_or_refused(size, frames, fps, seconds, wish):
    clip = Clip(size, frames, fps, seconds)
    for name in ONE_OF_EACH:
        try:
            layout = video_layout(clip, name, **wish)
        except UsageError:
            continue
        assert layout.total >= layout.content > 0
        assert layout.steps == -(-len(layout.frames) // layout.per)


def test_variants_take_videos_as_their_checkpoints_do():
    assert video_layout(CLIP, "glm46v") == video_layout(CLIP, "glm-4.6v")
    large = Clip((3840, 2160), 300, 30.0, 10.0)
    assert video_layout(large, "qwen2-vl", frames=4).resized < video_layout(large, "qwen2-vl-7b", frames=4).resized
    assert video_layout(CLIP, "gemma4-1120") == video_layout(CLIP, "gemma-4-e2b")


def directory(path, kind, **files):
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"model_type": kind}))
    for name, data in files.items():
        (path / f"{name}.json").write_text(json.dumps(data))
    return path


def test_files_of_a_directory_come_first(tmp_path):
    picture = {"patch_size": 16, "merge_size": 2, "size": {"shortest_edge": 65536, "longest_edge": 16777216}}
    file = {"size": {"shortest_edge": 4096, "longest_edge": 2097152}, "fps": 1, "min_frames": 2, "max_frames": 6}
    path = directory(tmp_path / "a", "qwen3_vl", preprocessor_config=picture, video_preprocessor_config=file)
    rule = video_rule(find_model(path))
    assert rule.step == Volume(4096, 2097152)
    assert len(rule.layout(CLIP).frames) == 6
    # The processor's own file has precedence, as in transformers.
    nested = {"video_processor": {**file, "fps": 3, "max_frames": 768}}
    path = directory(tmp_path / "b", "qwen3_vl", preprocessor_config=picture, processor_config=nested)
    assert len(video_layout(CLIP, path).frames) == 30
    # Without a file for videos that for pictures serves, as it does there.
    path = directory(tmp_path / "c", "qwen3_vl", preprocessor_config=picture)
    assert video_rule(find_model(path)).step == Volume(65536, 16777216)


def test_bounds_of_pictures_hold_for_the_frames_of_qwen2(tmp_path):
    path = directory(tmp_path / "a", "qwen2_5_vl", preprocessor_config={"min_pixels": 3136, "max_pixels": 100_000})
    small = video_layout(CLIP, path, frames=8)
    assert small.resized[0] * small.resized[1] <= 100_000
    assert small == video_layout(CLIP, "qwen2.5-vl-7b", settings={"max_pixels": 100_000}, frames=8)
    assert small == video_layout(CLIP, "qwen2.5-vl-7b", settings={"video.max_pixels": 100_000}, frames=8)
    # Unless there is a file for videos, or none that tells bounds: then its class has others.
    whole = {"video_processor": {"size": {"shortest_edge": 3136, "longest_edge": 50_176}}}
    path = directory(tmp_path / "b", "qwen2_5_vl", preprocessor_config={}, processor_config=whole)
    assert video_layout(CLIP, path, frames=8).resized == (280, 168)
    path = directory(tmp_path / "c", "qwen2_5_vl", preprocessor_config={"patch_size": 14})
    high, wide = video_layout(CLIP, path, frames=8).resized
    assert 500_000 < high * wide <= 602_112


def test_settings_for_videos():
    plain = video_layout(CLIP, "qwen3-vl-8b")
    small = video_layout(CLIP, "qwen3-vl-8b", settings={"video.max_pixels": 2_000_000})
    assert small.content < plain.content
    assert small.resized[0] * small.resized[1] * len(small.frames) <= 2_000_000
    assert len(video_layout(CLIP, "qwen3-vl-8b", settings={"video.most": 6}).frames) == 6
    assert video_layout(CLIP, "qwen3-vl-8b", settings={"video.text_tokens": 0}).structural == 2 * plain.steps
    unknown = video_layout(CLIP, "internvl2-8b")
    assert unknown.text is None
    assert video_layout(CLIP, "internvl2-8b", settings={"video.text_tokens": 5}).text == 5 * unknown.steps
    # Of pictures nothing changes, and the other way round.
    assert find_model("qwen3-vl-8b", {"video.most": 6}).family == find_checkpoint("qwen3-vl-8b").family
    assert video_layout(CLIP, "qwen3-vl-8b", settings={"max_pixels": 100_000}) == plain
    for changed, message in (
        ({"video.tiles": 2}, "has no setting 'video.tiles'; it has video.fps"),
        ({"video.way": "uniform"}, "has no setting 'video.way'"),
        ({"video.most": "many"}, "expected a number"),
        ({"video.always": 3}, "expected true or false"),
        ({"video.max_pixels": -5}, "expected a number"),
        ({"video.patch": 0}, "expected a number from 1 on"),
        ({"video.fps": 0}, "expected a number above 0"),
    ):
        with pytest.raises(UsageError, match=message):
            video_layout(CLIP, "qwen3-vl-8b", settings=changed)


def test_what_glm46v_does_not_look_at(tmp_path):
    file = {"size": {"shortest_edge": 12544, "longest_edge": 47040000}, "max_duration": 300, "num_frames": 16, "fps": 2}
    path = directory(tmp_path / "a", "glm46v", preprocessor_config={}, video_preprocessor_config=file)
    long = Clip((640, 480), 30_000, 30.0, 1000.0)
    assert video_layout(long, path) == video_layout(long, "glm-4.6v")


def test_a_directory_of_smolvlm(tmp_path):
    sampling = {"fps": 2, "max_frames": 7, "video_size": {"longest_edge": 384}}
    picture = {"size": {"longest_edge": 1536}, "max_image_size": {"longest_edge": 384}, "video_sampling": sampling}
    whole = {"image_seq_len": 81, "video_processor": {**picture, "do_sample_frames": False}}
    for name, files in (
        ("a", {"preprocessor_config": picture, "processor_config": {"image_seq_len": 81}}),
        ("b", {"preprocessor_config": picture, "processor_config": whole}),
    ):
        layout = video_layout(CLIP, directory(tmp_path / name, "smolvlm", **files))
        assert (len(layout.frames), layout.resized, layout.content) == (7, (384, 384), 7 * 81)
    assert video_layout(CLIP, "smolvlm2-2.2b").content == 10 * 81


def test_what_takes_no_videos():
    with pytest.raises(
        UsageError, match=r"llava-1\.5-7b takes no videos that vtok knows of; give it single frames, 576"
    ):
        video_layout(CLIP, "llava-1.5-7b")
    with pytest.raises(UsageError, match="not verified how ollama takes videos"):
        video_layout(CLIP, "qwen2.5-vl-7b", runtime="ollama")
    assert not takes_videos(find_checkpoint("videollama3-2b-image"))


@pytest.mark.parametrize(
    "file",
    [{"size": {"shortest_edge": 4096, "longest_edge": 0}, "patch_size": 0}, {"patch_size": "many"}, {"fps": "fast"},
     {"max_frames": -1}, {"max_frames": 2.5}, {"min_frames": [4]}, {"fps": 1e99}, {"do_sample_frames": 3},
     {"merge_size": True}, {"temporal_patch_size": 0}, {"merge_size": 0}, {"max_frames": 1e13},
     {"size": {"shortest_edge": {}, "longest_edge": 1}}],
)  # fmt: skip
def test_settings_that_make_no_sense(file, tmp_path):
    path = directory(tmp_path / "a", "qwen3_vl", preprocessor_config={}, video_preprocessor_config=file)
    with pytest.raises(UsageError) as caught:
        video_layout(CLIP, path)
    assert "\n" not in str(caught.value)
