"""The cut prompt: what leaves, what stays, and at which positions."""

import pytest
import torch

from vtok.errors import MethodError, ModelError
from vtok.reduction.selection import Selection
from vtok.vlm.seam import shorten

IMAGE = 3


def kept(*indices: int, of: int) -> Selection:
    return Selection.of(torch.tensor(indices), of)


def test_dropped_placeholders_leave_and_the_others_keep_their_positions() -> None:
    ids = torch.tensor([[1, 3, 3, 3, 3, 7, 8]])
    short = shorten(ids, None, {IMAGE: [kept(1, 3, of=4)]})
    assert short.input_ids.tolist() == [[1, 3, 3, 7, 8]]
    assert short.position_ids.tolist() == [[0, 2, 4, 5, 6]]
    assert short.attention_mask.tolist() == [[1, 1, 1, 1, 1]]
    assert short.take(ids * 10, -100).tolist() == [[10, 30, 30, 70, 80]]


def test_renumbered() -> None:
    short = shorten(torch.tensor([[1, 3, 3, 3, 3, 7, 8]]), None, {IMAGE: [kept(1, 3, of=4)]}, renumber=True)
    assert short.position_ids.tolist() == [[0, 1, 2, 3, 4]]


def test_unequal_prompts_two_images_and_one_without() -> None:
    ids = torch.tensor([[0, 1, 3, 3, 3, 9], [1, 3, 3, 3, 8, 9], [0, 0, 0, 1, 8, 9]])
    mask = torch.tensor([[0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1]])
    short = shorten(ids, mask, {IMAGE: [kept(0, of=3), kept(0, 2, of=3)]})
    assert short.attention_mask.tolist() == [[0, 0, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 1, 1, 1]]
    assert short.input_ids[0, 2:].tolist() == [1, 3, 9]
    assert short.input_ids[1].tolist() == [1, 3, 3, 8, 9]
    assert short.input_ids[2, 2:].tolist() == [1, 8, 9]
    assert short.position_ids[0, 2:].tolist() == [0, 1, 4]
    assert short.position_ids[1].tolist() == [0, 1, 3, 4, 5]
    assert short.position_ids[2, 2:].tolist() == [0, 1, 2]
    assert not bool((short.input_ids[short.attention_mask == 0] == IMAGE).any())


def test_padding_on_the_right_moves_to_the_left() -> None:
    ids, mask = torch.tensor([[1, 3, 3, 9, 0, 0]]), torch.tensor([[1, 1, 1, 1, 0, 0]])
    short = shorten(ids, mask, {IMAGE: [kept(1, of=2)]})
    assert short.input_ids.tolist() == [[1, 3, 9]]
    assert short.position_ids.tolist() == [[0, 2, 3]]


def test_two_images_in_one_prompt() -> None:
    short = shorten(torch.tensor([[3, 3, 5, 3, 3, 3]]), None, {IMAGE: [kept(1, of=2), kept(0, 2, of=3)]})
    assert short.input_ids.tolist() == [[3, 5, 3, 3]]
    assert short.position_ids.tolist() == [[1, 2, 3, 5]]


def test_placeholders_that_do_not_match_are_refused() -> None:
    with pytest.raises(ModelError, match="3 image placeholders, but the images are 4"):
        shorten(torch.tensor([[3, 3, 3]]), None, {IMAGE: [Selection.all(4)]})


def test_four_dimensional_masks_are_refused() -> None:
    with pytest.raises(MethodError, match="4-D attention mask"):
        shorten(torch.tensor([[3]]), torch.ones(1, 1, 1, 1), {IMAGE: [Selection.all(1)]})


def test_the_callers_mask_is_left_alone() -> None:
    mask = torch.ones(1, 4, dtype=torch.bool)
    shorten(torch.tensor([[3, 3, 3, 9]]), mask, {IMAGE: [kept(0, of=3)]})
    assert bool(mask.all())
