"""What is proven of every class: untouched at 100 %, else what the full sequence says without the dropped part."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

import vtok
from tests import zoo
from tests.vlm.oracle import greedy, hidden, short_logits
from tests.zoo.videos import prompts_with_videos
from vtok.reduction.method import Seen, TokenMethod
from vtok.reduction.selection import Selection
from vtok.vlm.adapters import adapter_of

STEPS = 4
#: Layers that carry a state from token to token, which no mask can take a token out of.
RECURRENT = ("linear_attention", "conv", "hybrid", "hybrid_sliding")


@dataclass(frozen=True)
class Scattered(TokenMethod):
    """Keeps about 40 % of the tokens, drawn by their number, with one dropped token merged into each."""

    name: ClassVar[str] = "scattered"
    summary: ClassVar[str] = "a test's method"
    source: ClassVar[str] = "here"
    cost: ClassVar[str] = "none"
    merging: bool = False

    def select(self, seen: Seen, budget: int) -> Selection:
        order = torch.randperm(seen.count, generator=torch.Generator().manual_seed(seen.count))
        kept = order[:budget].sort().values
        plain = Selection.of(kept, seen.count)
        if not self.merging:
            return plain
        slot, weight = plain.slot.clone(), plain.weight.clone()
        joining = order[budget : 2 * budget]
        slot[joining] = torch.arange(joining.numel())
        weight[joining] = 0.5
        return Selection(kept, slot, weight)


def recurrent(model: Any) -> bool:
    """Whether some layers of the language model carry a state."""
    kinds = getattr(model.config.get_text_config(), "layer_types", None) or ()
    return any(kind in RECURRENT for kind in kinds)


def inputs_of(tiny: zoo.Tiny) -> dict[str, Any]:
    """One prompt with two pictures of unequal size; one where the class takes no more."""
    return tiny.inputs([[(3, 4)]] if tiny.name == "fuyu" else [[(2, 3), (3, 4)]])


def prove(name: str) -> dict[str, Any]:
    """All that is claimed of the class in folder ``name``, as its entry in the list; raises where it does not hold."""
    tiny = zoo.build(name)
    inputs = inputs_of(tiny)
    unchanged(tiny.model, inputs)
    selected(tiny.model, inputs, merging=False)
    gridded = selected(tiny.model, inputs, merging=True)
    return {
        "name": type(tiny.model).__name__,
        "model_type": tiny.model.config.model_type,
        "proof": "short" if recurrent(tiny.model) else "masked",
        "grid": gridded,
    }


def prove_videos(name: str) -> None:
    """All that is claimed of the class's videos, beside a picture; raises where it does not hold."""
    tiny = zoo.build(name)
    inputs = prompts_with_videos(tiny, [[(3, 2, 3), (3, 3, 4)]], pictures=[[(2, 3)]])
    unchanged(tiny.model, inputs)
    selected(tiny.model, inputs, merging=False)
    assert selected(tiny.model, inputs, merging=True)


def unchanged(model: Any, inputs: dict[str, Any]) -> None:
    _, logits, _ = greedy(model, inputs, STEPS)
    with torch.no_grad():
        plain = model(**inputs).logits
    with vtok.reduce(model, "random", "100%"):
        assert_close(greedy(model, inputs, STEPS)[1], logits)
        with torch.no_grad():
            assert_close(model(**inputs).logits, plain)


def selected(model: Any, inputs: dict[str, Any], merging: bool) -> bool:
    """Hold a selection against the oracle; says whether the grids of pictures and frames are known."""
    reduction = held(model, inputs, Scattered(merging))
    assert all(one.after == max(1, int(one.before * 0.4)) for one in reduction.selections)
    assert all(one.merges == merging for one in reduction.selections)
    return all(one.picture.grids for one in (*reduction.images, *reduction.videos))


