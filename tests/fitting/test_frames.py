"""Frames of a video: near duplicates go, first and last stay, and the trade-off is the best of all that were tried."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fitting.clips import SIZE, frames, scenes, write
from tests.fitting.drawn import photo
from vtok.errors import BudgetError
from vtok.fitting import frames as choosing
from vtok.fitting.frames import ALIKE, candidates, drop_near_duplicates, plan, thumbnail
from vtok.fitting.survey import Survey, ladder
from vtok.geometry.families.smart_resize import SmartResize
from vtok.image.video import read_frames

FAMILY = SmartResize(min_pixels=784)


def decoded(tmp_path, **more):
    path = write(tmp_path / "a.mkv", frames(**more))
    return [thumbnail(frame) for _, frame in read_frames(path, range(30))]


def planned(thumbnails, budget, most=None, numbers=None):
    surveys = [Survey.of(scene) for scene in scenes()]
    return plan(numbers or range(len(thumbnails)), thumbnails, surveys, ladder(FAMILY, SIZE), budget, most)


def test_noise_and_compression_are_far_below_the_threshold(tmp_path):
    thumbnails = decoded(tmp_path)
    within = [
        np.abs(one - other).max()
        for start in (0, 10, 20)
        for one, other in itertools.combinations(thumbnails[start : start + 9], 2)
    ]
    assert max(within) <= ALIKE / 2
    across = [np.abs(thumbnails[before] - thumbnails[before + 1]).max() for before in (9, 19, 28)]
    assert min(across) > 2 * ALIKE


def test_near_duplicates_go(tmp_path):
    assert drop_near_duplicates(decoded(tmp_path)) == [0, 10, 20, 29]
    still = [np.zeros((32, 32))] * 5
    assert drop_near_duplicates(still) == [0, 4]
    assert drop_near_duplicates(still[:1]) == [0]
    fading = [np.full((32, 32), 2.0 * step) for step in range(10)]  # no step is large, all of them together are
    assert drop_near_duplicates(fading) == [0, 4, 8, 9]


@given(st.integers(1, 5000), st.integers(2, 300))
def test_candidates(number, most):
    found = candidates(number, most)
    assert found == sorted(set(found))
    assert len(found) == min(number, most)
    assert (found[0], found[-1]) == (0, number - 1)


def test_a_clip_within_its_budget(tmp_path):
    thumbnails = decoded(tmp_path)
    for budget in (20, 60, 200, 400, 2000):
        reel = planned(thumbnails, budget)
        assert reel.tokens <= budget
        assert (reel.frames[0], reel.frames[-1]) == (0, 29)
        assert set(reel.frames) <= {0, 10, 20, 29}
        assert (reel.seen, reel.distinct) == (30, 4)
    assert planned(thumbnails, 2000).frames == (0, 10, 20, 29)
    assert planned(thumbnails, 2000, most=3).frames[:: len(planned(thumbnails, 2000, most=3).frames) - 1] == (0, 29)
    assert len(planned(thumbnails, 2000, most=3).frames) == 3


def test_the_best_of_all_numbers_and_sizes():
    thumbnails = [thumbnail(photo(*SIZE, seed=seed)) for seed in range(6)]
    surveys = [Survey.of(scene) for scene in scenes()]
    reel, loss = planned(thumbnails, 300), -np.log(np.maximum(choosing._ssim(np.stack(thumbnails)), 0.01))

    def value(shown, rung):
        told = []
        for one in range(6):
            beside = [max(s for s in shown if s <= one), min(s for s in shown if s >= one)]
            told.append(0.0 if one in shown else min(loss[one, other] for other in beside))
        return np.mean([math.log(survey.worth(rung)) for survey in surveys]) - np.mean(told)

    every = [
        value((0, *middle, 5), rung)
        for number in range(5)
        for middle in itertools.combinations(range(1, 5), number)
        for rung in ladder(FAMILY, SIZE)
        if (number + 2) * rung.tokens <= 300
    ]
    assert value(reel.frames, reel.choice) == pytest.approx(max(every), abs=0.02)


@pytest.mark.parametrize("twin", [1, 2, 3])
def test_the_frame_that_tells_least_is_given_up_first(twin):
    scenes = [thumbnail(photo(*SIZE, seed=seed)) for seed in range(5)]
    scenes[twin] = scenes[twin - 1] + 2 * ALIKE * np.eye(32)  # no near duplicate, and yet much the same
    assert planned(scenes, 5000).frames == (0, 1, 2, 3, 4)
    fewer = planned(scenes, 5000, most=4).frames
    assert len(fewer) == 4
    assert not {twin - 1, twin} <= set(fewer)


def test_odd_clips():
    one = planned([np.zeros((32, 32))], 500)
    assert (one.frames, one.tokens <= 500) == ((0,), True)
    two = planned([np.zeros((32, 32)), np.zeros((32, 32))], 500, numbers=[3, 9])
    assert two.frames == (3, 9)
    assert candidates(0) == []


def test_too_small_a_budget(tmp_path):
    with pytest.raises(BudgetError, match=r"take at least 2 tokens together, and the budget is 1"):
        planned(decoded(tmp_path), 1)
