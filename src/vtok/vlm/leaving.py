"""Which visual tokens of one prompt have left, layer by layer, and what the methods that decide may look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.chain import Chain
from vtok.reduction.in_layer import InLayer, LayerMethod
from vtok.reduction.method import Need, Stage
from vtok.reduction.selection import Selection
from vtok.vlm.cutting import right_aligned


class Looked(Protocol):
    """What was seen of the layers that have run; ``vtok.vlm.rows`` sees it."""

    def attention(self, number: int, image: int) -> Tensor:
        """(heads, r, L) what the raters of picture ``image`` attended to in layer ``number``."""
        ...

    def keys(self, number: int, row: int) -> Tensor:
        """(kv heads, L, c) the keys of layer ``number`` for one prompt."""
        ...

    def where(self, number: int, columns: Tensor, row: int) -> Tensor:
        """Where ``columns`` of the prompt stand among the positions that layer ``number`` had when it ran."""
        ...


@dataclass(frozen=True)
class Placed:
    """One picture in the language model: its prompt ``row``, the ``columns`` (n,) of its visual tokens there.

    ``places`` (n,) say which of the picture's original tokens they are, of ``before``.
    """

    row: int
    columns: Tensor
    places: Tensor
    before: int


class Leaving:
    """A prompt on its way through the layers, and afterwards what each layer still holds of it."""

    def __init__(
        self, placed: Sequence[Placed], real: Tensor, chain: Chain, methods: Sequence[LayerMethod], layers: int
    ) -> None:
        self.start, self.real, self.layers = list(placed), real.bool(), layers
        self.plans = [_plans(one, chain, methods, layers) for one in placed]
        #: The layers at whose entry something may leave.
        self.acts = {layer for plan in self.plans for layer, *_ in plan}
        self.methods = {layer: method for plan in self.plans for layer, _, method in plan}
        self.first = True

    def begin(self, hidden: Tensor, held: int) -> None:
        """A forward with ``hidden`` (b, q, d) at the first layer, over a cache of ``held`` positions."""
        self.first = held == 0
        self.held = held
        if not self.first:
            return
        # Beams and samples are copies of their prompt, one behind another.
        copies = hidden.shape[0] // self.real.shape[0]
        self.copies = copies
        more = hidden.shape[1] - self.real.shape[1]
        real = torch.cat([self.real, self.real.new_ones(self.real.shape[0], more)], 1) if more else self.real
        self.alive = real.repeat_interleave(copies, 0).to(hidden.device)
        self.images = [
            replace(one, row=one.row * copies + copy, columns=one.columns.to(hidden.device))
            for one in self.start
            for copy in range(copies)
        ]
        self.indices: dict[int, Tensor] = {}
        self.selections: list[tuple[int, list[Selection | None]]] = []
        self.kept: dict[int, list[Tensor]] = {}
        self.width = hidden.shape[1]
        self.texts = [self._text(one) for one in self.images]
        self.raters = [self._raters(one, text, hidden) for one, text in zip(self.images, self.texts, strict=True)]

    def looks_ahead(self, layer: int) -> bool:
        """Whether the method at ``layer`` reads that layer's own attention."""
        return self.methods[layer].looks_ahead and bool(self.methods[layer].needs)

    def act(self, layer: int, hidden: Tensor, rows: Looked) -> Tensor:
        """Let the tokens that ``layer``'s method does not keep leave; what it merges is merged in ``hidden``."""
        made: list[Selection | None] = []
        stay: list[Tensor] = []
        for number, image in enumerate(self.images):
            keep = next((k for at, k, _ in self.plans[number // self.copies] if at == layer), image.columns.numel())
            selection = None
            if keep and keep < image.columns.numel():
                selection = self.methods[layer].select(self._seen(layer, number, hidden, rows), keep)
                hidden = self._merged(hidden, image, selection)
            kept = image.columns[selection.kept] if selection else image.columns[: image.columns.numel() if keep else 0]
            places = image.places[selection.kept.to(image.places.device)] if selection else image.places[: kept.numel()]
            self.alive[image.row, image.columns] = False
            self.alive[image.row, kept] = True
            self.images[number] = replace(image, columns=kept, places=places)
            made.append(selection)
            stay.append(torch.arange(image.columns.numel())[: kept.numel()] if selection is None else selection.kept)
        self.selections.append((layer, made[:: self.copies]))
        self.kept[layer] = stay[:: self.copies]
        index = right_aligned(self.alive)
        for number in range(layer, self.layers):
            self.indices[number] = index
        return hidden

    def index_at(self, layer: int) -> Tensor | None:
        """(b, L) the columns of the prompt that ``layer`` holds; None for all of them."""
        return self.indices.get(layer)

    def new_columns(self, count: int) -> Tensor:
        """The columns of ``count`` tokens that come behind what the first layer holds."""
        return torch.arange(self.held, self.held + count, device=self.alive.device)

    def later(self, count: int) -> Tensor:
        """(b, t) all columns behind the prompt, the ``count`` new ones among them: none of them left."""
        columns = torch.arange(self.width, self.held + count, device=self.alive.device)
        return columns[None].expand(self.alive.shape[0], -1)

    def _text(self, image: Placed) -> Tensor:
        """The columns of the text behind the prompt's last picture; of its last token where there is none."""
        last = max(int(one.columns.max()) for one in self.images if one.row == image.row)
        behind = torch.arange(last + 1, self.width, device=image.columns.device)
        return behind if behind.numel() else torch.tensor([self.width - 1], device=image.columns.device)

    def _raters(self, image: Placed, text: Tensor, hidden: Tensor) -> Tensor:
        """The columns of the text tokens that rate, by the first method that asks for attention."""
        method = next((one for one in self.methods.values() if Need.LM_ATTENTION in one.needs), None)
        if method is None:
            return text[-1:]
        return text[method.raters(_flat(hidden, image.row, image.columns), _flat(hidden, image.row, text))]

    def _seen(self, layer: int, number: int, hidden: Tensor, rows: Looked) -> InLayer:
        method, image, text = self.methods[layer], self.images[number], self.texts[number]
        source = layer if method.looks_ahead else layer - 1
        at = InLayer(layer, self.layers, _flat(hidden, image.row, image.columns), image.places.to(hidden.device))
        if Need.LM_ATTENTION in method.needs:
            at = replace(
                at, attention=rows.attention(source, number)[..., rows.where(source, image.columns, image.row)]
            )
        if Need.LM_TEXT in method.needs:
            at = replace(at, text=_flat(hidden, image.row, text))
        if Need.LM_KEYS in method.needs:
            keys = rows.keys(source, image.row)
            at = replace(
                at,
                keys=keys[:, rows.where(source, image.columns, image.row)],
                text_keys=keys[:, rows.where(source, text, image.row)],
            )
        return at

    @staticmethod
    def _merged(hidden: Tensor, image: Placed, selection: Selection) -> Tensor:
        if not selection.merges:
            return hidden
        merged = hidden.clone()
        kept = selection.apply(_flat(hidden, image.row, image.columns))
        merged[image.row, image.columns[selection.kept]] = kept.view(-1, *hidden.shape[2:])
        return merged


def _flat(hidden: Tensor, row: int, columns: Tensor) -> Tensor:
    """(n, d) hidden states of some columns; a model that carries several streams has them side by side."""
    return hidden[row, columns].flatten(1)


def _plans(
    image: Placed, chain: Chain, methods: Sequence[LayerMethod], layers: int
) -> list[tuple[int, int, LayerMethod]]:
    """(layer, how many stay, the method) for one picture, layers ascending."""
    allowed = dict(zip(map(id, chain.steps), chain.keeps(image.before), strict=True))
    plan: list[tuple[int, int, LayerMethod]] = []
    count = image.columns.numel()
    for step, method in zip(chain.at(Stage.LAYERS), methods, strict=True):
        for layer, keep in method.plan(min(count, allowed[id(step)]), count, layers):
            if plan and layer <= plan[-1][0]:
                raise MethodError(f"in {chain}, {method.name} acts at layer {layer}, where tokens have left already")
            plan.append((layer, keep, method))
            count = min(count, keep)
    return plan
