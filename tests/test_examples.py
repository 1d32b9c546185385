"""The examples run as they are, on tiny checkpoints."""

import runpy
import sys
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("transformers")

from tests.zoo.directories import save

FOLDER = Path(__file__).parents[1] / "examples"


class WithoutVideos:
    """Qwen2.5-VL's processor for pictures; its own takes videos too and wants torchvision, which tests do without."""

    def __init__(self, path):
        from transformers import AutoImageProcessor, AutoTokenizer

        self.images = AutoImageProcessor.from_pretrained(path, local_files_only=True)
        self.tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
        self.decode = self.tokenizer.decode

    def apply_chat_template(self, messages, **options):
        return self.tokenizer.apply_chat_template(messages, tokenize=False, **options)

    def __call__(self, images, text, return_tensors):
        visual = self.images(images=images, return_tensors=return_tensors)
        count = int(visual["image_grid_thw"][0].prod()) // 4
        made = self.tokenizer(text.replace("<|image_pad|>", "<|image_pad|>" * count), return_tensors=return_tensors)
        types = (made["input_ids"] == self.tokenizer.convert_tokens_to_ids("<|image_pad|>")).long()
        return {**made, **visual, "mm_token_type_ids": types}


@pytest.mark.parametrize("name", ["qwen2_5_vl", "llava_next", "smolvlm"])
def test_reducing(name, tmp_path, monkeypatch, capsys):
    script = FOLDER / f"reduce_{name.replace('2_5_vl', '25vl')}.py"
    if not script.exists():
        pytest.skip("a distribution without its examples")
    if name == "qwen2_5_vl":
        from transformers import AutoProcessor

        monkeypatch.setattr(AutoProcessor, "from_pretrained", lambda path, **_: WithoutVideos(path))
    checkpoint = save(name, tmp_path / "checkpoint")
    Image.new("RGB", (150, 90), "red").save(tmp_path / "red.png")
    code = script.read_text(encoding="utf-8").replace(":640", ":16").replace(":160@2", ":4@1").replace("=64", "=8")
    short = tmp_path / script.name
    short.write_text(code, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", [script.name, str(checkpoint), str(tmp_path / "red.png"), "What is it?"])
    runpy.run_path(str(short), run_name="__main__")
    assert int(capsys.readouterr().out.split()[0]) == {"qwen2_5_vl": 3, "llava_next": 16, "smolvlm": 8}[name]


@pytest.mark.parametrize("name", ["qwen25vl", "llava_next", "smolvlm"])
def test_a_users_own_part_is_short(name):
    lines = (FOLDER / f"reduce_{name}.py").read_text(encoding="utf-8").splitlines()
    own = lines[lines.index("checkpoint, picture, question = sys.argv[1:]") + 1 :]
    assert len(own) < 10
