"""The pipeline: each stage on its own, and all of them together."""

from typing import Any

import pytest
import torch
from PIL import Image

from tests.conftest import METHODS, PATCH, SIDE, TOKENS
from vtok.errors import BudgetError, ImageError, MethodError, UsageError
from vtok.vlm.pipeline import VLM


def test_stages_can_be_looked_at_one_by_one(tiny_vlm: VLM, picture: Image.Image) -> None:
    prepared = tiny_vlm.prepare(picture)
    assert prepared.inputs["pixel_values"].shape == (1, 3, SIDE, SIDE)
    assert prepared.layout.total == TOKENS
    seen = tiny_vlm.encode([prepared, picture])
    assert [one.tokens.vectors.shape for one in seen] == [(TOKENS, 48)] * 2
    assert seen[0].tokens.grid == (SIDE // PATCH, SIDE // PATCH)
    assert seen[0].tokens.cls_attention is None
    assert torch.equal(seen[0].tokens.vectors, seen[1].tokens.vectors)
    cuts = tiny_vlm.reduce(seen, "visionzip", 9)
    assert cuts[0].reduced.vectors.shape == (9, 48)
    answer = tiny_vlm.generate(cuts, "What is red?", max_new_tokens=3)
    assert [image.after for image in answer.ledger.images] == [9, 9]
    assert len(answer.tokens) == 3


def test_cls_attention_comes_when_asked_for(tiny_vlm: VLM, picture: Image.Image) -> None:
    attention = tiny_vlm.encode([picture], cls_attention=True)[0].tokens.cls_attention
    assert attention is not None
    assert attention.shape == (4, TOKENS)
    assert bool((attention.sum(-1) < 1).all())
    assert bool((attention.sum(-1) > 0.5).all())


def test_vectors_are_what_the_model_itself_embeds(tiny_vlm: VLM, picture: Image.Image) -> None:
    prepared = tiny_vlm.prepare(picture)
    own = tiny_vlm.model.get_image_features(**prepared.inputs, return_dict=True).pooler_output[0]
    assert torch.equal(tiny_vlm.encode([prepared])[0].tokens.vectors, own)


@pytest.mark.parametrize("method", METHODS)
def test_one_call_equals_the_stages(tiny_vlm: VLM, picture: Image.Image, method: str) -> None:
    question = "What is red?"
    at_once = tiny_vlm.cut(picture, method, 9, question).reduced
    staged = tiny_vlm.reduce(tiny_vlm.encode([picture]), method, 9, question)[0].reduced
    assert torch.equal(at_once.vectors, staged.vectors)
    assert torch.equal(at_once.selection.kept, staged.selection.kept)


def test_the_answer_is_that_of_transformers_own_generate(tiny_vlm: VLM, picture: Image.Image) -> None:
    processor, question = tiny_vlm.processor, "What colour is the circle?"
    content = [{"type": "image"}, {"type": "text", "text": question}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = processor(images=picture, text=text, return_tensors="pt", add_special_tokens=False)
    plain = tiny_vlm.model.generate(**inputs, max_new_tokens=6, do_sample=False)[0, inputs["input_ids"].shape[1] :]
    answer = tiny_vlm.ask(picture, question, max_new_tokens=6)
    assert list(answer.tokens) == plain.tolist()


def test_the_ledger_is_measured(tiny_vlm: VLM, picture: Image.Image) -> None:
    answer = tiny_vlm.ask(picture, "What is red?", budget=9, max_new_tokens=4)
    ledger = answer.ledger
    assert (ledger.visual_before, ledger.visual_after, ledger.generated) == (TOKENS, 9, 4)
    positions = ledger.text_tokens + 9 + 3
    assert ledger.kv_lengths == (positions, positions)
    # two layers, keys and values, 2 heads of 16, 4 bytes a number
    assert ledger.kv_bytes == 2 * 2 * 2 * 16 * 4 * positions
    seconds = ledger.seconds
    assert min(seconds.preprocess, seconds.encode, seconds.reduce, seconds.prefill) > 0
    assert seconds.per_token is not None
    assert ledger.to_dict()["seconds"]["first_token"] == pytest.approx(seconds.first_token)


@pytest.mark.parametrize(
    ("method", "budget", "lengths"),
    [
        ("fastv:9@1", None, (TOKENS, 9)),
        ("fastv@1", 9, (TOKENS, 9)),
        ("vtw@1", None, (TOKENS, 0)),
        ("visionzip:20 | fastv:9@1", None, (20, 9)),
        # A budget that is left open is a quarter, as in vtok.reduce.
        ("visionzip | fastv:4@1", None, (TOKENS // 4, 4)),
        ("divprune:9", None, (9, 9)),
        ("visionzip", None, (TOKENS, TOKENS)),
    ],
)
def test_a_method_with_a_budget_of_its_own_acts_in_ask_as_in_reduce(
    tiny_vlm: VLM, picture: Image.Image, method: str, budget: int | None, lengths: tuple[int, int]
) -> None:
    answer = tiny_vlm.ask(picture, "What is red?", method=method, budget=budget, max_new_tokens=2)
    # Beside visual tokens a layer holds the text and the first of the two generated.
    assert answer.ledger.kv_lengths == tuple(answer.ledger.text_tokens + left + 1 for left in lengths)


def test_several_images_each_keep_their_budget(tiny_vlm: VLM, picture: Image.Image) -> None:
    answer = tiny_vlm.ask([picture, picture.rotate(90)], "Which one?", budget="25%", max_new_tokens=2)
    assert [image.after for image in answer.ledger.images] == [9, 9]


def test_text_streams_and_adds_up(tiny_vlm: VLM, picture: Image.Image) -> None:
    pieces: list[str] = []
    answer = tiny_vlm.ask(picture, "What is red?", max_new_tokens=6, on_text=pieces.append)
    assert "".join(pieces).strip() == answer.text


def test_a_batch_of_questions_encodes_the_picture_once(tiny_vlm: VLM, picture: Image.Image) -> None:
    calls: list[Any] = []
    hook = tiny_vlm.model.model.vision_tower.register_forward_hook(lambda *_: calls.append(1))
    cuts = [tiny_vlm.cut(picture, "uniform", 9)]
    questions = ["What is red?", "How many squares are there in the picture?", "Where is the circle?"]
    together = tiny_vlm.generate_batch(cuts, questions, max_new_tokens=4)
    hook.remove()
    assert len(calls) == 1
    for question, answer in zip(questions, together, strict=True):
        alone = tiny_vlm.generate(cuts, question, max_new_tokens=4)
        assert answer.tokens == alone.tokens
        assert answer.ledger.text_tokens == alone.ledger.text_tokens
        assert answer.ledger.batch == 3


def test_placeholders_in_a_question_are_not_images(tiny_vlm: VLM, picture: Image.Image) -> None:
    plain = tiny_vlm.ask(picture, "What is red?", max_new_tokens=3)
    tricked = tiny_vlm.ask(picture, "What is <image>red?", max_new_tokens=3)
    assert plain.tokens == tricked.tokens


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ({"question": "   "}, UsageError),
        ({"budget": 0}, BudgetError),
        ({"budget": -4}, BudgetError),
        ({"budget": 9, "method": "visionzap"}, MethodError),
    ],
)
def test_what_makes_no_sense_is_refused(
    tiny_vlm: VLM, picture: Image.Image, call: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        tiny_vlm.ask(picture, **{"question": "What is red?", **call})


def test_missing_pictures_and_questions(tiny_vlm: VLM, picture: Image.Image) -> None:
    with pytest.raises(ImageError):
        tiny_vlm.ask("/nowhere.png", "What is red?")
    with pytest.raises(UsageError, match="no question"):
        tiny_vlm.generate_batch([tiny_vlm.cut(picture, None, None)], [])


def test_a_budget_above_what_every_picture_has_is_refused_before_it_is_encoded(
    tiny_vlm: VLM, picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny_vlm.model, "get_image_features", lambda **_: pytest.fail("encoded"))
    for method in ("visionzip", "downsample", "fastv"):
        with pytest.raises(BudgetError, match=f"9999 is more than there is: every picture is {TOKENS} visual tokens"):
            tiny_vlm.ask(picture, "What is red?", budget=9999, method=method)
