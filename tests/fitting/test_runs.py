"""Runs and their labels, against a flood fill."""

import numpy as np
import pytest

from vtok.fitting.runs import find_runs, label


def flooded(ink):
    """Label of each pixel, 0 for paper, by filling one part after the other."""
    labels, number = np.zeros(ink.shape, int), 0
    for start in zip(*np.nonzero(ink), strict=True):
        if labels[start]:
            continue
        number += 1
        todo = [start]
        while todo:
            row, column = todo.pop()
            if not (0 <= row < ink.shape[0] and 0 <= column < ink.shape[1]):
                continue
            if ink[row, column] and not labels[row, column]:
                labels[row, column] = number
                todo += [(row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1)]
    return labels, number


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (30, 45), (64, 64)])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.6, 1.0])
def test_parts_are_those_of_a_flood_fill(shape, share):
    ink = np.random.default_rng(1).random(shape) < share
    runs = find_runs(ink)
    labels, number = label(runs)
    expected, count = flooded(ink)
    assert number == count
    pairs = set(zip(labels.tolist(), expected[runs.row, runs.start].tolist(), strict=True))
    assert len(pairs) == number
    assert (runs.end - runs.start).sum() == ink.sum()


def test_a_long_winding_part_is_one():
    ink = np.zeros((41, 41), bool)
    ink[::2] = True
    ink[1::4, -1] = ink[3::4, 0] = True
    assert label(find_runs(ink))[1] == 1
    ink[1, -1] = False
    assert label(find_runs(ink))[1] == 2


def test_joining():
    ink = np.array([[1, 1, 0, 0, 1, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 1, 0, 1]], bool)
    joined, member = find_runs(ink).joined(2)
    assert list(zip(joined.row, joined.start, joined.end, strict=True)) == [(0, 0, 5), (0, 8, 9), (1, 6, 9)]
    assert member.tolist() == [0, 0, 1, 2, 2]
