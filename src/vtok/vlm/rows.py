"""What methods inside the language model look at: some rows of a layer's attention, and its keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vtok.errors import MethodError
from vtok.reduction.method import Need
from vtok.vlm.attention import rows_weights
from vtok.vlm.cutting import cut_arguments, cut_mask, cut_value, take
from vtok.vlm.leaving import Leaving


class Rows:
    """Watches the layers whose attention or keys a method wants, and keeps what it saw of the ``running`` prompt."""

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        self.numbers = {id(layer.self_attn): number for number, layer in enumerate(layers)}
        self.running: Leaving | None = None
        self.weights: dict[tuple[int, int], Tensor] = {}
        self.held_keys: dict[int, Tensor] = {}
        self.stops_at: int | None = None

    def see(self, module: nn.Module, query: Tensor, key: Tensor, mask: Tensor | None, scaling: float | None) -> None:
        """See ``Watcher.see``."""
        leaving, number = self.running, self.numbers.get(id(module))
        if leaving is None or not leaving.first or number is None:
            return
        ahead = self.stops_at == number
        wanting = leaving.methods.get(number if ahead else number + 1)
        if wanting is not None and wanting.looks_ahead == ahead:
            if Need.LM_KEYS in wanting.needs:
                self.held_keys[number] = key
            if Need.LM_ATTENTION in wanting.needs:
                self._weigh(leaving, number, query, key, mask, scaling)
        if ahead:
            raise _Enough

    def look(
        self, layer: nn.Module, number: int, hidden: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Run ``layer`` as far as its attention, for the sake of what goes into it; no cache is touched."""
        leaving = self.running
        assert leaving is not None
        index = leaving.index_at(number)
        arguments = dict(kwargs)
        if index is not None:
            mask = cut_mask(kwargs.get("attention_mask"), index)
            arguments = {**cut_arguments(kwargs, index, hidden.shape[1]), "attention_mask": mask}
            args = tuple(cut_value(one, index, hidden.shape[1]) for one in args)
            hidden = take(hidden, index, 1)
        arguments = {name: None if name in ("cache", "past_key_values") else one for name, one in arguments.items()}
        arguments.pop("hidden_states", None)
        self.stops_at = number
        try:
            layer.forward(hidden, *args[1:], **arguments)
        except _Enough:
            return
        finally:
            self.stops_at = None
        raise MethodError("the attention of this model's layers cannot be watched; take a method that does not read it")

    def attention(self, number: int, image: int) -> Tensor:
        """(heads, r, L) what the raters of picture ``image`` attended to in layer ``number``."""
        if (number, image) not in self.weights:
            raise MethodError(
                "the attention of this model's layers cannot be watched; take a method that does not read it"
            )
        return self.weights[number, image]

    def keys(self, number: int, row: int) -> Tensor:
        """(kv heads, L, c) the keys of layer ``number`` for one prompt."""
        if number not in self.held_keys:
            raise MethodError(
                "the keys of this model's layers cannot be watched; take a method that does not read them"
            )
        return self.held_keys[number][row]

    def where(self, number: int, columns: Tensor, row: int) -> Tensor:
        """Where ``columns`` of the prompt stand among the positions that layer ``number`` had when it ran."""
        leaving = self.running
        assert leaving is not None
        index = leaving.index_at(number)
        return columns if index is None else torch.searchsorted(index[row], columns)

    def _weigh(
        self, leaving: Leaving, number: int, query: Tensor, key: Tensor, mask: Tensor | None, scaling: float | None
    ) -> None:
        for image, (one, raters) in enumerate(zip(leaving.images, leaving.raters, strict=True)):
            places = self.where(number, raters, one.row)
            some, keys = query[one.row, None][:, :, places], key[one.row, None]
            if mask is None:
                shown = places[:, None] >= torch.arange(key.shape[2], device=key.device)
                shown = shown[None, None]
            else:
                shown = mask[one.row if mask.shape[0] > 1 else 0, None][:, :, places, : key.shape[2]]
            self.weights[number, image] = rows_weights(some, keys, shown, scaling)[0]


class _Enough(Exception):  # noqa: N818  # nothing is wrong
    """What was wanted has been seen; the rest of the layer need not run."""
