"""Whether methods can act on a model, and budgets on its pictures; asked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vtok.errors import MethodError
from vtok.reduction.chain import Chain, Step
from vtok.reduction.method import Need, PatchMethod, Stage, TowerMethod
from vtok.vlm import merging, patching
from vtok.vlm.adapters.base import Adapter


def check(adapter: Adapter, model: Any, chain: Chain, videos: Adapter | None = None) -> None:
    """Raise ``MethodError`` for a method that cannot act on this model, before anything is computed.

    ``videos`` is the adapter for videos, where they can be cut; each call says what it wants of them.
    """
    # The prompt's text is there whatever the model is.
    offers = adapter.offers(model) | {Need.TEXT}
    for step in chain.steps:
        method = step.method
        if method.video:
            if videos is None:
                raise MethodError(
                    f"{method.name} compares the frames of a video, which cannot be cut here; take another method for "
                    "pictures"
                )
            continue
        if isinstance(method, PatchMethod):
            patching.check_packed(model, method)
        if isinstance(method, TowerMethod):
            merging.check_merges(model, method)
        early = chain.at(Stage.PATCHES) + chain.at(Stage.TOWER)
        if early and method.reads_grid:
            raise MethodError(
                f"{method.name} goes by rows and columns, which are gone behind {early[0].method.name}; take a method "
                "that does not, such as divprune or random"
            )
        if chain.at(Stage.TOWER) and method.stage is Stage.TOKENS and not method.needs <= merging.LEFT:
            raise MethodError(
                f"{method.name} reads the encoder's attention, whose tokens are merged behind {early[0].method.name}; "
                "take a method that reads the vectors alone, such as divprune or random"
            )
        if method.stage is Stage.PIXELS:
            adapter.check_shrinks(model)
        if method.stage is Stage.TOKENS:
            method.needs_from(offers)


def allowed(steps: Sequence[Step], count: int, fixed: bool = False) -> list[int]:
    """The most tokens of ``count`` that each step keeps; ``fixed`` where every picture has as many."""
    return list(Chain(tuple(steps)).keeps(count, fixed)) if steps else []


def check_budgets(adapter: Adapter, steps: Sequence[Step], count: int, grids: Sequence[tuple[int, int]]) -> None:
    """Raise ``BudgetError`` for a budget that a step cannot keep to of ``count`` tokens in ``grids``."""
    for step, most in zip(steps, allowed(steps, count, adapter.fixed), strict=True):
        if step.budget is not None and most < count and step.method.stage is Stage.TOKENS:
            step.method.check_budget(most, grids)
