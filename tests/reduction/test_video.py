"""EVS and still patches, worked out by hand."""

import torch

from vtok.reduction.methods.evs import EVS
from vtok.reduction.methods.still import Still
from vtok.reduction.seen import Seen


def video(*frames: list[list[float]]) -> Seen:
    vectors = torch.tensor(frames).flatten(0, 1)
    return Seen((1, len(vectors)), vectors, blocks=((1, len(frames[0])),) * len(frames), video=True)


def test_evs_keeps_the_first_frame_and_what_changes() -> None:
    # One minus the cosine to the frame before: 0, 1 and 2
    seen = video([[1, 0], [1, 0], [1, 0]], [[3, 0], [0, 1], [-1, 0]])
    assert EVS().select(seen, 3).kept.tolist() == [0, 1, 2]
    assert EVS().select(seen, 4).kept.tolist() == [0, 1, 2, 5]
    selection = EVS().select(seen, 5)
    assert selection.kept.tolist() == [0, 1, 2, 4, 5]
    assert selection.scores is not None
    assert selection.scores.tolist() == [255, 255, 255, 0, 1, 2]


def test_still_patches_become_their_average() -> None:
    # The first place stands still; the second turns after the first frame and stays so. Cosines to the frame before:
    # 1 and 0, then 1 and 1. Three of six tokens: the three most alike pairs are joined.
    seen = video([[1, 0], [1, 0]], [[3, 0], [0, 1]], [[2, 0], [0, 3]])
    selection = Still().select(seen, 3)
    assert selection.kept.tolist() == [0, 1, 3]
    assert selection.slot.tolist() == [0, 1, 0, 2, 0, 2]
    # (1 + 3 + 2) / 3 = 2; the turned one (1 + 3) / 2 = 2
    assert selection.apply(seen.vectors).tolist() == [[2, 0], [1, 0], [0, 2]]


def test_one_token_a_place_is_the_least() -> None:
    seen = video([[1, 0], [1, 0]], [[0, 1], [0, 1]], [[1, 0], [0, 3]])
    assert Still().least(seen.grids) == EVS().least(seen.grids) == 2
    selection = Still().select(seen, 2)
    assert selection.kept.tolist() == [0, 1]
    assert selection.slot.tolist() == [0, 1, 0, 1, 0, 1]


def test_evs_compares_with_the_frame_before() -> None:
    # The first place turns in the second frame and stays so; the second turns in the third.
    seen = video([[1, 0], [1, 0]], [[0, 1], [1, 0]], [[0, 1], [0, 1]])
    assert EVS().select(seen, 4).kept.tolist() == [0, 1, 2, 5]
