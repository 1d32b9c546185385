"""``vtok.load`` on directories of other families than LLaVA: the same answers as transformers, fewer tokens, maps."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import vtok
from tests.zoo.directories import save
from vtok.cli.main import app
from vtok.errors import MethodError
from vtok.vlm.pipeline import VLM
from vtok.vlm.trace import trace

NAMES = ("qwen2_5_vl", "smolvlm", "llava_next")


@pytest.fixture(scope="module", params=NAMES)
def vlm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> VLM:
    loaded = vtok.load(save(request.param, tmp_path_factory.mktemp(request.param)), device="cpu")
    loaded.model.generation_config.eos_token_id = None
    return loaded


@pytest.fixture
def wide() -> Image.Image:
    image = Image.new("RGB", (150, 90), "white")
    image.paste((200, 30, 30), (10, 10, 60, 50))
    return image


def plain(vlm: VLM, wide: Image.Image, steps: int) -> list[int]:
    """What transformers says, from the prompt that the pipeline made."""
    prepared = vlm.prepare(wide)
    cuts = [vlm.cut(prepared, None)]
    prompt = vlm.interleave(cuts, ["What is red?"])
    inputs: dict[str, Any] = {"input_ids": prompt.ids, "attention_mask": prompt.mask, **prepared.inputs}
    if vlm.model.config.model_type == "qwen2_5_vl":
        inputs["mm_token_type_ids"] = (prompt.ids == vlm.image_token).long()
    said = vlm.model.generate(**inputs, max_new_tokens=steps, do_sample=False)
    return said[0, prompt.ids.shape[1] :].tolist()


def test_a_whole_picture_gives_what_transformers_says(vlm: VLM, wide: Image.Image) -> None:
    assert list(vlm.ask(wide, "What is red?", max_new_tokens=4).tokens) == plain(vlm, wide, 4)


def test_the_prompt_is_that_of_the_models_own_processor(vlm: VLM, wide: Image.Image) -> None:
    if vlm.model.config.model_type == "qwen2_5_vl":
        pytest.skip("its processor wants torchvision")
    cut = vlm.cut(wide, None)
    ours = vlm.interleave([cut], ["What is red?"]).ids
    content = [{"type": "image"}, {"type": "text", "text": "What is red?"}]
    text = vlm.processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    theirs = vlm.processor(images=[wide], text=text, return_tensors="pt")["input_ids"]
    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("method", ["divprune", "uniform", "random:6 | fastv:3@1"])
def test_fewer_tokens_and_a_ledger(vlm: VLM, wide: Image.Image, method: str) -> None:
    chained = "|" in method
    answer = vlm.ask([wide, wide], "What is red?", method=method, budget=None if chained else 6, max_new_tokens=3)
    whole = vlm.ask([wide, wide], "What is red?", max_new_tokens=3)
    assert answer.ledger.visual_after == 12
    assert answer.ledger.visual_before == whole.ledger.visual_before > 12
    assert answer.ledger.kv_bytes < whole.ledger.kv_bytes
    first, last = answer.ledger.kv_lengths
    assert (first > last) == chained


def test_the_layout_is_known_and_the_map_can_be_drawn(vlm: VLM, wide: Image.Image) -> None:
    cut = vlm.cut(wide, "uniform", 6)
    assert cut.prepared.layout.content == cut.reduced.selection.before
    assert len(cut.prepared.layout.token_boxes) == cut.reduced.selection.before


def test_a_trace_sees_where_words_looked(vlm: VLM, wide: Image.Image) -> None:
    seen = trace(vlm, [wide], "What is red?", "uniform", 6, max_new_tokens=2)
    for word in seen.words:
        for look in word.layers:
            assert look.text + look.answer + sum(look.images) == pytest.approx(1, abs=1e-4)
    visual = [run for run in seen.runs if run.kind == "image 1"]
    assert sum(run.stop - run.start for run in visual) >= 6


def test_what_a_family_does_not_have_is_said(vlm: VLM, wide: Image.Image) -> None:
    with pytest.raises(MethodError, match="already cut up"):
        vlm.ask(wide, "What is red?", method="downsample", budget=4)


def test_a_checkpoint_without_its_processor_is_refused(tmp_path: Path) -> None:
    save("qwen2_5_vl", tmp_path)
    for name in ("preprocessor_config.json", "processor_config.json"):
        (tmp_path / name).unlink(missing_ok=True)
    with pytest.raises(vtok.VtokError, match=r"the processor in .* cannot be loaded"):
        vtok.load(tmp_path, device="cpu")


def test_batches_of_questions(vlm: VLM, wide: Image.Image) -> None:
    cuts = [vlm.cut(wide, "uniform", 6)]
    together = vlm.generate_batch(cuts, ["What is red?", "And what else can be seen?"], max_new_tokens=3)
    for answer in together:
        assert answer.tokens == vlm.generate(cuts, answer.question, max_new_tokens=3).tokens
    assert torch.is_tensor(cuts[0].reduced.vectors)


def test_a_trace_does_not_go_through_layers_that_lose_tokens(vlm: VLM, wide: Image.Image) -> None:
    with pytest.raises(MethodError, match="takes tokens out of some"):
        trace(vlm, [wide], "What is red?", "fastv:4@1")


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> VLM:
    return vtok.load(save("qwen2_5_vl", tmp_path_factory.mktemp("qwen")), device="cpu")


@pytest.mark.parametrize("method", ["pixelprune", "pixelprune | divprune:6"])
def test_blank_paper_never_enters_the_encoder(qwen: VLM, wide: Image.Image, method: str) -> None:
    seen: list[int] = []
    hook = qwen.model.model.visual.blocks[0].register_forward_hook(lambda _, args, output: seen.append(len(output)))
    answer = qwen.ask(wide, "What is red?", method=method, max_new_tokens=2)
    hook.remove()
    (cut,) = answer.cuts
    first = qwen.cut(wide, "pixelprune").reduced.selection
    assert seen == [4 * first.after]
    assert first.after < first.before
    assert cut.reduced.selection.after == answer.ledger.visual_after == (6 if "|" in method else first.after)
    again = qwen.reduce(qwen.encode([wide]), method)[0]
    assert torch.equal(again.reduced.selection.kept, cut.reduced.selection.kept)
    assert torch.equal(again.reduced.vectors, cut.reduced.vectors)


def test_show_draws_what_never_entered(qwen: VLM, wide: Image.Image, tmp_path: Path) -> None:
    wide.save(tmp_path / "wide.png")
    model = save("qwen2_5_vl", tmp_path / "model")
    arguments = ["show", str(tmp_path / "wide.png"), "--model", str(model), "--method", "pixelprune", "--json"]
    done = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "kept.png"), "--device", "cpu"])
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    assert data["method"] == "pixelprune"
    assert data["budget"] is None
    kept = [index for index, token in enumerate(data["tokens"]) if token["state"] == "kept"]
    assert kept == qwen.cut(wide, "pixelprune").reduced.selection.kept.tolist()
