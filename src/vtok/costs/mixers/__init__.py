"""How a layer lets positions see each other, one file a kind of mixer.

Each file has a frozen ``Mixer``, which says the FLOPs of a block of queries over so many keys, what it stores for a
position and the state that it keeps whatever the length; and the function that makes it, with the matrices around it,
for one layer of a model (``Slot``). A new kind is a file and a line here.
"""

from __future__ import annotations

from collections.abc import Callable

from vtok.costs.mixers.cross import Cross, cross
from vtok.costs.mixers.delta import Delta, delta
from vtok.costs.mixers.hybrid import Hybrid, hybrid
from vtok.costs.mixers.indexed import Indexed, indexed
from vtok.costs.mixers.kimi import Kimi, kimi
from vtok.costs.mixers.latent import Latent, latent
from vtok.costs.mixers.mixer import Mixer, Mixing, Slot, pairs
from vtok.costs.mixers.ngrams import with_ngrams
from vtok.costs.mixers.nothing import nothing
from vtok.costs.mixers.reference import Reference, reference
from vtok.costs.mixers.short_conv import ShortConv, short_conv
from vtok.costs.mixers.softmax import Softmax, softmax
from vtok.costs.mixers.state_space import state_space
from vtok.costs.unknown import UnknownFigureError

__all__ = [
    "Cross",
    "Delta",
    "Hybrid",
    "Indexed",
    "Kimi",
    "Latent",
    "Mixer",
    "Mixing",
    "Reference",
    "ShortConv",
    "Slot",
    "Softmax",
    "make",
    "pairs",
]


def _attention(slot: Slot) -> Mixing:
    return latent(slot) if slot.text.kv_rank else softmax(slot)


def _linear(slot: Slot) -> Mixing:
    return kimi(slot) if slot.text.linear == "kimi" else delta(slot)


#: How a layer of each kind of ``TextSizes.attention`` is made.
_MAKERS: dict[str, Callable[[Slot], Mixing]] = {
    "full": _attention,
    "sliding": _attention,
    "chunked": _attention,
    "linear": _linear,
    "conv": short_conv,
    "cross": cross,
    "hybrid": hybrid,
    "hybrid_sliding": hybrid,
    "indexed": indexed,
    "reference": reference,
    "mamba": state_space,
    "feed": nothing,
}


def make(slot: Slot) -> Mixing:
    """What mixes positions in one layer; ``UnknownFigureError`` for a kind of layer, or a size, that nobody tells."""
    if slot.kind not in _MAKERS:
        raise UnknownFigureError(f"how a layer of kind {slot.kind} works")
    return with_ngrams(slot, _MAKERS[slot.kind](slot))
