"""Idefics and its kin: the encoder gives the rows of a whole prompt, tile after tile.

Source: transformers, ``models/idefics2/``, ``models/idefics3/``, ``models/smolvlm/``, ``models/granite_docling/``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from PIL import Image
from torch import Tensor

from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.grids import Grid, square
from vtok.vlm.adapters.grouping import by_last_marker

_AROUND = "<fake_token_around_image>"


class Idefics3Adapter(Adapter):
    """Tiles with a marker token before each, and the thumbnail last."""

    model_types: ClassVar[tuple[str, ...]] = ("idefics3", "smolvlm", "granite_docling")
    counts: ClassVar[str] = "a picture, over all its tiles"
    structure: ClassVar[str] = "tile markers and line breaks are tokens of the prompt and stay"

    def units(self, model: Any, output: Any) -> list[Tensor]:
        """See ``Adapter.units``."""
        side = self._tile(model)
        return [tile for prompt in output.pooler_output if len(prompt) for tile in prompt.split(side)]

    def group(self, units: Sequence[int], ids: Tensor | None, image_token: int) -> list[list[int]]:
        """See ``Adapter.group``."""
        return by_last_marker(units, ids, image_token)

    def grid(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """See ``Adapter.grid``."""
        return square(count)

    def preprocess(self, processor: Any, image: Image.Image) -> Mapping[str, Any]:
        """See ``Adapter.preprocess``; with the rows and columns of tiles."""
        made: Mapping[str, Any] = processor.image_processor(
            images=[[image]], return_tensors="pt", return_row_col_info=True
        )
        return made

    def expansion(self, model: Any, processor: Any, prepared: Mapping[str, Any], count: int) -> list[int]:
        """See ``Adapter.expansion``: every tile behind its mark, and behind each row of tiles a line break."""
        rows, columns = int(prepared["rows"][0][0]), int(prepared["cols"][0][0])
        tile = processor.image_token * self._tile(model)
        text = ""
        for row in range(1, rows + 1):
            text += "".join(f"{_AROUND}<row_{row}_col_{column}>{tile}" for column in range(1, columns + 1)) + "\n"
        text += ("\n" if rows else "") + f"{_AROUND}<global-img>{tile}{_AROUND}"
        ids: list[int] = processor.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _tile(self, model: Any) -> int:
        """Rows of one tile."""
        return int(model.base_model.image_seq_len)


class Idefics2Adapter(Idefics3Adapter):
    """Every tile is read by as many learned queries, which have no place in the picture."""

    model_types: ClassVar[tuple[str, ...]] = ("idefics2",)
    structure: ClassVar[str] = "none among the visual tokens; the prompt's own tokens stay"

    def grid(self, model: Any, inputs: Mapping[str, Any], index: int, count: int) -> Grid | None:
        """See ``Adapter.grid``."""
        return None

    def _tile(self, model: Any) -> int:
        return int(model.config.perceiver_config.resampler_n_latents)
