"""Tables of hashed n-grams whose rows are added to all streams before a layer (models/qwen4_exp in transformers 5.24).

The last two, three, ... tokens are looked up in tables with a prime number of rows each, which lie one after the other
in one, and the rows that are found go through two matrices and a convolution, its taps ``longest`` positions apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import count, islice

from vtok.catalog.text_sizes import TextSizes
from vtok.costs.mixers.mixer import Mixer, Mixing, Slot
from vtok.costs.pieces import Matrix, Piece, Vector, norm
from vtok.costs.unknown import need


@dataclass(frozen=True)
class Ngrams(Mixer):
    """``mixer`` behind a convolution of ``taps``, ``longest`` apart, over ``width`` channels."""

    mixer: Mixer
    width: int
    taps: int
    longest: int

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of the convolution, and of what follows."""
        return 2 * self.width * self.taps * queries + self.mixer.flops(queries, keys)

    def needed(self, queries: int, keys: int) -> int:
        """The same of what follows."""
        return 2 * self.width * self.taps * queries + self.mixer.needed(queries, keys)

    @property
    def working(self) -> int:
        """The larger: what goes through the convolution (gates and values of all streams), or what follows."""
        return max(4 * self.width, self.mixer.working)

    @property
    def stored(self) -> int:
        """Numbers that what follows keeps for a position."""
        return self.mixer.stored

    @property
    def state(self) -> tuple[int, int]:
        """The convolution's last inputs beside what follows, and the last tokens, 8 bytes each."""
        plain, full = self.mixer.state
        return plain + self.width * (self.taps - 1) * self.longest, full + 2 * (self.longest - 1)


def with_ngrams(slot: Slot, mixing: Mixing) -> Mixing:
    """``mixing``, and what looks n-grams up before it where the layer does."""
    sizes = slot.text.ngrams
    if sizes is None or slot.index not in (sizes.layers or ()):
        return mixing
    width, taps, longest = need(sizes, "width"), need(sizes, "taps"), need(sizes, "longest")
    hidden, wide = need(slot.text, "hidden"), _wide(slot.text)
    pieces: tuple[Piece, ...] = (
        Matrix("attention", width, wide),
        Matrix("attention", width, hidden),
        norm(wide, count=3),
        Vector(wide * taps),
    )
    return Mixing((*pieces, *mixing.pieces), Ngrams(mixing.mixer, wide, taps, longest), mixing.across)


def tables(text: TextSizes) -> list[Piece]:
    """The table of each layer that looks n-grams up: a row is what one of the heads adds."""
    sizes = text.ngrams
    if sizes is None:
        return []
    heads = (need(sizes, "longest") - 1) * need(sizes, "heads")
    row, layers = need(sizes, "width") // heads, sizes.layers or ()
    primes, multiple = _primes(need(sizes, "rows"), heads * len(layers)), need(sizes, "multiple")
    rows = [sum(primes[first : first + heads]) for first in range(0, len(primes), heads)]
    return [Matrix("embedding", row, -(-one // multiple) * multiple, used=0) for one in rows]


def _wide(text: TextSizes) -> int:
    hidden: int = need(text, "hidden")
    return hidden * ((text.streams.count if text.streams else None) or 1)


@cache
def _primes(least: int, many: int) -> tuple[int, ...]:
    """The first ``many`` primes from ``least`` on."""
    return tuple(islice((one for one in count(max(2, least)) if _is_prime(one)), many))


def _is_prime(value: int) -> bool:
    divisor = 2
    while divisor * divisor <= value:
        if value % divisor == 0:
            return False
        divisor += 1
    return True
