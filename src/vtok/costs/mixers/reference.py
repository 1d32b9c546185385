"""Attention to the whole prompt and to a window over new tokens alone (Unlimited-OCR, arXiv:2606.23050).

As in transformers 5.24, models/unlimited_ocr/modeling_unlimited_ocr.py: the prompt, pictures and all, is never slid
over, so that its keys and values stay whole however long it is; of the answer there are no more than the window. A
prompt is read as by full attention.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.costs.mixers.mixer import Mixing, Slot
from vtok.costs.mixers.softmax import Softmax, softmax
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Reference(Softmax):
    """Softmax attention to the prompt and ``recent`` new tokens back."""

    recent: int = 0

    def reach(self, prompt: int) -> int | None:
        """The prompt and the window."""
        return prompt + self.recent


def reference(slot: Slot) -> Mixing:
    """Attention of a full layer, with a window over new tokens."""
    found, recent = softmax(slot), need(slot.text, "window")
    heads, kv_heads, width = (need(slot.text, name) for name in ("heads", "kv_heads", "head_dim"))
    value = slot.text.value_dim or width
    return Mixing(found.pieces, Reference(heads, kv_heads, width, value, recent=recent))
