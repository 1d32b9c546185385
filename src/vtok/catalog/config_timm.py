"""Sizes of an encoder that transformers takes from timm: its name there, and what ``model_args`` change of it.

What timm's models have by themselves is in ``architectures.toml``; what else a configuration has, timm is not told. As
in timm 1.0, models/eva.py, models/fastvit.py and models/mobilenetv5.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vtok.catalog.architectures import architectures
from vtok.catalog.config_parts import Config, traits_of, whole_number
from vtok.catalog.stage_sizes import Stages

#: Settings that change nothing of what is held or worked out.
_ASIDE = {"ref_feat_shape"}
_VIT = {"hidden": "embed_dim", "layers": "depth", "heads": "num_heads", "image": "img_size", "patch": "patch_size"}
#: A multiple of channels beyond which no model is.
_MOST = 100
#: As for channels themselves, and for blocks.
_WIDEST = 2**16
_VIT_OTHERS = {"global_pool", "use_post_transformer_norm", "init_values", "class_token"}


def timm_sizes(part: Config) -> dict[str, Any]:
    """The fields of ``VisionSizes`` that ``part``, the configuration of an encoder of timm, tells.

    Where it sets what is not understood here, the kind says so, and is one that is not described.
    """
    name = str(part["architecture"]).partition(".")[0]
    told = part.get("model_args")
    args = {key: told[key] for key in told if key not in _ASIDE} if isinstance(told, Mapping) else {}
    alike = architectures()["vision"].get(name)
    if alike is None:
        return {"kind": name}
    form = alike["stages"]["form"] if "stages" in alike else "vit"
    strange = sorted(set(args) - _UNDERSTOOD[form])
    if strange:
        return {"kind": f"{name} with {', '.join(strange)}"}
    return {"kind": name, "patch": alike["patch"], **_FORMS[form](name, args, alike)}


def _vit(name: str, args: Config, alike: Config) -> dict[str, Any]:
    # Without a pooling of its own a Perception Encoder has one that reads all patches by attention.
    if args.get("global_pool", "map" if "_core_" in name else "") != "":
        return {"kind": f"{name} with its pooling"}
    found: dict[str, Any] = {ours: whole_number(args, (theirs,)) or alike[ours] for ours, theirs in _VIT.items()}
    found["mlp"] = found["hidden"] * alike["mlp"] // alike["hidden"]
    found |= traits_of(args, {"class_token": "class_token", "post_norm": "use_post_transformer_norm"})
    if "init_values" in args:
        found["layer_scale"] = args["init_values"] is not None
    return {name: value for name, value in found.items() if value is not None}


def _fastvit(name: str, args: Config, alike: Config) -> dict[str, Any]:
    own = alike["stages"]
    counts, widths = args.get("layers"), args.get("embed_dims", own["widths"])
    if args.get("inference_mode") is not True:
        return {"kind": f"{name} with the branches of its training"}
    if not _one_each(widths, own["widths"]) or not (counts is None or _one_each(counts, own["widths"])):
        return {"kind": f"{name} with stages of its own"}
    blocks = own["blocks"] if counts is None else map(_repeated, own["blocks"], counts)
    return {"hidden": 2 * widths[-1], "stages": Stages(stem=widths[0], widths=tuple(widths), blocks=tuple(blocks))}


def _one_each(told: Any, stages: list[int]) -> bool:
    """Whether ``told`` is a positive whole number for every stage."""
    return (
        isinstance(told, list | tuple)
        and len(told) == len(stages)
        and all(type(n) is int and 0 < n < _WIDEST for n in told)
    )


def _repeated(blocks: str, count: int) -> str:
    """A stage whose last block is repeated so often."""
    before, comma, last = blocks.rpartition(", ")
    return f"{before}{comma}{count} {last.partition(' ')[2]}"


def _mobilenet(name: str, args: Config, alike: Config) -> dict[str, Any]:
    times, own = args.get("channel_multiplier", 1.0), alike["stages"]
    if not isinstance(times, int | float) or not 0 < times < _MOST:
        return {"kind": f"{name} with channels times {times}"}
    side = whole_number(args, ("msfa_output_resolution",))
    patch = alike["image"] // side if side else alike["patch"]
    # timm leaves the stem as it is where a model is made narrower.
    stem = own["stem"] if times < 1 else _rounded(own["stem"] * times)
    stages = Stages(stem=stem, widths=tuple(_rounded(one * times) for one in own["widths"]))
    return {"hidden": alike["hidden"], "patch": patch, "stages": stages}


def _rounded(channels: float) -> int:
    """The nearest multiple of 8 that is no less than 0.9 of it."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


_FORMS = {"vit": _vit, "fastvit": _fastvit, "mobilenet": _mobilenet}
_UNDERSTOOD = {
    "vit": {*_VIT.values(), *_VIT_OTHERS},
    "fastvit": {"inference_mode", "layers", "embed_dims"},
    "mobilenet": {"channel_multiplier", "msfa_output_resolution"},
}
