"""From a checkpoint's files to its settings, for the families that bring every picture to one square."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vtok.catalog.processor_files import CheckpointFiles, Found, length, root, told
from vtok.catalog.rules_native import pixtral
from vtok.errors import ModelError


def llava(files: CheckpointFiles) -> Found:
    """LLaVA-1.5, and Pixtral, which transformers loads as a LLaVA."""
    if files.kind == "PixtralImageProcessor":
        return pixtral(files)
    if kept_class_tokens(files):
        raise ModelError("this LLaVA keeps the encoder's class token, which vtok does not count")
    patch = files.whole("patch_size")
    crop = length(files.image.get("crop_size"), "height")
    if files.flag("do_center_crop", True) and crop:
        return "llava", told(shortest_edge=files.side("shortest_edge") or crop, crop=crop, patch=patch)
    square = files.side("height", "shortest_edge")
    if square is None:
        raise ModelError("the processor's files do not tell the size to which this LLaVA brings pictures")
    return "llava", {**told(patch=patch), "shortest_edge": square, "crop": None, "pad": files.flag("do_pad", False)}


def kept_class_tokens(files: CheckpointFiles) -> int:
    """How many tokens that show no patch a LLaVA keeps for each tile."""
    beside = int(files.processor.get("num_additional_image_tokens", 0))
    return max(beside - (files.processor.get("vision_feature_select_strategy") == "default"), 0)


def fixed(size: int, rows: int, **always: Any) -> Callable[[CheckpointFiles], Found]:
    """A square of ``size`` px and ``rows`` x ``rows`` tokens unless the files say otherwise."""

    def rule(files: CheckpointFiles) -> Found:
        count = files.processor.get("image_seq_length") or files.image.get("image_seq_length")
        side = files.side("height", "shortest_edge") or size
        return "fixed", {"size": side, "rows": root(count) or rows, **always}

    return rule


def gemma3(files: CheckpointFiles) -> Found:
    """Pan-and-scan as the files have it; what they leave null is as in the processor."""
    image = files.image
    return "gemma3", told(
        size=files.side("height", "shortest_edge") or 896,
        rows=root(files.processor.get("image_seq_length") or image.get("image_seq_length")),
        do_pan_and_scan=image.get("do_pan_and_scan"),
        min_crop=image.get("pan_and_scan_min_crop_size"),
        max_crops=image.get("pan_and_scan_max_num_crops"),
        min_ratio=image.get("pan_and_scan_min_ratio_to_activate"),
    )


def video_llava(files: CheckpointFiles) -> Found:
    """A picture is as in LLaVA-1.5, at 224 px."""
    processor = {"vision_feature_select_strategy": "default", "num_additional_image_tokens": 1, "patch_size": 14}
    return llava(CheckpointFiles(files.config, {**_cropped(224), **files.image}, {**processor, **files.processor}))


def fast_vlm(files: CheckpointFiles) -> Found:
    """As LLaVA-1.5, at 1024 px; the encoder's last stage makes one token of 64 x 64 px."""
    return llava(
        CheckpointFiles(files.config, {**_cropped(1024), **files.image}, {"patch_size": 64, **files.processor})
    )


def _cropped(side: int) -> dict[str, Any]:
    return {"crop_size": {"height": side, "width": side}, "size": {"shortest_edge": side}}


def paligemma(files: CheckpointFiles) -> Found:
    """A token a patch."""
    size = files.side("height") or 224
    count = files.image.get("image_seq_length") or files.processor.get("image_seq_length")
    return "fixed", {"size": size, "rows": root(count) or size // (files.whole("patch_size") or 14)}


def florence2(files: CheckpointFiles) -> Found:
    """A grid, and before it one token for all of it."""
    count = files.processor.get("num_image_tokens") or files.image.get("image_seq_length") or 577
    return "fixed", {"size": files.side("height") or 768, "rows": root(count - 1), "pooled": 1}


def queries(files: CheckpointFiles) -> Found:
    """A fixed number of queries that see all of the picture."""
    count = files.processor.get("num_query_tokens") or files.config.get("num_query_tokens") or 32
    return "fixed", {"size": files.side("height") or 224, "rows": 0, "pooled": count}


def kosmos2(files: CheckpointFiles) -> Found:
    """As many queries as the model has, between a begin and an end."""
    size, shape = files.side("height"), "squeeze"
    if size is None and files.flag("do_center_crop", True):
        size, shape = length(files.image.get("crop_size"), "height"), "crop"
    count = files.config.get("latent_query_num") or 64
    return "fixed", {"size": size or 224, "rows": 0, "pooled": count, "structural": 2, "shape": shape}
