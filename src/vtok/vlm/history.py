"""What a cache holds that was filled with a cut prompt, so that a conversation over it can go on.

The user's next prompt is the whole conversation so far, visual tokens that were dropped included, while the cache is
shorter. The history stands on the cache itself, which is what the user carries from one call to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vtok.errors import MethodError
from vtok.vlm.positions import after
from vtok.vlm.seam import Shortened

_MARK = "vtok_history"


@dataclass(frozen=True)
class History:
    """The prompt (b, n) that a cache was first filled with, and what it became."""

    prompt: Tensor
    short: Shortened

    @property
    def dropped(self) -> int:
        """Columns that left."""
        return self.prompt.shape[1] - self.short.input_ids.shape[1]

    def go_on(self, arguments: dict[str, Any]) -> None:
        """Cut a later call's ``arguments``, whose ``input_ids`` (b, N) begin with the old prompt."""
        ids: Tensor = arguments["input_ids"]
        width = self.prompt.shape[1]
        if ids.shape[1] < width or not torch.equal(ids[:, :width], self.prompt.to(ids)):
            raise MethodError(
                "this prompt does not begin with the one that the cache was filled with; start a new cache"
            )
        more = ids.shape[1] - width
        short = self.short
        arguments["input_ids"] = torch.cat([short.input_ids, ids[:, width:]], 1)
        mask = arguments.get("attention_mask")
        rest = ids.new_ones(ids.shape[0], more) if mask is None else mask[:, width:]
        arguments["attention_mask"] = torch.cat([short.attention_mask.to(rest), rest], 1)
        arguments["position_ids"] = torch.cat([short.position_ids, after(short.position_ids, more)], -1)
        for name in TYPES:
            if arguments.get(name) is not None:
                types = arguments[name]
                arguments[name] = torch.cat([short.take(types[:, :width], 0), types[:, width:]], 1)

    def step(self, arguments: dict[str, Any], held: int) -> None:
        """Give a step over a cache of ``held`` positions its own positions, and cut a mask that is too long."""
        ids: Tensor = arguments["input_ids"]
        arguments["position_ids"] = self.positions(held, ids)
        mask = arguments.get("attention_mask")
        if mask is not None and mask.ndim == 2 and self.dropped and mask.shape[1] == held + ids.shape[1] + self.dropped:
            arguments["attention_mask"] = torch.cat(
                [self.short.attention_mask.to(mask), mask[:, self.prompt.shape[1] :]], 1
            )

    def positions(self, held: int, ids: Tensor) -> Tensor:
        """The positions of ``ids`` (b, n), which come behind ``held`` of the cut prompt and what followed it."""
        start = self.short.position_ids
        copies = ids.shape[0] // start.shape[-2]
        start = start.repeat_interleave(copies, -2) if copies > 1 else start
        more = max(0, held + ids.shape[1] - start.shape[-1])
        return torch.cat([start, after(start, more)], -1)[..., held : held + ids.shape[1]]


#: Arguments that say of what kind each token is.
TYPES = ("mm_token_type_ids", "token_type_ids", "moe_mm_token_type_ids")


def cache_in(values: Mapping[str, Any]) -> Any:
    """The cache among a call's arguments or in an output, under the name of this transformers."""
    found = values.get("cache")
    return found if found is not None else values.get("past_key_values")


def remember(cache: Any, history: History) -> None:
    """Let ``cache`` carry ``history``."""
    if cache is not None:
        setattr(cache, _MARK, history)


def recall(cache: Any) -> History | None:
    """The history that ``cache`` carries."""
    found: History | None = getattr(cache, _MARK, None)
    return found
