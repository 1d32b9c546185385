"""What methods do to videos: those made for them, those for pictures, and what is refused in words."""

import functools
from typing import Any

import pytest
import torch

import vtok
from tests import zoo
from tests.conftest import tiny_model
from tests.vlm.oracle import greedy, hidden
from tests.vlm.proof import assert_close, held, kept_columns
from tests.zoo.videos import prompts_with_videos
from vtok.errors import BudgetError, MethodError
from vtok.reduction.method import Need, Stage
from vtok.reduction.registry import method_class, names
from vtok.vlm.adapters import adapter_of, videos_for


def kind(folder: str) -> str:
    return zoo.build(folder).model.config.model_type


FILMED = [name for name in zoo.names() if videos_for(kind(name))]
WATCHED = [name for name in FILMED if videos_for(kind(name)).offers(zoo.build(name).model)]


@pytest.mark.parametrize("folder", ["qwen2_vl", "qwen2_5_vl", "qwen3_vl", "llava_onevision"])
def test_evs_keeps_the_first_frame_and_leaves_pictures_alone(folder: str) -> None:
    tiny = zoo.build(folder)
    inputs = prompts_with_videos(tiny, [[(4, 2, 3)]], pictures=[[(2, 3)]])
    with vtok.reduce(tiny.model, "evs", "50%") as reduction:
        _, logits, _ = greedy(tiny.model, inputs, 4)
    picture, video = reduction.selections
    frame = reduction.videos[0].picture.grids[0]
    assert picture.before == picture.after
    assert video.after == video.before // 2
    assert video.kept[: frame[0] * frame[1]].tolist() == list(range(frame[0] * frame[1]))
    keep = kept_columns(tiny.model, inputs, reduction.images, reduction.videos)
    with hidden(tiny.model, ~keep):
        assert_close(logits, greedy(tiny.model, inputs, 4)[1])


# hired reads a CLS token in two layers, which no encoder of these has.
@pytest.mark.parametrize("name", [name for name in names(Stage.TOKENS) if name != "hired"])
def test_every_method_cuts_a_video_to_its_budget(name: str) -> None:
    tiny, method = zoo.build("qwen3_vl"), method_class(name)
    reduction = held(tiny.model, prompts_with_videos(tiny, [[(3, 2, 6), (2, 4, 3)]]), name, "50%")
    for one in reduction.selections:
        assert one.after == one.before // 2 or (not method.exact and one.after <= one.before // 2)


@pytest.mark.parametrize("folder", WATCHED)
def test_attention_is_seen_as_if_each_frame_were_a_picture(folder: str) -> None:
    tiny = zoo.build(folder)
    adapter, model = videos_for(kind(folder)), tiny.model
    inputs = prompts_with_videos(tiny, [[(3, 2, 6), (2, 5, 4)]])
    needs = frozenset({Need.RECEIVED_ATTENTION, Need.KEYS})
    film = {name: inputs[name] for name in adapter.image_inputs(model) if name in inputs}
    grids = film["video_grid_thw"].repeat_interleave(film["video_grid_thw"][:, 0], 0)
    grids[:, 0] = 1
    frames = {"pixel_values": film["pixel_values_videos"], "image_grid_thw": grids}
    with torch.no_grad():
        ours = adapter.encode(model, film, needs).seen
        theirs = adapter_of(model).encode(model, frames, needs).seen
    for field in ("received_attention", "keys"):
        apart = [getattr(one, field) for one in theirs]
        for video, pictures in zip(ours, (apart[:3], apart[3:]), strict=True):
            assert_close(getattr(video, field), torch.cat(pictures, 1))


def test_a_video_that_stands_still_becomes_one_frame() -> None:
    tiny = zoo.build("qwen2_5_vl")
    inputs = prompts_with_videos(tiny, [[(3, 2, 3)]])
    pixels = inputs["pixel_values_videos"]
    inputs["pixel_values_videos"] = pixels[: pixels.shape[0] // 3].repeat(3, 1)
    with vtok.reduce(tiny.model, "still", 6) as reduction:
        greedy(tiny.model, inputs, 2)
    assert reduction.selections[0].kept.tolist() == list(range(6))
    assert reduction.selections[0].slot.tolist() == list(range(6)) * 3


def refused(tiny: zoo.Tiny, method: str, inputs: dict[str, Any], budget: Any = "50%") -> None:
    with vtok.reduce(tiny.model, method, budget):
        greedy(tiny.model, inputs, 1)


def test_methods_for_videos_want_videos() -> None:
    tiny = zoo.build("qwen2_5_vl")
    with pytest.raises(MethodError, match="evs:50% compares the frames of a video, and this call has pictures alone"):
        refused(tiny, "evs", tiny.inputs())
    with pytest.raises(MethodError, match="which cannot be cut here"), vtok.reduce(tiny_model(), "still", "50%"):
        pass


@pytest.mark.parametrize("folder", FILMED)
def test_frames_are_known_before_they_are_encoded_or_not_at_all(folder: str) -> None:
    tiny, adapter = zoo.build(folder), videos_for(kind(folder))
    inputs = prompts_with_videos(tiny, [[(3, 2, 6), (3, 5, 4)]])
    film = {
        name: inputs[name] for name in (*adapter.modality.pixels, *adapter.image_inputs(tiny.model)) if name in inputs
    }
    with torch.no_grad():
        pictures = adapter.encode(tiny.model, film).pictures
    assert adapter.known_blocks(tiny.model, film) in (None, [one.grids for one in pictures])


def test_a_budget_under_one_frame_is_refused_before_anything_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = zoo.build("qwen2_5_vl")
    inputs, base = prompts_with_videos(tiny, [[(3, 2, 3)]]), tiny.model.model
    monkeypatch.setattr(base, "get_video_features", stopped(base.get_video_features))
    with pytest.raises(BudgetError, match="evs leaves at least 6 tokens of this video; a budget of 5"):
        refused(tiny, "evs", inputs, 5)


def stopped(original: Any) -> Any:
    """An encoder that must not run."""

    @functools.wraps(original)
    def encode(*_: Any, **__: Any) -> Any:
        pytest.fail("something was encoded")

    return encode


@pytest.mark.parametrize("pictures", [[[]], [[(2, 3)]]])
@pytest.mark.parametrize(("method", "why"), [("visionzip", "looks into the encoder"), ("pixelprune", "acts before")])
def test_what_a_method_cannot_do_to_videos_is_refused_before_anything_is_encoded(
    pictures: Any, method: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = zoo.build("minimax_m3_vl")
    inputs = prompts_with_videos(tiny, [[(3, 2, 3)]], pictures=pictures)
    for name in ("get_image_features", "get_video_features"):
        monkeypatch.setattr(tiny.model.model, name, stopped(getattr(tiny.model.model, name)))
    with pytest.raises(MethodError, match=f"{method} {why}"):
        refused(tiny, method, inputs)


@pytest.mark.parametrize("both", [True, False])
def test_videos_that_cannot_be_cut_are_refused_and_not_passed_on_whole(both: bool) -> None:
    tiny = zoo.build("video_llama_3")
    inputs = tiny.inputs() if both else tiny.inputs([[]])
    inputs |= {"pixel_values_videos": torch.zeros(4, 8), "video_grid_thw": torch.tensor([[1, 2, 2]])}
    with pytest.raises(MethodError, match="videos of models of type 'video_llama_3' cannot be cut"):
        refused(tiny, "random", inputs)
