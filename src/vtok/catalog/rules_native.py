"""From a checkpoint's files to its settings, for the families that take a picture at about its own size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from vtok.catalog.processor_files import CheckpointFiles, Found, length, told
from vtok.errors import ModelError


def smart(family: str = "smart_resize", **always: Any) -> Callable[[CheckpointFiles], Found]:
    """Bounds in pixels, under either of the two names they go by; ``always`` holds where the files are silent."""

    def rule(files: CheckpointFiles) -> Found:
        image = files.image
        settings = told(
            min_pixels=image.get("min_pixels") or files.side("shortest_edge", "min_pixels"),
            max_pixels=image.get("max_pixels") or files.side("longest_edge", "max_pixels"),
            patch=length(image.get("patch_size"), "height"),
            merge=length(image.get("merge_size"), "height"),
        )
        return family, {**always, **settings}

    return rule


def emu3(files: CheckpointFiles) -> Found:
    """A token for each square of the spatial factor, and one at the end of each row."""
    name, settings = smart(min_pixels=512**2, max_pixels=1024**2, row_ends=True)(files)
    return name, {**settings, "patch": files.whole("spatial_factor", "downsample_ratio") or 8, "merge": 1}


def apertus(files: CheckpointFiles) -> Found:
    """A token for each square of the spatial factor."""
    name, settings = smart(min_pixels=128**2, max_pixels=1400**2)(files)
    return name, {**settings, "patch": length(files.image.get("spatial_factor")) or 16, "merge": 1}


def glmga(files: CheckpointFiles) -> Found:
    """GLM-GA is GLM-4.6V unless it resizes to several tokens at once."""
    if files.image.get("patch_expand_factor") not in (None, 1):
        raise ModelError("vtok does not know a patch_expand_factor other than 1")
    return smart("glm4v")(files)


def hunyuan(files: CheckpointFiles) -> Found:
    """Rows end with a token, and two stand around the picture unless the processor leaves them out."""
    name, settings = smart(min_pixels=512**2, max_pixels=2048**2, patch=16, row_ends=True)(files)
    return name, {**settings, "markers": 2 if files.processor.get("cat_extra_token", 1) else 0}


def pixtral(files: CheckpointFiles) -> Found:
    """The merge is in the processor, or in the model where older files leave it out."""
    return "pixtral", told(
        longest_edge=files.side("longest_edge"),
        patch=files.whole("patch_size"),
        merge=files.processor.get("spatial_merge_size") or files.config.get("spatial_merge_size"),
    )


def lighton(files: CheckpointFiles) -> Found:
    """As Pixtral, without row ends; what fills no token is lost."""
    name, settings = pixtral(files)
    return name, {"merge": 2, "patch": 14, **settings, "whole_tokens": False, "row_ends": False}


def gemma4(files: CheckpointFiles) -> Found:
    """A budget of tokens."""
    image = files.image
    return "gemma4", told(
        max_tokens=image.get("max_soft_tokens"), patch=image.get("patch_size"), pool=image.get("pooling_kernel_size")
    )


def kimi_vl(files: CheckpointFiles) -> Found:
    """A bound on patches."""
    return "kimi_vl", told(max_patches=files.image.get("in_token_limit"), patch=files.image.get("patch_size"))


def kimi_k25(files: CheckpointFiles) -> Found:
    """Bounds on patches, in transformers' names or in those of the original checkpoint."""
    image = {**files.image, **(files.image.get("media_proc_cfg") or {})}
    return "kimi_k25", told(
        max_patches=image.get("max_patches") or image.get("in_patch_limit"),
        max_side=files.side("max_height") or image.get("patch_limit_on_one_side"),
        patch=image.get("patch_size"),
        merge=length(image.get("merge_size") or image.get("merge_kernel_size"), "height"),
    )


def inkling(spare_column: bool) -> Callable[[CheckpointFiles], Found]:
    """A square, and a factor that may be null; without a bound a picture grows as far as the factor takes it."""

    def rule(files: CheckpointFiles) -> Found:
        edge = files.image.get("rescale_image_max_upscaled_long_edge", 2048)
        settings = told(patch=files.side("height"), scale=files.image.get("rescale_image_frac") or None)
        return "inkling", {**settings, "max_edge": math.inf if edge is None else edge, "spare_column": spare_column}

    return rule


def nemotron(files: CheckpointFiles) -> Found:
    """Bounds in patches; the merge is the inverse of a ratio."""
    image = files.image
    return "nemotron", told(
        min_patches=image.get("min_num_patches"),
        max_patches=image.get("max_num_patches"),
        patch=image.get("patch_size"),
        merge=round(1 / (image.get("downsample_ratio") or 0.5)),
        context=image.get("max_model_len"),
    )


def fuyu(files: CheckpointFiles) -> Found:
    """A screen and a patch."""
    width, height = files.side("width"), files.side("height")
    return "fuyu", told(width=width, height=height, patch=length(files.image.get("patch_size"), "height"))


def plain(family: str, **keys: str) -> Callable[[CheckpointFiles], Found]:
    """Copies settings: ``setting="key of the image processor"``, a square's side where the key is ``size``."""

    def rule(files: CheckpointFiles) -> Found:
        image = {**files.image, "size": files.side("height", "longest_edge")}
        return family, told(**{setting: image.get(key) for setting, key in keys.items()})

    return rule
