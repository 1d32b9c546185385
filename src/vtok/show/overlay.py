"""What an overlay shows: the state of every token and where it lies on the picture; no drawing yet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vtok.geometry.layout import Box, Layout
from vtok.reduction.selection import Selection


class State(IntEnum):
    """What became of a token."""

    DROPPED = 0
    MERGED = 1
    KEPT = 2


@dataclass(frozen=True)
class Overlay:
    """A picture, its layout and a selection; ``heat`` asks for the method's score as colour."""

    image: Image.Image
    layout: Layout
    selection: Selection
    heat: bool = False

    @cached_property
    def states(self) -> NDArray[np.int64]:
        """(n,) values of ``State``, a token each."""
        states = np.full(self.selection.before, State.DROPPED, np.int64)
        states[self.selection.merged.cpu().numpy()] = State.MERGED
        states[self.selection.kept.cpu().numpy()] = State.KEPT
        return states

    @cached_property
    def heats(self) -> NDArray[np.float64] | None:
        """(n,) scores scaled to 0..1 by rank, so that a few large ones do not hide the rest; None without scores."""
        if not self.heat or self.selection.scores is None:
            return None
        scores = self.selection.scores.detach().float().cpu().numpy()
        return scores.argsort().argsort() / max(1, scores.size - 1)

    @cached_property
    def canvas(self) -> Box:
        """The picture and, where the processor padded it, the padding, in source pixels."""
        boxes = self.layout.token_boxes
        width, height = self.image.size
        corner = min(0.0, float(boxes[:, 0].min())), min(0.0, float(boxes[:, 1].min()))
        return *corner, max(float(width), float(boxes[:, 2].max())), max(float(height), float(boxes[:, 3].max()))

    @cached_property
    def unseen(self) -> list[Box]:
        """The parts of the picture that the model never saw, in source pixels."""
        left, top, right, bottom = self.layout.seen
        width, height = map(float, self.image.size)
        strips = [
            (0.0, 0.0, width, top),
            (0.0, bottom, width, height),
            (0.0, top, left, bottom),
            (right, top, width, bottom),
        ]
        return [strip for strip in strips if strip[2] - strip[0] > 0.5 and strip[3] - strip[1] > 0.5]

    @property
    def caption(self) -> str:
        """What the colours add up to, in words."""
        kept, merged, dropped = (
            int((self.states == state).sum()) for state in (State.KEPT, State.MERGED, State.DROPPED)
        )
        words = [f"{kept} of {kept + merged + dropped} visual tokens kept"]
        words += [f"{merged} merged into them"] * bool(merged)
        words += [f"{dropped} dropped"] * bool(dropped)
        words += [f"{self.unseen_share:.0%} of the picture never seen (hatched)"] * bool(self.unseen)
        return ", ".join(words)

    @property
    def unseen_share(self) -> float:
        """The share of the picture's area that the model never saw."""
        width, height = self.image.size
        return sum((right - left) * (bottom - top) for left, top, right, bottom in self.unseen) / (width * height)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: every token's state, box, score, and the survivor that it went into."""
        scores, slots = self.selection.scores, self.selection.slot.tolist()
        kept = self.selection.kept.tolist()
        return {
            "size": list(self.image.size),
            "before": self.selection.before,
            "after": self.selection.after,
            "unseen": [[round(v, 2) for v in box] for box in self.unseen],
            "tokens": [
                {
                    "state": State(state).name.lower(),
                    "box": [round(v, 2) for v in box],
                    "into": kept[slots[index]] if slots[index] >= 0 else None,
                    "score": None if scores is None else round(float(scores[index]), 6),
                }
                for index, (state, box) in enumerate(
                    zip(self.states.tolist(), self.layout.token_boxes.tolist(), strict=True)
                )
            ],
        }
