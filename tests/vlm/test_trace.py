"""The trace: shares that add up, and heat that lies where the tokens are."""

import pytest
from PIL import Image

from tests.conftest import TOKENS
from vtok.vlm.looks import grouped
from vtok.vlm.pipeline import VLM
from vtok.vlm.trace import trace


def test_everything_adds_up(tiny_vlm: VLM, picture: Image.Image) -> None:
    traced = trace(tiny_vlm, [picture, picture.rotate(180)], "What is red?", "uniform", 9, max_new_tokens=4)
    assert traced.stages[0].name == "pixel_values"
    assert traced.stages[-1].shape == (9, 48)
    length = traced.runs[-1].stop
    assert [run.start for run in traced.runs] == [0, *(run.stop for run in traced.runs[:-1])]
    assert length == traced.answer.ledger.text_tokens + 18
    images = [(run.kind, run.stop - run.start) for run in traced.runs if run.kind.startswith("image")]
    assert images == [("image 1", 9), ("image 2", 9)]
    assert traced.words
    for word in traced.words:
        assert len(word.layers) == 2
        for look in word.layers:
            assert look.text + look.answer + sum(look.images) == pytest.approx(1, abs=1e-4)
            assert [sum(regions) for regions in look.regions] == pytest.approx(list(look.images), abs=1e-5)
        assert [len(heat) for heat in word.heat] == [TOKENS, TOKENS]
        means = [sum(look.images[i] for look in word.layers) / 2 for i in range(2)]
        assert [sum(heat) for heat in word.heat] == pytest.approx(means, abs=1e-5)
        kept = set(traced.answer.cuts[0].reduced.selection.kept.tolist())
        assert all(value == 0 for index, value in enumerate(word.heat[0]) if index not in kept)


def test_tracing_changes_no_answer(tiny_vlm: VLM, picture: Image.Image) -> None:
    traced = trace(tiny_vlm, [picture], "What is red?", max_new_tokens=4)
    assert traced.answer.tokens == tiny_vlm.ask(picture, "What is red?", max_new_tokens=4).tokens
    assert traced.to_dict()["words"]
    assert tiny_vlm.model.model.language_model.config._attn_implementation == "sdpa"


def test_pieces_become_words() -> None:
    assert grouped(["top", " left", " C", "A", "T"]) == [[0], [1], [2, 3, 4]]
    assert grouped([]) == []
