"""From a checkpoint's files to its settings, for the families that cut a picture into as many tiles as suit it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vtok.catalog.config_parts import vision_part
from vtok.catalog.processor_files import CheckpointFiles, Found, length, root, told
from vtok.errors import ModelError


def _tiles_of_got(files: CheckpointFiles) -> dict[str, Any]:
    # The processor crops whatever its image processor's file says of crop_to_patches.
    image = files.image
    return told(tile=files.side("height"), min_tiles=image.get("min_patches"), max_tiles=image.get("max_patches"))


def internvl(files: CheckpointFiles) -> Found:
    """InternVL in transformers' own format."""
    return "internvl", {**_tiles_of_got(files), **told(rows=root(files.processor.get("image_seq_length")))}


def got_ocr2(files: CheckpointFiles) -> Found:
    """The whole picture as one tile: the processor crops when it is called so, whatever the file says."""
    return "internvl", {"tile": files.side("height") or 384, "max_tiles": 1, "markers": 0}


def internvl_chat(files: CheckpointFiles) -> Found:
    """InternVL as its makers publish it: everything is in ``config.json``."""
    config = files.config
    most = config.get("max_dynamic_patch", 12) if config.get("dynamic_image_size", True) else 1
    if most > 1 and not config.get("use_thumbnail", True):
        raise ModelError("this InternVL has no thumbnail behind its tiles; vtok knows those that have one")
    size, patch = config.get("force_image_size"), vision_part(config).get("patch_size")
    if not size or not patch:
        raise ModelError("config.json lacks force_image_size or the patch_size of its vision_config")
    rows = round(size // patch * config.get("downsample_ratio", 0.5))
    least = config.get("min_dynamic_patch") if most > 1 else None
    return "internvl", told(tile=size, min_tiles=least, max_tiles=most, rows=rows)


def aya(files: CheckpointFiles) -> Found:
    """As InternVL, with a marker before each tile."""
    size = files.processor.get("img_size") or files.side("height") or 364
    rows = size // (files.processor.get("patch_size") or 28)
    return "internvl", {**_tiles_of_got(files), "tile": size, "rows": rows, "markers": 2, "tile_markers": 1}


def idefics3(files: CheckpointFiles) -> Found:
    """Idefics3 and SmolVLM."""
    return "idefics3", told(
        longest_edge=files.side("longest_edge"),
        tile=length(files.image.get("max_image_size"), "longest_edge", "height"),
        rows=root(files.processor.get("image_seq_len")),
        split=files.flag("do_image_splitting", True),
    )


def granite_docling(files: CheckpointFiles) -> Found:
    """The fine route doubles the tokens along each side of a tile."""
    image = files.image
    rows = root(files.processor.get("image_seq_len")) or 8
    cropped = files.flag("crop_to_patches", True)
    return "granite_docling", told(
        tile=files.side("height"),
        min_tiles=image.get("min_patches") if cropped else 1,
        max_tiles=image.get("max_patches") if cropped else 1,
        rows=2 * rows if files.flag("fine_route", False) else rows,
        dense_max_tiles=image.get("dense_max_patches") if cropped else 0,
        dense_max_scale=image.get("dense_max_scale"),
        dense_min_aspect=image.get("dense_min_aspect"),
        dense_max_aspect=image.get("dense_max_aspect"),
    )


def idefics2(files: CheckpointFiles) -> Found:
    """Quarters where the processor splits."""
    return "idefics2", told(
        longest_edge=files.side("longest_edge"),
        shortest_edge=files.side("shortest_edge"),
        tokens=files.processor.get("image_seq_len"),
        split=files.flag("do_image_splitting", False),
    )


def cohere2(files: CheckpointFiles) -> Found:
    """One tile where the processor does not crop."""
    most = files.image.get("max_patches") if files.flag("crop_to_patches", True) else 1
    return "cohere2", told(tile=files.side("height"), max_tiles=most)


def perception_lm(files: CheckpointFiles) -> Found:
    """The tokens of a tile follow from its patches and the pooling."""
    image, processor = files.image, files.processor
    tile = image.get("tile_size", 448)
    return "perception_lm", told(
        tile=tile,
        max_tiles=image.get("max_num_tiles"),
        rows=tile // processor.get("patch_size", 14) // processor.get("pooling_ratio", 2),
        tiled=image.get("vision_input_type", "thumb+tile") == "thumb+tile",
    )


def lfm2_vl(files: CheckpointFiles) -> Found:
    """The model's file repeats what the processor's says."""
    image = {**files.config, **files.image}
    tiled = image.get("do_image_splitting", True)
    return "lfm2_vl", told(
        min_tokens=image.get("min_image_tokens"),
        max_tokens=image.get("max_image_tokens"),
        patch=image.get("encoder_patch_size"),
        merge=image.get("downsample_factor"),
        tile=image.get("tile_size"),
        min_tiles=image.get("min_tiles") if tiled else 1,
        max_tiles=image.get("max_tiles") if tiled else 1,
        tolerance=image.get("max_pixels_tolerance"),
        thumbnail=image.get("use_thumbnail"),
        markers=files.processor.get("use_image_special_tokens", image.get("use_image_special_tokens")),
    )


def minicpm46(usual: str = "16x") -> Callable[[CheckpointFiles], Found]:
    """MiniCPM-V 4.6 and later and MiniCPM-OCR, in transformers' format; ``usual``: the mode that files leave out."""

    def rule(files: CheckpointFiles) -> Found:
        image = files.image
        mode, upsize = str(image.get("downsample_mode", usual)), image.get("small_image_upsize", "always")
        if mode not in ("16x", "4x"):
            raise ModelError(f"vtok does not know the downsample_mode {mode!r}; it knows 16x and 4x")
        if upsize not in ("always", "never"):
            raise ModelError(f"small_image_upsize is {upsize!r}: the count then depends on what a picture shows")
        return "minicpmv", told(
            scale=image.get("scale_resolution"),
            max_slices=image.get("max_slice_nums") if files.flag("slice_mode", True) else 1,
            side=(image.get("patch_size") or 14) * (4 if mode == "16x" else 2),
            numbered=image.get("use_image_id"),
            upsize=upsize == "always",
        )

    return rule


def minicpmv(files: CheckpointFiles) -> Found:
    """MiniCPM-V 2.5 and 2.6, as their makers publish them."""
    version, count = str(files.config.get("version")), files.config.get("query_num")
    if version not in ("2.5", "2.6") or not count:
        raise ModelError(f"vtok knows MiniCPM-V 2.5 and 2.6 with their query_num, not version {version!r}")
    scale, most = files.image.get("scale_resolution"), files.image.get("max_slice_nums")
    markers = 2 if version == "2.5" else 0
    slices = told(scale=scale, max_slices=most, side=14, queries=count, numbered=version != "2.5")
    return "minicpmv", {**slices, "slice_markers": markers}


def deepseek_ocr2(files: CheckpointFiles) -> Found:
    """Up to six tiles: the processor's own bound, whatever its image processor's file says."""
    tile = files.image.get("tile_size") or 768
    return "deepseek_ocr", {**told(size=files.side("height")), "tile": tile, "max_tiles": 6, "row_ends": False}


def unlimited_ocr(files: CheckpointFiles) -> Found:
    """The whole only where the processor does not crop."""
    image = files.image
    return "deepseek_ocr", told(
        size=files.side("height"),
        tile=image.get("tile_size"),
        min_tiles=image.get("min_patches"),
        max_tiles=image.get("max_patches") or 32,
        tiled=files.flag("crop_to_patches", True),
    )


def molmo2(files: CheckpointFiles) -> Found:
    """Overlapping crops."""
    image = files.image
    return "molmo2", told(
        crop=files.side("height"),
        max_crops=image.get("max_crops"),
        margin=sum(image["overlap_margins"]) if image.get("overlap_margins") else None,
        patch=image.get("patch_size"),
        pool=length(image.get("pooling_size"), "height"),
        row_ends=files.processor.get("image_use_col_tokens"),
    )


def ovis2(files: CheckpointFiles) -> Found:
    """One tile where the processor does not crop."""
    most = files.image.get("max_patches") if files.flag("crop_to_patches", False) else 1
    rows = root(files.processor.get("image_seq_length"))
    return "ovis2", told(tile=files.side("height"), max_tiles=most, rows=rows)
