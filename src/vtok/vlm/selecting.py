"""The visual tokens of encoded pictures that stay: methods choose among them, and may merge what they leave out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.chain import Chain, Step
from vtok.reduction.method import Seen, TokenMethod
from vtok.reduction.selection import Selection
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.joining import Encoding
from vtok.vlm.checking import allowed, check_budgets
from vtok.vlm.picture import Picture


@dataclass(frozen=True)
class Reduced:
    """One picture after the cut.

    ``vectors`` (k, d) go into the language model; ``selection`` is over its visual tokens, ``kept`` over all rows that
    the encoder gave for it, structure among them.
    """

    vectors: Tensor
    selection: Selection
    picture: Picture

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the visual tokens; a strip where they are several grids, or none that is known."""
        return self.picture.grids[0] if len(self.picture.grids) == 1 else (1, self.selection.before)

    @property
    def kept(self) -> Selection:
        """Which rows stay."""
        return self.picture.rows(self.selection)


def reduced(
    adapter: Adapter, model: Any, encoding: Encoding, chain: Chain | None, first: Sequence[Selection] | None = None
) -> list[Reduced]:
    """The encoded pictures cut by the steps of ``chain`` that act between projector and language model.

    ``first`` says what of each picture came through the encoder, where that is not all of it.
    """
    made, steps = [], chain.steps if chain else ()
    for index, (picture, rows, seen) in enumerate(zip(encoding.pictures, encoding.rows, encoding.seen, strict=True)):
        before = first[index] if first else Selection.all(seen.count, rows.device)
        made.append(_reduced_one(adapter, model, picture, rows, seen, steps, before))
    return made


def _reduced_one(
    adapter: Adapter,
    model: Any,
    picture: Picture,
    rows: Tensor,
    seen: Seen,
    steps: Sequence[Step],
    total: Selection,
) -> Reduced:
    vectors = rows
    check_budgets(adapter, steps, total.before, seen.grids)
    gridded = bool(picture.grids)
    for step, most in zip(steps, allowed(steps, total.before), strict=True):
        method = step.method
        if not isinstance(method, TokenMethod) or (most >= seen.count and step.budget is not None):
            continue
        if method.reads_grid and not gridded:
            raise MethodError(
                f"{method.name} goes by rows and columns, which the visual tokens do not have here "
                f"({model.config.model_type}); take a method that does not, such as divprune or random"
            )
        selection, gridded = method.select(seen, min(most, seen.count)), False
        total = selection if total.after == total.before else total.then(selection)
        if selection.merges and method.merges_features and seen.features is not None:
            projected = adapter.project(model, selection.apply(seen.features))
            vectors = _placed(picture, rows, total, projected)
            seen = _narrowed(seen, selection, projected)
        else:
            seen = _narrowed(seen, selection, selection.apply(seen.vectors))
            vectors = _placed(picture, rows, total, seen.vectors)
    return Reduced(vectors, total, picture)


def _placed(picture: Picture, rows: Tensor, total: Selection, vectors: Tensor) -> Tensor:
    """The kept ``vectors`` with the structural rows that stay among them."""
    if not picture.structure:
        return vectors
    full = rows.clone()
    full[picture.content.to(rows.device)[total.kept]] = vectors
    return full[picture.rows(total).kept]


def _narrowed(seen: Seen, selection: Selection, vectors: Tensor) -> Seen:
    """What a second method may look at, behind a first one; the grid is gone."""

    def columns(value: Tensor | None) -> Tensor | None:
        return None if value is None else value[:, selection.kept]

    return replace(
        seen,
        grid=(1, vectors.shape[0]),
        blocks=(),
        video=False,
        vectors=vectors,
        features=None if seen.features is None else selection.apply(seen.features),
        cls_attention=columns(seen.cls_attention),
        keys=columns(seen.keys),
        first_attention=columns(seen.first_attention),
        received_attention=columns(seen.received_attention),
    )
