"""What to change in a processor where shrinking a picture does not make it cost less.

Many families bring every picture to the same size, or the same number of tiles. Their processors take a setting that
lowers it; which, and what it is called there, is in this table. Source of the names: the processors' files of
transformers 5.24 that ``vtok.catalog.rules_tiled``, ``rules_native`` and ``rules_fixed`` read the settings from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vtok.catalog.checkpoints import Checkpoint
from vtok.errors import BudgetError, UsageError
from vtok.fitting.choose import Choice, choose
from vtok.geometry.layout import Size
from vtok.geometry.reachable import FEW

Values = Callable[[Mapping[str, Any]], Iterator[Any] | range | tuple[Any, ...]]
# Of so many values one is found within a second; more are not tried.
_MOST_TRIED = 40


@dataclass(frozen=True)
class Lever:
    """A setting of a family: ``name`` here and ``sent`` in the processor; ``values`` are lower ones, highest first.

    ``wrap`` turns a value into what the processor takes.
    """

    name: str
    sent: str
    values: Values
    wrap: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class Pulled:
    """A choice under a changed setting: ``changed`` in the family's names, ``sent`` in its processor's."""

    choice: Choice
    changed: Mapping[str, Any]
    sent: Mapping[str, Any]


def _fewer(name: str, sent: str, least: int = 1) -> Lever:
    return Lever(name, sent, lambda settings: range(settings[name] - 1, least - 1, -1))


def _off(name: str, sent: str, off: Any = False) -> Lever:
    return Lever(name, sent, lambda settings: (False,) if settings[name] else (), lambda _: off)


def _edges(settings: Mapping[str, Any]) -> range:
    tile, edge = settings["tile"], settings["longest_edge"]
    return range((edge - 1) // tile * tile, 0, -tile)


def _canvases(settings: Mapping[str, Any]) -> Iterator[Any]:
    """The canvases without the largest ones, one size after the other."""
    areas = sorted({high * wide for high, wide in settings["pinpoints"]}, reverse=True)
    for largest in areas[1:]:
        yield tuple(one for one in settings["pinpoints"] if one[0] * one[1] <= largest)


LEVERS: dict[str, tuple[Lever, ...]] = {
    "aria": (_off("split", "split_image"),),
    "cohere2": (_fewer("max_tiles", "max_patches"),),
    "gemma3": (_off("do_pan_and_scan", "do_pan_and_scan"),),
    "gemma4": (
        Lever("max_tokens", "max_soft_tokens", lambda s: tuple(n for n in (560, 280, 140, 70) if n < s["max_tokens"])),
    ),
    "granite_docling": (_fewer("max_tiles", "max_patches"),),
    "idefics2": (_off("split", "do_image_splitting"),),
    "idefics3": (Lever("longest_edge", "size", _edges, lambda edge: {"longest_edge": edge}),),
    "internvl": (_fewer("max_tiles", "max_patches"),),
    "lfm2_vl": (_fewer("max_tiles", "max_tiles", 2), _off("thumbnail", "use_thumbnail")),
    "llama4": (_fewer("max_tiles", "max_patches"),),
    "llava_next": (Lever("pinpoints", "image_grid_pinpoints", _canvases, lambda value: [list(one) for one in value]),),
    "llava_onevision": (
        Lever("pinpoints", "image_grid_pinpoints", _canvases, lambda value: [list(one) for one in value]),
    ),
    "minicpmv": (_fewer("max_slices", "max_slice_nums"),),
    "molmo2": (_fewer("max_crops", "max_crops"),),
    "ovis2": (_fewer("max_tiles", "max_patches"),),
    "perception_lm": (_fewer("max_tiles", "max_num_tiles"), _off("tiled", "vision_input_type", "thumb")),
    "phi3": (_fewer("max_tiles", "num_crops"),),
    "phi4": (_fewer("max_tiles", "dynamic_hd"),),
    "smart_resize": (
        Lever("min_pixels", "min_pixels", lambda s: (s["patch"] ** 2 * s["merge"] ** 2,) if s["min_pixels"] else ()),
    ),
}


def pull(model: Checkpoint, source: Size, budget: int, stretch: float) -> Pulled | None:
    """The change of one setting of ``model`` that keeps the most of a picture of ``source`` px; None where none does.

    Only for transformers' rule, whose processor takes the change.
    """
    best: Pulled | None = None
    if model.rule or model.runtime != "transformers":
        return None
    for lever in LEVERS.get(model.family_name, ()):
        for value in list(lever.values(model.all_settings))[:_MOST_TRIED]:
            changed = {lever.name: value}
            try:
                choice = choose(model.with_settings(changed).family, source, budget, stretch, FEW)
            except (BudgetError, UsageError):
                continue
            if best is None or choice.beats(best.choice):
                best = Pulled(choice, changed, {lever.sent: lever.wrap(value)})
            if choice.size == source:  # it fits as it is; lower values only show less
                break
    if best is None:
        return None
    return replace(best, choice=choose(model.with_settings(best.changed).family, source, budget, stretch))
