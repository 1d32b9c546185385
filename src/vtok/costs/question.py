"""One request on one model, engine and device, so that it can be asked again with a change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from vtok.catalog.architectures import complete_text, complete_vision
from vtok.catalog.checkpoints import Checkpoint
from vtok.catalog.counting import Model, find_model
from vtok.catalog.devices import Device
from vtok.catalog.formats import CacheFormat, Format, cache_formats, find_cache_format, find_format, formats
from vtok.catalog.runtimes import for_runtime
from vtok.catalog.text_sizes import TextSizes
from vtok.catalog.video_counting import lay_out
from vtok.catalog.videos import takes_videos, video_rule
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.cost import cost
from vtok.costs.request import Request
from vtok.costs.result import Cost
from vtok.costs.runtimes import RUNTIMES
from vtok.errors import ModelError, UsageError
from vtok.geometry.layout import Size
from vtok.geometry.reachable import Sizes, same_shape
from vtok.geometry.videos.clip import VideoLayout

#: Sides beyond this are no picture that anybody has.
LONGEST = 16384


@dataclass(frozen=True)
class Question:
    """What ``vtok.cost`` is asked: ``model`` is counted for ``runtime``, and ``context`` is the window that is opened.

    ``named`` says whether the runtime was asked for, ``note`` what was taken for granted.
    """

    request: Request
    model: Checkpoint
    device: Device | None = None
    weights: str = "bf16"
    kv: str = "f16"
    runtime: str | None = None
    context: int | None = None
    named: bool = False
    note: str = ""

    @cached_property
    def cost(self) -> Cost:
        """The answer."""
        return cost(
            self.request,
            self.model,
            self.device,
            weights=self.weights,
            kv=self.kv,
            runtime=self.runtime,
            context=self.context,
        )

    @cached_property
    def videos(self) -> tuple[VideoLayout, ...]:
        """How the model takes the videos; raises ``UsageError`` where it takes none, or not so many frames."""
        request = self.request
        return tuple(lay_out(clip, self.model, request.fps, request.frames) for clip in request.videos)

    def changed(self, **fields: Any) -> Question:
        """The same question with other fields, those of the request among them."""
        own = {name: value for name, value in fields.items() if name in self.__dataclass_fields__}
        asked = {name: value for name, value in fields.items() if name not in own}
        if asked:
            own["request"] = replace(self.request, **asked)
        return replace(self, **own)

    def shrunk(self, budget: int) -> Question | None:
        """The same with each picture made so small that it takes at most ``budget`` tokens, structural ones included.

        Each keeps its shape and is as large as the budget allows. None where a picture cannot be made so small.
        """
        images = [shrink(self.model, size, budget) for size in self.request.images]
        if None in images:
            return None
        return self.changed(images=tuple(images))


def ask(
    request: Request,
    model: Model,
    device: Device | None = None,
    weights: str | None = None,
    kv: str = "f16",
    runtime: str | None = None,
    context: int | None = None,
    settings: dict[str, Any] | None = None,
) -> Question:
    """A question whose parts go together.

    Where no weights are named they are what the runtime loads where nobody says otherwise: q4_k_m for those that read
    GGUF files (it is what llama.cpp's -hf fetches, by its help text, and Ollama from Hugging Face, by hub-docs
    ollama.md (003753676b), where a repository has it), bf16 for the others.
    Where no runtime is named it is the first that reads the weights, if it is known how that one counts for the model.
    Raises ``UsageError`` for a runtime that does not read the weights or has no such cache, ``ModelError`` for a
    checkpoint directory whose configuration lacks the sizes of the model, and what ``find_model`` raises.
    """
    form, cache = find_format(weights or _USUAL.get(runtime or "", "bf16")), find_cache_format(kv)
    named, note = runtime is not None, ""
    if runtime is not None:
        _check(runtime, form, cache)
        found = find_model(model, settings, runtime)
    else:
        runtime = next((name for name in form.runtimes if name in RUNTIMES), None)
        if runtime is None:
            note = f"what {form.runtimes[0]} takes for itself is not known; it is counted as transformers is"
        plain = find_model(model)
        try:
            found = for_runtime(plain, runtime)
            if request.videos and takes_videos(plain):
                video_rule(found)
        except UsageError:
            does = "takes videos" if request.videos else "counts for this model"
            note = f"counted by transformers' rule: vtok has not read how {runtime} {does}"
            found, runtime = plain, None
        found = found.with_settings(settings)
    _check_sizes(found)
    return Question(request, found, device, form.name, cache.name, runtime, context, named, note)


_USUAL = {"llama.cpp": "q4_k_m", "ollama": "q4_k_m"}


def shrink(model: Checkpoint, size: Size, budget: int) -> Size | None:
    """The largest size (width, height) in px of the shape of ``size`` whose tokens are within ``budget``, if any."""
    if model.family.layout(*size).total <= budget:
        return size
    sizes = smaller(model, size)
    fits = sizes.where(sizes.counts <= budget)
    if not fits.counts.size:
        return None
    largest = int(np.argmax(fits.widths * fits.heights))
    return int(fits.widths[largest]), int(fits.heights[largest])


def smaller(model: Checkpoint, size: Size) -> Sizes:
    """Every size of the shape of ``size`` up to it and up to ``LONGEST`` px a side, and the tokens of each."""
    longest = max(size)
    if longest > LONGEST:
        size = max(1, round(size[0] * LONGEST / longest)), max(1, round(size[1] * LONGEST / longest))
    return same_shape(model.family, size)


def _check_sizes(model: Checkpoint) -> None:
    """A name of the catalog may lack a figure that no source tells; a checkpoint's own files do not."""
    if model.name.endswith(".gguf"):
        raise ModelError(
            f"{model.name} is a projector, whose file says nothing of the language model; name the model "
            "(vtok models lists them) or its checkpoint directory"
        )
    if model.closed:
        raise UsageError(
            f"{model.name} is closed: {model.closed} does not publish the sizes on which every cost rests; "
            "vtok count tells its tokens, for comparison"
        )
    text, vision = complete_text(model.text), complete_vision(model.vision)
    parts: dict[str, TextSizes | VisionSizes] = {"language model": text, "vision encoder": vision}
    for name, sizes in parts.items():
        if model.kind and not _sized(sizes):
            raise ModelError(
                f"{model.name} has a config.json without the sizes of its {name} (width, number of layers), on which "
                "every cost rests; copy the whole file from where the checkpoint is from"
            )


