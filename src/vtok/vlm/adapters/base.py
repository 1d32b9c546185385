"""What vtok has to know about a family of transformers, and the family that knows nothing special.

Any class whose ``forward`` accepts ``mm_encoder_outputs`` can be served by the base: it calls the model's own
``get_image_features`` and takes the rows that come back. Subclasses say what is special, one short file each. An
adapter is for one modality: pictures here, videos in ``videos``.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from PIL import Image
from torch import Tensor, nn

from vtok.errors import MethodError, ModelError
from vtok.geometry.layout import Layout
from vtok.reduction.method import Need
from vtok.vlm import towers
from vtok.vlm.adapters import grids
from vtok.vlm.adapters.joining import Encoding, beside, joined, seen_of
from vtok.vlm.adapters.modality import IMAGE, VIDEO, Modality
from vtok.vlm.picture import Picture, plain

#: Arguments of ``forward`` that hold the pixels of pictures.
PIXELS = IMAGE.pixels


class Adapter:
    """A family of transformers; stateless."""

    #: What it reads.
    modality: ClassVar[Modality] = IMAGE
    #: The ``model_type`` values of config.json.
    model_types: ClassVar[tuple[str, ...]] = ()
    #: Where the output holds the rows.
    field: ClassVar[str] = "pooler_output"
    #: What a budget is for; for the docs.
    counts: ClassVar[str] = "a picture"
    #: Which structural tokens there are, and when they stay; for the docs.
    structure: ClassVar[str] = "none among the visual tokens; the prompt's own tokens stay"
    #: What is special; for the docs.
    note: ClassVar[str] = ""
    #: Whether every picture is the same number of visual tokens, whatever its size.
    fixed: ClassVar[bool] = False

    def check(self, model: Any) -> None:
        """Raise ``ModelError`` when this model differs from what can be served."""

    def offers(self, model: Any) -> frozenset[Need]:
        """What methods may ask for beyond the vectors."""
        return towers.offers(model)

    def image_token_id(self, model: Any) -> int:
        """The id of the placeholder token."""
        for name in self.modality.tokens:
            found = getattr(model.config, name, None)
            if isinstance(found, int):
                return found
        raise ModelError(
            f"the configuration of this {type(model).__name__} names no placeholder for {self.modality.name}s"
        )

    def image_inputs(self, model: Any) -> tuple[str, ...]:
        """The arguments that carry pictures (or videos) or say how to encode them."""
        return tuple(name for name in _parameters(encoder(model, self.modality)) if name != "kwargs")

    def encode(
        self, model: Any, inputs: Mapping[str, Any], needs: frozenset[Need] = frozenset(), ids: Tensor | None = None
    ) -> Encoding:
        """Run tower and projector; what is in ``needs`` is filled in for each picture.

        ``inputs`` are the call's image arguments; ``ids`` (b, n) the prompts, without which all ``inputs`` are one
        picture where a family cuts pictures into tiles.
        """
        output, more = self.run(model, inputs, needs)
        units = self.units(model, output)
        pictures, rows = self.pictures(model, inputs, units, ids)
        groups = self.group([unit.shape[0] for unit in units], ids, self.image_token_id(model))
        seen = []
        for picture, mine, group in zip(pictures, rows, groups, strict=True):
            found = {name: beside([values[index] for index in group], name) for name, values in more.items()}
            seen.append(seen_of(picture, mine, video=self.modality is VIDEO, **found))
        return Encoding(output, tuple(pictures), tuple(rows), tuple(seen))

    def run(self, model: Any, inputs: Mapping[str, Any], needs: frozenset[Need]) -> tuple[Any, dict[str, list[Any]]]:
        """The encoder's output, and further fields of ``Seen``, each with one value a unit."""
        if not needs & towers.SEEN:
            return encoder(model, self.modality)(**inputs, return_dict=True), {}
        with towers.watched(model) as calls:
            output = encoder(model, self.modality)(**inputs, return_dict=True)
        counts = [unit.shape[0] for unit in self.units(model, output)]
        shapes = [self.part(model, inputs, index, count).grids for index, count in enumerate(counts)]
        known = [shape[0] if len(shape) == 1 else None for shape in shapes]
        return output, towers.seen_of(model, calls, needs, counts, known, inputs)

    def units(self, model: Any, output: Any) -> list[Tensor]:
        """The rows (n, d) that go into the language model, by unit, in the order of the placeholders."""
        return list(getattr(output, self.field))

    def pictures(
        self, model: Any, inputs: Mapping[str, Any], units: Sequence[Tensor], ids: Tensor | None
    ) -> tuple[list[Picture], list[Tensor]]:
        """The pictures and the rows of each."""
        counts = [unit.shape[0] for unit in units]
        if ids is not None:
            self._check_count(model, ids, sum(counts))
        groups = self.group(counts, ids, self.image_token_id(model))
        found, rows = [], []
        for group in groups:
            parts = [self.part(model, inputs, index, counts[index]) for index in group]
            found.append(parts[0] if len(parts) == 1 else joined(parts))
            rows.append(units[group[0]] if len(group) == 1 else torch.cat([units[index] for index in group]))
        return found, rows

    def part(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Picture:
        """The unit ``index`` of ``count`` rows as a picture of its own."""
        return plain(count, self.grid(model, inputs, index, count))

    def group(self, units: Sequence[int], ids: Tensor | None, image_token: int) -> list[list[int]]:
        """Which units make up each picture, see ``grouping``; here every one is a picture."""
        return [[index] for index in range(len(units))]

    def grid(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> grids.Grid | None:
        """Rows and columns of the unit ``index`` of ``count`` rows, see ``grids``; None where they are not known."""
        return grids.patches(inputs, index, count) if inputs.get("image_grid_thw") is not None else None

    def check_shrinks(self, model: Any) -> None:
        """Raise ``MethodError`` where pictures cannot be encoded smaller than the processor made them."""
        raise MethodError(
            f"a method that shrinks the picture cannot act on models of type {model.config.model_type!r}, which are "
            "given pictures that are already cut up; shrink them before the processor, or take another method"
        )

    def encode_shrunk(self, model: Any, inputs: Mapping[str, Any], sizes: Sequence[grids.Grid]) -> list[Tensor]:
        """Run tower and projector on pictures shrunk to ``sizes`` in patches; (rows * columns, d) each."""
        raise NotImplementedError  # ``check_shrinks`` refuses before; who lets it pass writes this one too

    def known_grids(self, model: Any, inputs: Mapping[str, Any]) -> list[grids.Grid] | None:
        """The grid of each picture where it is known before anything is encoded."""
        return None

    def known_blocks(self, model: Any, inputs: Mapping[str, Any]) -> list[tuple[grids.Grid, ...]] | None:
        """The grids (tiles, frames) of each picture or video where they are known before anything is encoded."""
        known = self.known_grids(model, inputs)
        return None if known is None else [(grid,) for grid in known]

    def preprocess(self, processor: Any, image: Image.Image) -> Mapping[str, Any]:
        """What the processor makes of one picture, for the encoder and for ``expansion``."""
        made: Mapping[str, Any] = processor.image_processor(images=image, return_tensors="pt")
        return made

    def expansion(self, model: Any, processor: Any, prepared: Mapping[str, Any], count: int) -> list[int]:
        """The tokens that stand for one picture of ``count`` rows, in place of the one placeholder of the template."""
        return [self.image_token_id(model)] * count

    def project(self, model: Any, features: Tensor) -> Tensor:
        """The projector alone: (n, e) -> (n, d)."""
        raise MethodError(f"the projector of models of type {model.config.model_type!r} cannot be run on its own here")

    def stages(self, model: Any) -> dict[str, nn.Module]:
        """The modules whose outputs are the stages of a picture, by name, in order."""
        return {}

    def language_model(self, model: Any) -> nn.Module:
        """The language model without its head, with ``layers`` that have ``self_attn``."""
        base = model.base_model
        if hasattr(base, "layers"):
            whole: nn.Module = base
            return whole
        for name in ("language_model", "text_model"):
            part = getattr(base, name, None)
            if isinstance(part, nn.Module):
                inner: Any = part if hasattr(part, "layers") else part.base_model
                found: nn.Module = inner
                return found
        raise ModelError(f"the decoder layers of a {type(model).__name__} cannot be found")

    def layout(self, model: Any, processor: Any, size: tuple[int, int]) -> Layout | None:
        """The layout of a picture of ``size`` (width, height) px under this processor's settings.

        None where the model does not tell; the checkpoint's files may.
        """
        return None

    def _check_count(self, model: Any, ids: Tensor, expected: int) -> None:
        held = int((ids == self.image_token_id(model)).sum())
        if held != expected:
            raise ModelError(
                f"the prompts hold {held} {self.modality.name} placeholders, but the {self.modality.name}s are "
                f"{expected} visual tokens; "
                "use the processor that belongs to this model"
            )


def encoder(model: Any, modality: Modality = IMAGE) -> Any:
    """The model's own ``get_image_features`` (or for videos), where its arguments are spelled out."""
    name = f"get_{modality.name}_features"
    inner = getattr(model.base_model, name, None)
    found = inner if inner is not None else getattr(model, name, None)
    if found is None:
        raise ModelError(f"a {type(model).__name__} has no {name}, through which vtok encodes {modality.name}s")
    return found


def _parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)
