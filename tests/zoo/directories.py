"""Whole checkpoint directories of tiny models: weights, tokenizer, image processor, chat template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import zoo
from vtok.vlm.loading import EMBEDDED_PATH

_TURNS = (
    "{% for m in messages %}{{ m['role'] }}: {% for c in m['content'] %}{% if c['type'] == 'image' %}IMAGE"
    "{% else %}{{ c['text'] }}{% endif %}{% endfor %}\n{% endfor %}assistant:"
)
_TILES = [[32, 64], [64, 32], [64, 64]]


def save(name: str, path: Path) -> Path:
    """A directory with the tiny model of the class in folder ``name``, one of three."""
    {"qwen2_5_vl": _qwen, "smolvlm": _smolvlm, "llava_next": _llava_next}[name](path)
    return path


def _tokenizer(added: list[str], picture: str) -> Any:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED_PATH, local_files_only=True)
    tokenizer.add_special_tokens({"additional_special_tokens": added})
    tokenizer.chat_template = _TURNS.replace("IMAGE", picture)
    return tokenizer


def _save(name: str, path: Path, token: int, parts: list[Any], **overrides: Any) -> None:
    tiny = zoo.fresh(name, image_token_id=token, **overrides)
    tiny.model.generation_config.suppress_tokens = None
    tiny.model.save_pretrained(path)
    for part in parts:
        part.save_pretrained(path)


def _qwen(path: Path) -> None:
    from transformers import Qwen2VLImageProcessorPil

    marks = ["<|vision_start|>", "<|image_pad|>", "<|vision_end|>"]
    tokenizer = _tokenizer(marks, "".join(marks))
    images = Qwen2VLImageProcessorPil(size={"shortest_edge": 56 * 56, "longest_edge": 28 * 28 * 30})
    _save("qwen2_5_vl", path, tokenizer.convert_tokens_to_ids("<|image_pad|>"), [tokenizer, images])


def _smolvlm(path: Path) -> None:
    from transformers import Idefics3Processor, SmolVLMImageProcessorPil

    marks = [f"<row_{row}_col_{column}>" for row in range(1, 4) for column in range(1, 4)]
    tokenizer = _tokenizer(["<fake_token_around_image>", "<global-img>", *marks], "<image>")
    images = SmolVLMImageProcessorPil(size={"longest_edge": 128}, max_image_size={"longest_edge": 64})
    # SmolVLM's own processor takes videos too and wants torchvision; for pictures this one does the same.
    processor = Idefics3Processor(images, tokenizer, image_seq_len=16, chat_template=tokenizer.chat_template)
    _save("smolvlm", path, tokenizer.convert_tokens_to_ids("<image>"), [processor])


def _llava_next(path: Path) -> None:
    from transformers import LlavaNextImageProcessorPil, LlavaNextProcessor

    tokenizer = _tokenizer([], "<image>\n")
    images = LlavaNextImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}, image_grid_pinpoints=_TILES
    )
    processor = LlavaNextProcessor(
        images, tokenizer, patch_size=8, vision_feature_select_strategy="default", image_token="<image>",
        chat_template=tokenizer.chat_template, num_additional_image_tokens=1,
    )  # fmt: skip
    _save("llava_next", path, tokenizer.convert_tokens_to_ids("<image>"), [processor])
