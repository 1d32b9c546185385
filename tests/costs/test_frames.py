"""Frames of a video: solved for, fewer of them where something binds, and a video against as many pictures."""

import pytest

from vtok.catalog.devices import find_device
from vtok.costs.cost import cost
from vtok.costs.frames import fewer_frames, most_frames, taken
from vtok.costs.levers import levers
from vtok.costs.question import ask
from vtok.costs.request import Request
from vtok.costs.solve import Goal
from vtok.errors import UsageError
from vtok.geometry.videos.clip import Clip

CARD = find_device("rtx-4090")
CLIP = Clip((640, 360), 300, 30.0, 10.0)


def question(videos=(CLIP,), model="qwen2.5-vl-7b", device=CARD, weights="awq", images=(), **asked):
    return ask(Request(images, videos=videos, **asked), model, device, weights)


def test_a_video_does_for_the_encoder_what_pictures_do_two_frames_each():
    video = cost(Clip((448, 448), 12, 30.0, 0.4), "qwen2-vl-7b", "4090")
    pictures = cost([(448, 448)] * 6, "qwen2-vl-7b", "4090")
    assert (video.flops.vision, video.flops.projector) == (pictures.flops.vision, pictures.flops.projector)
    assert video.context.visual == pictures.context.visual
    assert video.memory == pictures.memory
    assert (video.context.frames, pictures.context.frames) == (12, 0)


def test_frames_that_see_each_other_cost_more_than_frames_apart():
    chunked, longer = (cost(Clip((640, 360), n, 2.0, n / 2), "kimi-k2.5") for n in (8, 16))
    assert longer.flops.vision == 2 * chunked.flops.vision
    alone = cost(Clip((640, 360), 1, 2.0, 0.5), "kimi-k2.5")
    assert chunked.flops.vision > 8 * alone.flops.vision
    assert chunked.flops.projector == 2 * alone.flops.projector  # four frames are averaged before it


@pytest.mark.parametrize(("model", "goal"), [("qwen2.5-vl-7b", 1.0), ("qwen3-vl-8b", 0.9), ("smolvlm2-2.2b", 0.2)])
def test_the_most_frames_of_all_that_meet_the_goal(model, goal):
    asked, goal = question(model=model), Goal(ttft=goal)
    found = most_frames(asked, goal).question
    number = found.request.frames
    assert goal.met(found)
    assert found.cost.context == cost(CLIP, model, CARD, weights="awq", frames=number).context
    fewer = [n for n in range(1, 301) if (one := tried(asked, n)) is not None and goal.met(one)]
    assert taken(found) == max(taken(asked.changed(frames=n)) for n in fewer)


def tried(asked, number):
    try:
        return asked.changed(frames=number) if asked.changed(frames=number).videos else None
    except UsageError:
        return None


@pytest.mark.parametrize("model", ["qwen2.5-vl-7b", "qwen3-vl-8b", "gemma-4-e4b", "llava-onevision-7b"])
def test_solved_by_size_it_is_the_cost_of_a_video_of_so_many_frames(model):
    goal = Goal(ttft=2.0)
    found = most_frames(question(videos=(), images=((640, 360),), model=model), goal).question
    number = taken(found)
    assert number > 1
    made = cost(Clip((640, 360), number, 1.0, number), model, CARD, weights="awq", frames=number)
    assert (made.context, made.flops, made.memory) == (found.cost.context, found.cost.flops, found.cost.memory)
    assert made.seconds.first_token.high <= 2.0


def test_where_no_way_with_videos_is_known_frames_are_pictures():
    asked = question(videos=(), images=((640, 360),), model="llava-1.5-7b")
    found = most_frames(asked, Goal()).question
    assert not found.request.videos
    assert len(found.request.images) > 1
    with pytest.raises(UsageError, match="takes no videos"):
        _ = question(model="llava-1.5-7b").cost


def test_a_processor_that_chooses_by_itself_is_not_asked_for_a_number():
    with pytest.raises(UsageError, match="chooses itself"):
        most_frames(question(model="glm-4.1v-9b"), Goal())
    assert fewer_frames(question(model="glm-4.1v-9b"), lambda asked: True) is None


def test_fewer_frames_where_the_context_overflows():
    asked = question().changed(context=4096)
    lever = next(levers(asked))
    assert lever.what == "frames"
    assert int(lever.value) == taken(lever.after)
    assert not lever.after.cost.context.overflow
    assert lever.after.cost.fits
    assert asked.changed(frames=2 * int(lever.value)).cost.context.overflow


def test_fewer_frames_where_memory_is_short():
    asked = question(videos=(Clip((1280, 720), 128, 30.0, 4.2),), device=find_device("rtx-3060-12gb"))
    assert asked.cost.context.overflow == 0
    lever = next(levers(asked))
    assert lever.what == "frames"
    assert lever.after.cost.fits
    assert not asked.changed(frames=2 * int(lever.value)).cost.fits


def test_fewer_frames_for_time():
    asked = question(frames=40)
    lever = next(levers(asked))
    assert (lever.what, lever.value) == ("frames", "16")
    assert lever.after.cost.seconds.first_token.high < asked.cost.seconds.first_token.high


def test_a_budget_cuts_a_video_as_one():
    found = cost(CLIP, "qwen2.5-vl-7b", frames=16, budget="25%", method="visionzip")
    assert found.context.visual == round(found.context.visual_before / 4)


def test_frames_need_a_video():
    with pytest.raises(UsageError, match="there is none"):
        Request(((640, 480),), frames=8)
    with pytest.raises(UsageError, match="give one"):
        Request(videos=(CLIP,), frames=8, fps=2)
