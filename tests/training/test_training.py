"""The generator, the questions and the packing that vtok-mini is trained with."""

import random

import numpy as np
import pytest
import torch

pytest.importorskip("font_roboto")

from training import language, model, tokenizer
from training.fonts import TEST_FONTS, TRAIN_FONTS
from training.items import FIRST_TEST_DIGIT, Digit
from training.packing import answer_logits, exact, pack
from training.scene import GRID, PATCH, dense, sparse
from training.tasks import COUNTED, TASKS, questions
from training.world import draw_word, held_out


def scenes(test: bool, count: int = 40) -> list:
    rng = random.Random(3)
    return [sparse(rng, test) for _ in range(count)]


def test_what_is_held_out_is_never_trained_on() -> None:
    assert not set(TRAIN_FONTS) & set(TEST_FONTS)
    families = {path.rsplit("/", 1)[1].split("-")[0] for path in TEST_FONTS}
    assert not any(family in path for family in families for path in TRAIN_FONTS)
    rng = random.Random(1)
    train = {draw_word(rng, test=False) for _ in range(2000)}
    test = {draw_word(rng, test=True) for _ in range(2000)}
    assert not {word for word in train & test if len(word) > 1}
    assert all(held_out(word) for word in test if len(word) > 1)
    assert all(Digit.draw(rng, True, "red").number >= FIRST_TEST_DIGIT for _ in range(50))
    assert all(Digit.draw(rng, False, "red").number < FIRST_TEST_DIGIT for _ in range(50))


def test_the_same_seed_draws_the_same_picture() -> None:
    first, second = (sparse(random.Random(5)) for _ in range(2))
    assert np.array_equal(first.draw(), second.draw())


@pytest.mark.parametrize("make", [sparse, dense])
def test_labels_lie_where_the_ink_is(make) -> None:
    scene = make(random.Random(8))
    labels = {name: grid.reshape(GRID, GRID) for name, grid in scene.labels().items()}
    for item in scene.items:
        for mark in item.marks():
            x, y = mark.centre
            cell = int(y // PATCH), int(x // PATCH)
            assert labels["centre"][cell] > 1
            assert labels["length"][cell] == mark.length
    assert labels["colour"].max() > 0
    assert bool((labels["cover"][labels["centre"] == 0] == 0).all())


@pytest.mark.parametrize("task", TASKS)
def test_every_task_asks_and_answers_from_the_scene(task: str) -> None:
    rng, asked = random.Random(2), []
    for scene in scenes(test=True, count=80):
        got = TASKS[task].ask(scene, rng)
        if got:
            asked.append((scene, *got))
    assert asked, "nothing was ever asked"
    for scene, question, answer in asked:
        words = {item.name for item in scene.items} | {item.colour for item in scene.items}
        assert question
        assert answer
        if task in ("colour", "shape", "digit", "read_by_colour", "read_by_place", "find_word"):
            assert answer in words


def test_read_all_is_only_for_training() -> None:
    assert "read_all" not in COUNTED
    assert len(COUNTED) == 8


def test_words_are_spelled_and_questions_are_not() -> None:
    built = tokenizer.build()
    assert built.tokenize("CATS") == ["C", "A", "T", "S"]
    assert built.tokenize("90210") == list("90210")
    assert built.tokenize("red") == ["red"]
    assert built.decode(built.encode("What does the red word say?")) == "What does the red word say?"
    assert built.decode(built.encode("naïve £ 漢")) == "naïve £ 漢"


def test_packed_questions_are_answered_as_if_each_stood_alone() -> None:
    torch.manual_seed(0)
    lm, head, symbols = language.build()
    rng = random.Random(4)
    sample = language.example(rng)
    while len(sample["asked"]) < 3:
        sample = language.example(rng)
    places, labels, packed, asked = language.collate([sample])
    seen = symbols(labels, places)
    together, tokens = answer_logits(lm, head, seen, places, packed)
    alone = [answer_logits(lm, head, seen, places, pack([[one]])) for one in asked[0]]
    assert torch.allclose(together, torch.cat([logits for logits, _ in alone]), atol=1e-4)
    assert torch.equal(tokens, torch.cat([wanted for _, wanted in alone]))


def test_exact_match_needs_every_token() -> None:
    packed = pack([[("shape", "Which shape is red?", "circle"), ("read_by_colour", "Read the red word.", "CAT")]])
    rows, columns = packed.target.nonzero(as_tuple=True)
    tokens = packed.ids[rows, columns]
    right = torch.nn.functional.one_hot(tokens, 464).float()
    assert exact(right, tokens, packed) == {(0, 0): True, (0, 1): True}
    right[-2] = right[-2].roll(1)
    assert exact(right, tokens, packed) == {(0, 0): True, (0, 1): False}


def test_positions_start_as_sine_cosine() -> None:
    positions = model.sine_cosine_positions()
    assert positions.shape == (577, model.WIDTH)
    near = torch.cosine_similarity(positions[1], positions[2], dim=0)
    far = torch.cosine_similarity(positions[1], positions[24], dim=0)
    assert near > far


def test_questions_are_different_and_few() -> None:
    for scene in scenes(test=False):
        asked = questions(scene, random.Random(0), most=8)
        assert len(asked) <= 8
        assert len({question for _, question, _ in asked}) == len(asked)
