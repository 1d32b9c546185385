"""``vtok.cost``: what one request costs on one device, part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from vtok.catalog.counting import Model, Picture, find_model, size_of
from vtok.catalog.devices import Device
from vtok.catalog.formats import Format, cache_bits, find_format
from vtok.catalog.video_counting import lay_out, looks_like_a_video, read_clip
from vtok.costs.estimate import Estimate
from vtok.costs.here import device_called
from vtok.costs.request import Request
from vtok.costs.result import Context, Cost
from vtok.costs.runtimes import find_runtime
from vtok.errors import UsageError
from vtok.geometry.videos.clip import Clip, VideoLayout

#: What a request may show.
Shown = Picture | Clip


def cost(
    request: Request | Shown | Sequence[Shown],
    model: Model,
    device: Device | str | None = None,
    *,
    weights: str | Format = "bf16",
    kv: str = "f16",
    runtime: str | None = None,
    settings: Mapping[str, Any] | None = None,
    context: int | None = None,
    **asked: Any,
) -> Cost:
    """What ``request`` costs in context, bytes, FLOPs and, on a ``device``, seconds, without weights being opened.

    ``request`` is a ``Request``, or one or several pictures and videos (paths, images, sizes in px, clips), whose other
    fields are then ``asked``: text_tokens, new_tokens, batch, budget, method, layer, fps, frames. ``device`` is one of
    ``devices.toml`` by name, or ``here`` for this machine. ``weights`` and ``kv`` are formats of ``formats.toml``;
    ``context`` is the window that is opened where it is not the engine's own. Figures that no source tells are None in
    what comes back, and named in its ``missing``.

    Raises ``UsageError`` for what is unknown or makes no sense, a video for a model that takes none among it, and what
    ``find_model`` and reading the head of a file raise.
    """
    found = find_model(model, settings, runtime)
    engine, wanted = find_runtime(runtime), as_request(request, **asked)
    form = find_format(weights) if isinstance(weights, str) else weights
    if isinstance(device, str):
        device = device_called(device)
    if context is not None and context < 1:
        raise UsageError(f"a context of {context} holds nothing; it must be at least 1 token")
    layouts = tuple(found.family.layout(*size) for size in wanted.images)
    videos = tuple(lay_out(clip, found, wanted.fps, wanted.frames) for clip in wanted.videos)
    estimate = Estimate(found, wanted, (*layouts, *videos), engine, form, cache_bits(kv), device)
    window = _context(estimate, context)
    if engine.whole and window.window_of != "the model":
        estimate = replace(estimate, opened=window.window)
    return Cost(
        request=wanted,
        model=found.name,
        device=device.name if device else None,
        runtime=engine.name,
        weights=form.name,
        kv=kv,
        context=window,
        memory=estimate.memory(),
        flops=estimate.flops(),
        moved=estimate.moved(),
        seconds=estimate.seconds() if device else None,
        device_memory=device.memory if device else None,
        missing=estimate.missing,
    )


def as_request(request: Request | Shown | Sequence[Shown], **asked: Any) -> Request:
    """``request``, or one made of what is shown and of ``asked``; ``UsageError`` where these contradict."""
    if isinstance(request, Request):
        return replace(request, **asked) if asked else request
    images, videos = [], []
    for one in _several(request):
        if isinstance(one, Clip):
            videos.append(one)
        elif isinstance(one, str | Path) and looks_like_a_video(one):
            videos.append(read_clip(one))
        else:
            images.append(size_of(one))
    try:
        return Request(tuple(images), videos=tuple(videos), **asked)
    except TypeError as error:
        raise UsageError(f"a request has no such field: {error}") from None


def _several(request: Shown | Sequence[Shown]) -> tuple[Shown, ...]:
    """One picture or video, or several: a pair of whole numbers is a size."""
    if isinstance(request, str | Path | Image.Image | Clip):
        return (request,)
    items = tuple(request)
    if len(items) == 2 and all(isinstance(item, int) for item in items):
        return (items,)  # type: ignore[return-value]  # a size
    return items  # type: ignore[return-value]  # several pictures


def _context(estimate: Estimate, opened: int | None) -> Context:
    """The window is the smallest of the model's, of what was opened, and, where nothing was, of the engine's own."""
    memory = estimate.device.memory if estimate.device else None
    limits = {"the model": estimate.checkpoint.context, "asked for": opened}
    if opened is None:
        limits[estimate.runtime.name] = estimate.runtime.context(memory)
    known = {name: limit for name, limit in limits.items() if limit is not None}
    narrowest = min(known, key=lambda name: known[name], default="")
    request, cut = estimate.request, estimate.cut
    return Context(
        visual=cut.visual_at(0),
        visual_before=sum(cut.before),
        structural=estimate.structural,
        text=request.text_tokens,
        new=request.new_tokens,
        window=known.get(narrowest),
        window_of=narrowest,
        frames=sum(len(one.frames) for one in estimate.layouts if isinstance(one, VideoLayout)),
    )
