"""What a call carries, pictures or videos or both: which adapter reads each, and which steps of a chain act on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.chain import Chain, Step
from vtok.reduction.method import Need, Stage
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.modality import IMAGE, VIDEO, Modality


def has(arguments: Mapping[str, Any], modality: Modality) -> bool:
    """Whether there are pixels of this kind."""
    return any(arguments.get(name) is not None for name in modality.pixels)


def has_any(arguments: Mapping[str, Any]) -> bool:
    """Whether there are pictures or videos."""
    return has(arguments, IMAGE) or has(arguments, VIDEO)


def chains_of(
    adapters: Sequence[Adapter], model: Any, arguments: Mapping[str, Any], chain: Chain | None
) -> dict[Adapter, Chain | None]:
    """Those of ``adapters`` that have something to read in ``arguments``, with the steps of ``chain`` that act on it.

    Raises ``MethodError`` for what cannot be cut, before anything is encoded.
    """
    reading = [adapter for adapter in adapters if has(arguments, adapter.modality)]
    if has(arguments, VIDEO) and all(adapter.modality is not VIDEO for adapter in reading):
        raise MethodError(
            f"the videos of models of type {model.config.model_type!r} cannot be cut; call the model outside of the "
            "block, or give it frames as pictures"
        )
    chains = {adapter: _steps_for(adapter, model, chain) for adapter in reading}
    if chain is not None and not any(chains.values()):
        raise MethodError(
            f"{chain} compares the frames of a video, and this call has pictures alone; take another method for them"
        )
    return chains


def take(adapters: Sequence[Adapter], model: Any, arguments: dict[str, Any]) -> dict[Adapter, dict[str, Any]]:
    """For each adapter the arguments that it reads, which are no longer among ``arguments``."""
    taken = {}
    for adapter in adapters:
        names = (*adapter.modality.pixels, *adapter.image_inputs(model))
        taken[adapter] = {name: arguments[name] for name in names if arguments.get(name) is not None}
    # Some arguments are for both.
    for name in {name for mine in taken.values() for name in mine}:
        del arguments[name]
    return taken


def words_for(
    adapter: Adapter, adapters: Sequence[Adapter], model: Any, ids: Tensor, mask: Tensor | None
) -> Tensor | None:
    """``mask`` (b, n) without the placeholders that the other ``adapters`` fill, which are no text."""
    for other in adapters:
        if other is not adapter and (mask is None or mask.ndim == 2):
            held = ids == other.image_token_id(model)
            mask = (~held).long() if mask is None else mask.masked_fill(held, 0)
    return mask


def _steps_for(adapter: Adapter, model: Any, chain: Chain | None) -> Chain | None:
    """On pictures all steps but those for videos, None where there are no others; on videos all, or an error."""
    if chain is None:
        return None
    if adapter.modality is not VIDEO:
        steps = tuple(step for step in chain.steps if not step.method.video)
        return Chain(steps) if steps else None
    for step in chain.steps:
        _check_reads_videos(adapter, model, step)
    return chain


def _check_reads_videos(adapter: Adapter, model: Any, step: Step) -> None:
    name, stage = step.method.name, step.method.stage
    if stage.rank < Stage.TOKENS.rank:
        raise MethodError(f"{name} acts {stage.value}, which cannot be done to a video here; take another method")
    if stage is not Stage.TOKENS:
        return
    try:
        step.method.needs_from(adapter.offers(model) | {Need.TEXT})
    except MethodError as error:
        raise MethodError(
            f"{name} looks into the encoder, which cannot be done while this one reads a video; take a method that "
            "goes by the visual tokens alone, such as evs or divprune"
        ) from error
