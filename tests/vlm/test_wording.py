"""The words that methods read: whose they are, and what happens where there are none."""

from typing import Any

import pytest
import torch
from PIL import Image

import vtok
from vtok.errors import MethodError
from vtok.vlm.pipeline import VLM
from vtok.vlm.wording import words_of

IMAGE = 3


def test_every_picture_has_the_words_of_its_prompt() -> None:
    # Two pictures of two placeholders in the first prompt, none in the second, one in the third, which is padded.
    ids = torch.tensor([[3, 3, 5, 3, 3, 6], [7, 7, 7, 7, 7, 7], [0, 0, 3, 3, 8, 9]])
    mask = torch.tensor([[1] * 6, [1] * 6, [0, 0, 1, 1, 1, 1]])
    found = [words.tolist() for words in words_of(ids, mask, IMAGE, [2, 2, 2])]
    assert found == [[5, 6], [5, 6], [8, 9]]
    assert [words.tolist() for words in words_of(ids[2:], None, IMAGE, [2])] == [[0, 0, 8, 9]]
    with pytest.raises(MethodError, match="ask something"):
        words_of(torch.tensor([[3, 3]]), None, IMAGE, [2])


def test_a_picture_alone_has_no_words(tiny_vlm: VLM, picture: Image.Image) -> None:
    with pytest.raises(MethodError, match="give the question too"):
        tiny_vlm.cut(picture, "cdpruner", 9)
    assert tiny_vlm.cut(picture, "cdpruner", 9, "What is red?").reduced.selection.after == 9
    assert tiny_vlm.ask(picture, "What is red?", method="trim", budget=9, max_new_tokens=1).ledger.visual_after == 9


def test_other_words_other_tokens(tiny: Any, inputs: dict[str, torch.Tensor]) -> None:
    kept = []
    for word in (9, 200):
        ids = inputs["input_ids"].clone()
        ids[:, -3:] = word
        with vtok.reduce(tiny, "cdpruner", 9) as reduction:
            tiny(**{**inputs, "input_ids": ids})
        kept.append(reduction.selections[0].kept)
    assert not torch.equal(*kept)