def held(model: Any, inputs: dict[str, Any], method: Any, budget: str | None = "40%") -> Any:
    """An answer with fewer tokens by ``method``, held against the oracle in every step; returns the reduction."""
    with vtok.reduce(model, method, budget) as reduction:
        _, logits, cache = greedy(model, inputs, STEPS)
    keep = kept_columns(model, inputs, reduction.images, reduction.videos)
    with merged(model, reduction.images, reduction.videos):
        if recurrent(model):
            expected = short_logits(model, inputs, keep, STEPS)
        else:
            with hidden(model, ~keep):
                expected = greedy(model, inputs, STEPS)[1]
    assert_close(logits, expected)
    short = int(keep.sum()) + STEPS - 1
    assert {cache.get_seq_length(index) for index in attending(cache)} == {short}
    return reduction


def kept_columns(model: Any, inputs: dict[str, Any], images: Any, videos: Any = ()) -> Tensor:
    """(b, n) bool: the positions of the full prompt that stay."""
    keep, before = inputs["attention_mask"].bool(), int(inputs["attention_mask"].sum())
    for token, visuals in ((zoo.IMAGE_TOKEN, images), (getattr(model.config, "video_token_id", None), videos)):
        if visuals:
            held = inputs["input_ids"] == token
            keep[held] = torch.cat([one.kept.slot >= 0 for one in visuals])
    assert int(keep.sum()) < before
    return keep


@contextmanager
def merged(model: Any, images: Any, videos: Any = ()) -> Any:
    """The plain model, whose encoder gives what was merged in the places of the tokens it was merged into."""
    base, field = model.base_model, adapter_of(model).field
    given = {"get_image_features": images, "get_video_features": videos}
    running: list[str] = []
    patched = {
        name: _merging(getattr(base, name), field, visuals, running) for name, visuals in given.items() if visuals
    }
    for name, encode in patched.items():
        setattr(base, name, encode)
    try:
        yield
    finally:
        for name in patched:
            delattr(base, name)


def _merging(original: Any, field: str, images: Any, running: list[str]) -> Any:
    """The encoder ``original`` with what was merged, unless it is ``running`` as a part of the one for videos."""

    def encode(*args: Any, **kwargs: Any) -> Any:
        running.append(field)
        try:
            output = original(*args, **kwargs)
        finally:
            running.pop()
        if running:
            return output
        if getattr(output, field, None) is not None and field != "deepstack_features":
            output[field] = _with_merged(output[field], images, given=True)
        deep = getattr(output, "deepstack_features", None)
        if deep is not None:
            output["deepstack_features"] = [
                (one[0], _with_merged(one[1], images)) if isinstance(one, tuple) and isinstance(one[0], int)
                else _with_merged(one, images)
                for one in deep
            ]  # fmt: skip
        return output

    encode.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]  # generate reads it
    return encode


def _with_merged(rows: Any, images: Any, given: bool = False) -> Any:
    """``rows`` with what was merged in its places: the vectors as ``given`` to the language model, or merged anew."""
    flat = torch.cat([one.reshape(-1, one.shape[-1]) for one in rows]).clone()
    start = 0
    for image in images:
        content = image.picture.content + start
        if given:
            flat[image.kept.kept + start] = image.vectors
        else:
            flat[content[image.selection.kept]] = image.selection.apply(flat[content])
        start += image.picture.count
    if torch.is_tensor(rows):
        return flat.reshape(rows.shape)
    return list(flat.split([one.shape[0] for one in rows]))


def attending(cache: Any) -> list[int]:
    """The layers of ``cache`` that hold keys."""
    return [index for index, layer in enumerate(cache.layers) if getattr(layer, "keys", None) is not None]


def assert_close(ours: Tensor, theirs: Tensor) -> None:
    """Equal to float tolerance; what a model forbids (-inf) is left out."""
    ours, theirs = ours.clamp(min=-1e4), theirs.clamp(min=-1e4)
    assert torch.allclose(ours, theirs, atol=1e-4, rtol=1e-4), f"{float((ours - theirs).abs().max()):.1e} apart"
