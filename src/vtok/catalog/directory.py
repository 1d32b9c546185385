"""A checkpoint directory on disk: its configuration and processor files are read, no weights are opened.

A kind of model that no family serves is counted by transformers where that is installed.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from vtok.catalog.checkpoints import Checkpoint
from vtok.catalog.class_defaults import completed
from vtok.catalog.config_deepseek import in_transformers_words
from vtok.catalog.config_text import context_of, text_sizes
from vtok.catalog.config_vision import vision_sizes
from vtok.catalog.foreign import read_foreign
from vtok.catalog.processor_files import CheckpointFiles
from vtok.catalog.processors import family_of
from vtok.errors import ModelError, UnknownKindError, UsageError

_CONFIG = "config.json"
_IMAGE = "preprocessor_config.json"
_PROCESSOR = "processor_config.json"
# A configuration is some kilobytes; what is far larger is something else.
_MOST_BYTES = 16 * 2**20


def read_directory(path: Path) -> Checkpoint:
    """The checkpoint in the directory ``path``, as its JSON files tell it.

    Raises ``ModelError`` where there is no directory or no such file in it, where one is broken, and where neither vtok
    nor an installed transformers knows how to count for the kind of model; ``MissingExtraError`` where transformers is
    not there to be asked.
    """
    path = path.expanduser()
    if os.path.isfile(path):
        raise ModelError(
            f"{path} is a file; expected a checkpoint directory or a model's name (vtok models lists them)"
        )
    if not os.path.isdir(path):
        raise ModelError(f"there is no checkpoint directory {path}")
    config, image, processor = (_read(path / name) for name in (_CONFIG, _IMAGE, _PROCESSOR))
    if config is None and image is None and processor is None:
        raise ModelError(f"{path} has no {_CONFIG}; expected a checkpoint directory as transformers saves it")
    if image is None and processor is None:
        raise ModelError(
            f"{path} has no {_IMAGE} and no {_PROCESSOR}, which say how the model takes pictures in; "
            "copy them from where the checkpoint is from"
        )
    config = config or {}
    # Since version 5 transformers writes the image processor into the processor's file.
    inner = (processor or {}).get("image_processor")
    whole = completed(in_transformers_words(config))
    files = CheckpointFiles(config, image or (inner if isinstance(inner, dict) else {}), processor or {})
    try:
        found = Checkpoint(
            name=str(path),
            id=str(config.get("_name_or_path") or path.name),
            family_name="",
            kind=str(config.get("model_type") or "unknown"),
            context=context_of(whole),
            text=text_sizes(whole),
            vision=vision_sizes(whole),
            sources={"settings": f"the files in {path}"},
        )
        try:
            family, settings = family_of(files)
            found = replace(found, family_name=family, settings=settings)
        except UnknownKindError as error:
            rule, by = read_foreign(path, str(error))
            found = replace(found, family_name="transformers", rule=rule, counted_by=by)
        found.family  # noqa: B018 - settings that make no sense are refused here, not at the first picture
    except ModelError as error:
        raise ModelError(f"cannot use {path}: {error}") from None
    except (UsageError, TypeError, ValueError, AttributeError, KeyError, ZeroDivisionError) as error:
        raise ModelError(f"cannot use {path}: its files make no sense together: {error}") from None
    return found


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ModelError(f"{path} is larger than {_MOST_BYTES:,} bytes; that is no configuration")
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise ModelError(f"{path} is broken: it holds no JSON that can be read") from None
    if not isinstance(data, dict):
        raise ModelError(f"{path} is broken: expected a JSON object, found a {type(data).__name__}")
    return data