def _sized(sizes: TextSizes | VisionSizes) -> bool:
    """Whether width and number of layers are known, or the encoder has none that are counted."""
    if isinstance(sizes, VisionSizes) and sizes.code:
        return sizes.code.multipliers is not None
    layered = not isinstance(sizes, VisionSizes) or not (sizes.stages or sizes.folded)
    return sizes.hidden is not None and (sizes.layers is not None or not layered)


def _check(runtime: str, form: Format, cache: CacheFormat) -> None:
    if runtime not in RUNTIMES:
        raise UsageError(f"there is no runtime {runtime!r}; expected one of {', '.join(RUNTIMES)}")
    if runtime not in form.runtimes:
        names = _some(one.name for one in formats() if runtime in one.runtimes)
        raise UsageError(f"{runtime} does not read {form.name} weights; it reads {names}")
    if runtime not in cache.runtimes:
        names = _some(one.name for one in cache_formats() if runtime in one.runtimes)
        raise UsageError(f"{runtime} has no {cache.name} KV cache; it has {names}")


def _some(names: Iterable[str]) -> str:
    """The first few names, those that people use."""
    found = list(names)
    if len(found) <= 8:
        return ", ".join(found)
    return ", ".join(sorted(found, key=lambda name: name not in _KNOWN)[:8]) + " and others"


_KNOWN = ("q4_k_m", "q5_k_m", "q6_k", "q8_0", "fp16", "q4_0", "q3_k_m")
