"""A checkpoint's processor: the image processor and the tokenizer, and how a picture stands in a prompt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vtok.errors import ModelError


@dataclass(frozen=True)
class Parts:
    """What vtok uses of a processor, where transformers cannot load the whole.

    Processors that also take videos want torchvision even for a picture; their parts do not.
    """

    image_processor: Any
    tokenizer: Any
    image_token: str
    chat_template: str | None = None


def load_processor(path: Path, image_token_id: int) -> Any:
    """The processor in the checkpoint directory ``path``, or its parts; raises ``ModelError`` where neither loads."""
    from transformers import AutoImageProcessor, AutoProcessor, AutoTokenizer

    safely = {"local_files_only": True, "trust_remote_code": False}
    try:
        whole = AutoProcessor.from_pretrained(path, **safely)
        if getattr(whole, "tokenizer", None) is not None and getattr(whole, "image_token", None):
            return whole
    except Exception as error:  # whatever is wrong inside a foreign checkpoint, the user gets one line
        because = " ".join(str(error).split())[:200]
    else:
        because = "its processor has no tokenizer or no image token"
    try:
        tokenizer = AutoTokenizer.from_pretrained(path, **safely)
        images = AutoImageProcessor.from_pretrained(path, **safely)
    except Exception as error:
        raise ModelError(f"the processor in {path} cannot be loaded: {because}") from error
    token = tokenizer.convert_ids_to_tokens(image_token_id)
    if not isinstance(token, str):
        raise ModelError(f"the tokenizer in {path} has no token {image_token_id}, the model's placeholder for pictures")
    return Parts(images, tokenizer, token)
