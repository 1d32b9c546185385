"""What carries visual tokens into a model: pictures, and videos; how transformers names what belongs to each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Modality:
    """``name`` is the key in ``mm_encoder_outputs`` and the middle of ``get_..._features``.

    ``pixels`` are the arguments that hold its pixels, of which only one is there; ``tokens`` the attributes of a
    configuration that name its placeholder.
    """

    name: str
    pixels: tuple[str, ...]
    tokens: tuple[str, ...]


IMAGE = Modality(
    "image",
    ("pixel_values", "image_patches", "pixel_values_images"),
    ("image_token_id", "image_token_index", "image_patch_id"),
)
VIDEO = Modality("video", ("pixel_values_videos",), ("video_token_id", "video_token_index"))
