"""The embedded model: what it is made of, and that it answers about pictures it was never trained on."""

import random

import pytest
from PIL import Image
from safetensors import safe_open

from vtok.vlm.loading import EMBEDDED_PATH
from vtok.vlm.pipeline import VLM


def test_it_is_small_and_in_the_hub_layout() -> None:
    assert sum(file.stat().st_size for file in EMBEDDED_PATH.iterdir()) < 16 * 2**20
    with safe_open(EMBEDDED_PATH / "model.safetensors", "pt") as weights:
        names = set(weights.keys())
        kinds = {weights.get_tensor(name).dtype for name in names}
    assert {str(kind) for kind in kinds} == {"torch.bfloat16"}
    prefixes = (
        "vision_tower.vision_model.",
        "multi_modal_projector.",
        "language_model.model.",
        "language_model.lm_head.",
    )
    assert all(name.startswith(prefixes) for name in names)
    assert "vision_tower.vision_model.encoder.layers.0.self_attn.q_proj.weight" in names
    assert "language_model.model.layers.0.self_attn.q_proj.weight" in names


def test_it_is_the_llava_architecture_with_576_tokens(mini: VLM, picture: Image.Image) -> None:
    assert type(mini.model).__name__ == "LlavaForConditionalGeneration"
    assert mini.encode([picture])[0].tokens.vectors.shape[0] == 576


def test_every_weight_is_used(mini: VLM) -> None:
    with safe_open(EMBEDDED_PATH / "model.safetensors", "pt") as weights:
        stored = sum(weights.get_tensor(name).numel() for name in weights.keys())  # noqa: SIM118
    assert stored == sum(parameter.numel() for parameter in mini.model.parameters())


def test_it_answers_about_what_it_was_never_trained_on(mini: VLM) -> None:
    pytest.importorskip("font_roboto")
    from training.scene import sparse
    from training.tasks import COUNTED, questions

    rng, right = random.Random(11), []
    for _ in range(24):
        scene = sparse(rng, test=True)
        asked = [one for one in questions(scene, rng) if one[0] in COUNTED]
        if asked:
            answers = mini.generate_batch([mini.cut(scene.image(), None, None)], [q for _, q, _ in asked], 12)
            right += [answer.text == wanted for answer, (_, _, wanted) in zip(answers, asked, strict=True)]
    assert len(right) > 80
    assert sum(right) / len(right) > 0.7
