"""From a checkpoint's files to its settings, for the families that put a picture on one of a list of canvases."""

from __future__ import annotations

from vtok.catalog.config_deepseek import encoder_name
from vtok.catalog.processor_files import CheckpointFiles, Found, length, told
from vtok.catalog.rules_fixed import kept_class_tokens
from vtok.errors import ModelError


def llava_next(files: CheckpointFiles) -> Found:
    """The canvases are in the processor's file or in the model's."""
    return "llava_next", told(
        side=files.side("shortest_edge", "height") or length(files.image.get("crop_size"), "height"),
        patch=files.whole("patch_size"),
        pinpoints=files.image.get("image_grid_pinpoints") or files.config.get("image_grid_pinpoints"),
        extra=kept_class_tokens(files) or None,
    )


def llava_onevision(files: CheckpointFiles) -> Found:
    """As LLaVA-NeXT; the bound on tiles is in the name of the way it treats aspect ratios."""
    _, settings = llava_next(files)
    settings.pop("extra", None)
    ratio = str(files.processor.get("vision_aspect_ratio") or files.config.get("vision_aspect_ratio") or "")
    most = ratio.removeprefix("anyres_max_")
    if ratio and not most.isdigit():
        raise ModelError(f"vtok does not know the vision_aspect_ratio {ratio!r}; it knows anyres_max_9 and the like")
    return "llava_onevision", {**settings, **told(max_tiles=int(most) if most else None)}


def granite4(files: CheckpointFiles) -> Found:
    """As LLaVA-NeXT; a window of patches is brought down to fewer tokens."""
    _, settings = llava_next(files)
    rate = files.processor.get("downsample_rate") or files.config.get("downsample_rate")
    if rate is None:
        return "llava_next", settings
    tokens, _, patches = str(rate).partition("/")
    if not (tokens.isdigit() and patches.isdigit()):
        raise ModelError(f"vtok does not know the downsample_rate {rate!r}; it knows fractions such as 4/8")
    return "llava_next", {**settings, "downsample": (int(tokens), int(patches))}


def aria(files: CheckpointFiles) -> Found:
    """Crops of 980 px that are not split: the processor takes these whatever its image processor's file says."""
    by_size = files.processor.get("size_conversion") or {}
    return "aria", told(
        tokens=by_size.get("980"),
        min_size=files.image.get("min_image_size"),
        canvases=files.image.get("split_resolutions"),
    )


#: What differs from the family's settings in DeepSeek-OCR and DeepSeek-OCR 2, by their encoder's name.
_DEEPSEEK_OCR = {"deeplip_b_l": {}, "deepencoderv2": {"tile": 768, "max_tiles": 6, "row_ends": False}}


def deepseek_v2(files: CheckpointFiles) -> Found:
    """DeepSeek-VL2, DeepSeek-OCR and DeepSeek-OCR 2 say the same kind of themselves; their encoders tell them apart."""
    name = encoder_name(files.config)
    return ("deepseek_ocr", dict(_DEEPSEEK_OCR[name])) if name else deepseek_vl2(files)


def deepseek_vl2(files: CheckpointFiles) -> Found:
    """The canvases are in the processor's file, in px."""
    canvases = files.processor.get("candidate_resolutions") or ()
    tile = min((side for canvas in canvases for side in canvas), default=384)
    patch, ratio = files.processor.get("patch_size") or 14, files.processor.get("downsample_ratio") or 2
    grids = tuple((wide // tile, high // tile) for wide, high in canvases)
    return "deepseek_vl2", {**told(canvases=grids or None), "tile": tile, "rows": -(-(tile // patch) // ratio)}
