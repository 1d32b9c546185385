"""A projector file of llama.cpp (``mmproj-*.gguf``): its metadata tell how llama.cpp counts; no weights are read.

Which projector takes which rule is what llama.cpp's source says, and a projector whose rule was not read there is
refused. Source: llama.cpp (df1af33bb3), ``load_hparams`` and ``clip_n_output_tokens`` in ``tools/mtmd/clip.cpp``,
``init_vision`` in ``tools/mtmd/mtmd.cpp``; names of keys and projectors: the ``gguf`` package, ``gguf/constants.py``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vtok.catalog.checkpoints import Checkpoint
from vtok.catalog.foreign import one_line
from vtok.catalog.sizes import from_table
from vtok.catalog.vision_sizes import VisionSizes
from vtok.errors import MissingExtraError, ModelError, UsageError

LLAMA_CPP = "llama.cpp"
_SOURCE = "llama.cpp (df1af33bb3), tools/mtmd/clip.cpp and mtmd.cpp"
_BREAK = "v.token_embd.img_break"
_MERGE, _SCALE = "clip.vision.spatial_merge_size", "clip.vision.projector.scale_factor"
_LEAST, _MOST = "clip.vision.image_min_pixels", "clip.vision.image_max_pixels"
_LEAST_TILES, _MOST_TILES = "clip.vision.preproc_min_tiles", "clip.vision.preproc_max_tiles"
_PINPOINTS = "clip.vision.image_grid_pinpoints"

#: Projectors that resize to a whole number of tokens: the fewest and most tokens, the key of the merge, and the merge
#: where the file does not tell it (None: it must). Bounds of None are in the file, in px.
_DYNAMIC: dict[str, tuple[tuple[int, int] | None, str, int | None]] = {
    "qwen2vl_merger": ((8, 4096), _MERGE, 2),
    "qwen2.5vl_merger": ((8, 4096), _MERGE, 2),
    "qwen2.5o": ((8, 4096), _MERGE, 2),
    "qwen3vl_merger": ((8, 4096), _MERGE, 2),
    "glm4v": ((8, 4096), _MERGE, 2),
    "pixtral": ((8, 1024), _MERGE, 1),
    "kimivl": ((8, 1024), _SCALE, None),
    "kimik25": ((2, 4096), _SCALE, None),
    "gemma4v": ((70, 1120), _SCALE, 3),
    "paddleocr": (None, "", 2),
    "dots_ocr": (None, _SCALE, None),
}
# These count two patches a side for a token, whatever the merge says.
_ALWAYS_TWO = ("qwen2vl_merger", "qwen2.5vl_merger", "qwen2.5o", "qwen3vl_merger", "glm4v")
#: Projectors that bring every picture, or every tile of one, to one square: the key of the merge, the merge where the
#: file does not tell it, and the markers.
_SQUARE = {
    "gemma3": (_SCALE, 4, 2),
    "gemma3nv": ("", 1, 2),
    "internvl": (_SCALE, None, 2),
    "mlp": ("", 1, 0),
    "janus_pro": ("", 1, 0),
}


def is_gguf(path: Path) -> bool:
    """Whether ``path`` is a file that goes by the name of one, or begins as one does."""
    try:
        if not os.path.isfile(path):
            return False
        with path.open("rb") as file:
            return path.suffix.lower() == ".gguf" or file.read(4) == b"GGUF"
    except OSError:
        return path.suffix.lower() == ".gguf"


def read_gguf(path: Path) -> Checkpoint:
    """The checkpoint in a projector file, counted as llama.cpp counts.

    Raises ``MissingExtraError`` without the ``gguf`` package, ``ModelError`` for a file that is broken or no projector,
    and for a projector whose rule is not known.
    """
    values, tensors = _read(path)
    kind = values.get("clip.projector_type") or values.get("clip.vision.projector_type")
    if values.get("general.architecture") != "clip":
        raise ModelError(f"{path} holds a language model; expected the file of its projector, mmproj-*.gguf")
    if not kind or values.get("clip.has_vision_encoder") is False:
        raise ModelError(f"{path} tells of no projector for pictures (clip.projector_type)")
    try:
        family, settings = _rule(str(kind), values, _BREAK in tensors)
        found = Checkpoint(
            name=str(path),
            id=str(values.get("general.name") or path.name),
            family_name=family,
            settings=settings,
            vision=_sizes(values),
            sources={"settings": f"{_SOURCE}, and the metadata of {path}"},
            counted_by=f"the rule of llama.cpp (df1af33bb3) for {kind}",
            runtime=LLAMA_CPP,
        )
        found.family  # noqa: B018 - settings that make no sense are refused here, not at the first picture
    except (ModelError, UsageError) as error:
        raise ModelError(f"cannot use {path}: {error}") from None
    return found


def _rule(kind: str, values: Mapping[str, Any], breaks: bool) -> tuple[str, dict[str, Any]]:
    if kind in _SQUARE:
        return _square(kind, values)
    if kind not in _DYNAMIC:
        known = ", ".join(sorted({*_DYNAMIC, *_SQUARE}))
        raise ModelError(f"vtok has not verified how llama.cpp counts for the projector {kind!r}; it knows {known}")
    bounds, key, default = _DYNAMIC[kind]
    merge = _whole(values, key, default)
    if kind in _ALWAYS_TWO and merge != 2:
        raise ModelError(f"the projector {kind} with a merge of {merge}; llama.cpp counts for 2 only")
    settings = {"patch": _whole(values, "clip.vision.patch_size"), "merge": merge, "breaks": breaks}
    settings["markers"] = 1 if kind == "pixtral" else 2
    told = bounds is None or (kind == "kimik25" and values.get(_LEAST) and values.get(_MOST))
    if told:
        settings |= {"min_pixels": _whole(values, _LEAST), "max_pixels": _whole(values, _MOST)}
    elif bounds:
        settings |= {"min_tokens": bounds[0], "max_tokens": bounds[1]}
    return "mtmd", settings


def _square(kind: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    key, default, markers = _SQUARE[kind]
    side, patch = _whole(values, "clip.vision.image_size"), _whole(values, "clip.vision.patch_size")
    # Gemma 3n's encoder gives as many tokens for any picture, and its file a patch of which so many make a side.
    rows = math.isqrt(side // patch) if kind == "gemma3nv" else side // patch // _whole(values, key, default)
    tiles: dict[str, Any] = {"tile": side, "rows": rows, "markers": markers}
    if kind == "internvl":
        least, most = _whole(values, _LEAST_TILES, 1), _whole(values, _MOST_TILES, 12)
        return "mtmd_tiles", {**tiles, "min_tiles": least, "max_tiles": most}
    if kind == "mlp" and (points := values.get(_PINPOINTS)):
        if not isinstance(points, list) or len(points) % 2 or not all(isinstance(side, int) for side in points):
            raise ModelError(f"its metadata have {_PINPOINTS} = {points!r}; expected an even number of sides in px")
        return "mtmd_tiles", {**tiles, "canvases": list(zip(points[::2], points[1::2], strict=True))}
    return "fixed", {"size": side, "rows": rows, "structural": markers, "shape": "pad", "min_side": 1}


def _whole(values: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = values.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**31:
        raise ModelError(f"its metadata have {key} = {value!r}; expected a whole number above 0")
    return value


def _sizes(values: Mapping[str, Any]) -> VisionSizes:
    names = {"hidden": "embedding_length", "layers": "block_count", "heads": "attention.head_count"}
    names |= {"mlp": "feed_forward_length", "patch": "patch_size"}
    found = {name: values.get(f"clip.vision.{key}") for name, key in names.items()}
    return from_table(VisionSizes, {name: value for name, value in found.items() if isinstance(value, int)})


def _read(path: Path) -> tuple[dict[str, Any], set[str]]:
    """The metadata, lists of texts left out, and the names of the tensors."""
    try:
        from gguf import GGUFReader
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"reading {path}", "gguf", str(error.name)) from None
    try:
        reader = GGUFReader(path)
        values = {
            key: field.contents() for key, field in reader.fields.items() if key.startswith(("clip.", "general."))
        }
        return values, {tensor.name for tensor in reader.tensors}
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from None
    except Exception as error:  # a broken file may make it raise anything
        raise ModelError(f"{path} is broken or cut short: {one_line(error)}") from None
