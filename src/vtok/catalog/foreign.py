"""Models that no family serves, counted by the processor that an installed transformers has for them.

Source of the calls: transformers 5.24, ``_get_num_multimodal_tokens`` of the classes in ``models/*/processing_*.py``,
and ``get_number_of_image_patches`` of those in ``models/*/image_processing_*.py``. Files on disk only, and none of the
code that a checkpoint may bring.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtok.errors import MissingExtraError, ModelError, UsageError
from vtok.geometry.families.tiling import check_size, queries, whole
from vtok.geometry.family import Family
from vtok.geometry.layout import Layout, Tile

#: (height, width) in px to the number of tokens.
Count = Callable[[int, int], int]


@dataclass(frozen=True)
class Foreign(Family):
    """A rule that asks ``ask`` for the number of tokens; ``name`` is the class that answers, for messages."""

    name: str
    ask: Count

    def layout(self, width: int, height: int) -> Layout:
        """As many tokens as transformers counts, each with the whole picture for its place, since nothing tells where.

        ``resized`` is the size itself. Raises ``UsageError`` where the processor refuses the size.
        """
        check_size(width, height)
        try:
            count = self.ask(height, width)
        except Exception as error:  # whatever a processor of any kind may raise
            problem = f"{self.name} refuses a picture of {width} x {height} px: {one_line(error)}"
            raise UsageError(problem) from None
        box = whole(width, height)
        return Layout((width, height), (width, height), (Tile((width, height), box),), queries(count, box))

    def count_many(self, widths: NDArray[np.int64], heights: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same for many sizes, one by one, int64; -1 where the processor refuses."""
        wide, high = np.broadcast_arrays(np.asarray(widths, np.int64), np.asarray(heights, np.int64))
        counts = np.full(wide.size, -1, np.int64)
        for index, (width, height) in enumerate(zip(wide.flat, high.flat, strict=True)):
            try:
                counts[index] = self.layout(int(width), int(height)).total
            except UsageError:
                continue
        return counts.reshape(wide.shape)


def read_foreign(path: Path, why: str) -> tuple[Foreign, str]:
    """The rule for the processor in the directory ``path``, and in words who counts.

    ``why`` says why no family serves. Raises ``MissingExtraError`` without transformers, ``ModelError`` where it cannot
    load the files or its class has no count of its own.
    """
    transformers = _import(why)
    with _quiet():
        processor = _load(path, transformers, why)
    name = type(processor).__name__
    by = f"transformers' own processor ({name}, transformers {transformers.__version__})"
    return Foreign(name, _count_of(processor, why)), by


def _import(why: str) -> Any:
    # What it says of a missing torch is for people who want to run models.
    before = os.environ.get("TRANSFORMERS_VERBOSITY")
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    try:
        return importlib.import_module("transformers")
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{why}, and its own processor", "hf", str(error.name)) from None
    finally:
        if before is None:
            del os.environ["TRANSFORMERS_VERBOSITY"]
        else:
            os.environ["TRANSFORMERS_VERBOSITY"] = before


def one_line(error: BaseException, most: int = 200) -> str:
    """What an error of somebody else's says, on one line of at most ``most`` characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _load(path: Path, transformers: Any, why: str) -> Any:
    options = {"local_files_only": True, "trust_remote_code": False}
    try:
        return transformers.AutoProcessor.from_pretrained(str(path), **options)
    except Exception as error:  # whatever files of any kind may make it raise
        problem = error
    try:
        # A directory without a tokenizer has no whole processor, yet the image processor may be enough.
        return transformers.AutoImageProcessor.from_pretrained(str(path), **options)
    except Exception:
        raise ModelError(f"{why}, and transformers cannot load its processor: {one_line(problem)}") from None


def _count_of(processor: Any, why: str) -> Count:
    count = getattr(processor, "_get_num_multimodal_tokens", None)
    if callable(count):
        return lambda height, width: whole_number(count(image_sizes=[(height, width)])["num_image_tokens"][0])
    patches, merge = getattr(processor, "get_number_of_image_patches", None), getattr(processor, "merge_size", None)
    if callable(patches) and isinstance(merge, int) and merge > 0:
        return lambda height, width: whole_number(patches(height, width, {})) // merge**2
    raise ModelError(f"{why}, and transformers' {type(processor).__name__} has no function that counts tokens")


def whole_number(count: Any) -> int:
    """``count`` as an int; raises ``ValueError`` or ``TypeError`` for what is no number of tokens."""
    number = int(count)
    if number != count or number < 0:
        raise ValueError(f"its count is {count!r}")
    return number


@contextmanager
def _quiet() -> Iterator[None]:
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)
