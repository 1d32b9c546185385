"""Which tiles make up one picture, and which rows of it are structure."""

import pytest
import torch

from vtok.errors import ModelError
from vtok.reduction.selection import Selection
from vtok.vlm.adapters.grouping import by_gap, by_last_marker
from vtok.vlm.adapters.newlines import framed
from vtok.vlm.picture import Picture, Structure, newlines

IMG, ROW, GLOBAL = 3, 8, 9


def test_joined_tiles_are_one_picture() -> None:
    ids = torch.tensor([[1, *[IMG] * 6, 5, *[IMG] * 2, 7]])
    assert by_gap([2, 2, 2, 2], ids, IMG, 0) == [[0, 1, 2], [3]]
    assert by_gap([2, 2, 2, 2], ids, IMG, 1) == [[0, 1, 2, 3]]


def test_prompts_are_never_joined() -> None:
    ids = torch.tensor([[5, IMG, IMG], [IMG, IMG, 5]])
    assert by_gap([2, 2], ids, IMG, 1) == [[0], [1]]


def test_a_picture_ends_with_its_thumbnail() -> None:
    ids = torch.tensor([[1, ROW, IMG, ROW + 10, IMG, GLOBAL, IMG, 5, ROW, IMG, GLOBAL, IMG], [0] * 10 + [GLOBAL, IMG]])
    assert by_last_marker([1] * 6, ids, IMG) == [[0, 1, 2], [3, 4], [5]]


def test_without_a_prompt_all_tiles_are_one_picture() -> None:
    assert by_gap([4, 4, 4], None, IMG, 0) == by_last_marker([4, 4, 4], None, IMG) == [[0, 1, 2]]


def test_tiles_that_do_not_fill_the_placeholders_are_refused() -> None:
    with pytest.raises(ModelError, match=r"pictures of \[3\] placeholders"):
        by_gap([2, 1, 1], torch.tensor([[IMG, IMG, IMG]]), IMG, 0)


def test_a_newline_stays_with_any_token_of_its_row() -> None:
    # Rows 0 1 2 | newline 3, rows 4 5 6 | newline 7: of the tokens 0-5, token 4 is row 5.
    picture = Picture(8, ((2, 3),), newlines((2, 3), 0, 0))
    assert picture.content.tolist() == [0, 1, 2, 4, 5, 6]
    assert picture.rows(Selection.of(torch.tensor([4]), 6)).kept.tolist() == [5, 7]
    assert picture.rows(Selection.of(torch.tensor([0, 5]), 6)).kept.tolist() == [0, 3, 6, 7]


def test_begin_and_end_stay_always() -> None:
    picture = framed(10, 2, 3)
    assert {one.row for one in picture.structure} == {0, 4, 8, 9}
    assert picture.rows(Selection.of(torch.tensor([1]), 6)).kept.tolist() == [0, 2, 4, 9]
    with pytest.raises(ModelError, match="cannot have 12 rows"):
        framed(12, 2, 3)


def test_merged_rows_stand_among_the_structure() -> None:
    picture = Picture(4, ((1, 3),), (Structure(3, 0, 3),))
    merging = Selection(torch.tensor([1]), torch.tensor([0, 0, 0]), torch.full((3,), 1 / 3))
    rows = torch.tensor([[3.0], [6.0], [9.0], [100.0]])
    assert picture.cut(rows, merging).tolist() == [[6.0], [100.0]]
