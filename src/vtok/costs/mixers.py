"""How a layer lets positions see each other: softmax attention, latent attention, gated delta nets, short convolutions.

Each says the FLOPs of a block of queries over so many keys, what it stores for a position, and the state that it keeps
whatever the length. Sources: softmax attention: Vaswani et al. 2017, 3.2; latent attention: DeepSeek-V2
(arXiv:2405.04434), 2.1; gated delta nets in chunks of 64: Yang et al. (arXiv:2412.06464), 3.3, with the products of
transformers 5.24, models/qwen3_5/modeling_qwen3_5.py; short convolutions: models/lfm2/modeling_lfm2.py.
"""

from __future__ import annotations

from dataclasses import dataclass

CHUNK = 64


@dataclass(frozen=True)
class Softmax:
    """Attention of ``heads`` queries to ``kv_heads`` keys and values; ``window`` positions back where it is bounded."""

    heads: int
    kv_heads: int
    key_dim: int
    value_dim: int
    window: int | None = None

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of scores and weighted sums, every query to every key, as dense kernels with a mask do them."""
        return 2 * self.heads * queries * keys * (self.key_dim + self.value_dim)

    def needed(self, queries: int, keys: int) -> int:
        """FLOPs that causality and the window leave, as kernels do that skip what the mask hides."""
        return 2 * self.heads * pairs(queries, keys, self.window) * (self.key_dim + self.value_dim)

    @property
    def stored(self) -> int:
        """Numbers in the cache for a position."""
        return self.kv_heads * (self.key_dim + self.value_dim)

    @property
    def compressed(self) -> int:
        """The same where the engine stores less; here it is not less."""
        return self.stored

    @property
    def state(self) -> tuple[int, int]:
        """Numbers kept whatever the length: (in the type of activations, in fp32)."""
        return 0, 0


@dataclass(frozen=True)
class Latent(Softmax):
    """Multi-head latent attention: what an engine can store instead is ``rank`` + ``rope_dim`` numbers a position."""

    rank: int = 0
    rope_dim: int = 0

    @property
    def compressed(self) -> int:
        """Numbers of the latent and of the one shared rotary key."""
        return self.rank + self.rope_dim


@dataclass(frozen=True)
class Cross(Softmax):
    """Attention of every position to ``looked`` positions of the pictures, whose keys and values are made once."""

    looked: int = 0

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of scores and weighted sums over the pictures, however many keys the text has."""
        return super().flops(queries, self.looked)

    def needed(self, queries: int, keys: int) -> int:
        """The same: nothing is hidden."""
        return self.flops(queries, keys)


@dataclass(frozen=True)
class Delta:
    """A gated delta net of ``heads`` states of ``key_dim`` x ``value_dim``, behind a convolution of ``taps``.

    ``conv_width`` is the number of channels that the convolution runs over.
    """

    heads: int
    key_dim: int
    value_dim: int
    conv_width: int
    taps: int

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of the products within and between chunks of 64; one query alone updates the state by sums.

        The triangular systems that a chunk solves are no products, and are not counted here.
        """
        if queries == 1:
            return self._conv(queries)
        inside = CHUNK * (2 * self.key_dim + self.value_dim)
        between = 3 * self.key_dim * self.value_dim
        return 2 * -(-queries // CHUNK) * CHUNK * self.heads * (inside + between) + self._conv(queries)

    def needed(self, queries: int, keys: int) -> int:
        """FLOPs with a chunk's triangular systems, or the state's own update where a query comes alone."""
        if queries == 1:
            return 6 * self.heads * self.key_dim * self.value_dim
        solved = -(-queries // CHUNK) * self.heads * CHUNK**2 * (self.key_dim + self.value_dim)
        return self.flops(queries, keys) + solved

    def _conv(self, queries: int) -> int:
        # torch pads on both sides and cuts the end off, so that it works out taps - 1 positions more.
        return 0 if queries == 1 else 2 * self.conv_width * self.taps * (queries + self.taps - 1)

    @property
    def stored(self) -> int:
        """Nothing grows with the length."""
        return 0

    @property
    def compressed(self) -> int:
        """Nothing grows with the length."""
        return 0

    @property
    def state(self) -> tuple[int, int]:
        """The convolution's last inputs, and the states in fp32."""
        return self.conv_width * self.taps, self.heads * self.key_dim * self.value_dim


@dataclass(frozen=True)
class ShortConv:
    """A convolution of ``taps`` over ``width`` channels, with nothing to remember but its last inputs."""

    width: int
    taps: int

    def flops(self, queries: int, keys: int) -> int:
        """FLOPs of the convolution; one query alone is a sum of products, which is not a matrix product."""
        return 0 if queries == 1 else 2 * self.width * self.taps * (queries + self.taps - 1)

    def needed(self, queries: int, keys: int) -> int:
        """The same: it has no mask."""
        return 2 * self.width * self.taps * queries

    @property
    def stored(self) -> int:
        """Nothing grows with the length."""
        return 0

    @property
    def compressed(self) -> int:
        """Nothing grows with the length."""
        return 0

    @property
    def state(self) -> tuple[int, int]:
        """The last inputs, in the type of activations."""
        return self.width * self.taps, 0


Mixer = Softmax | Delta | ShortConv


def pairs(queries: int, keys: int, window: int | None = None) -> int:
    """Pairs of a query and a key that it may see, where the queries are the last of ``keys`` positions."""
    before = keys - queries
    seen = queries * before + queries * (queries + 1) // 2
    if window is None or window >= keys:
        return seen
    # Query i (from 0) sees min(before + i + 1, window) keys.
    growing = max(0, min(queries, window - before))
    return growing * before + growing * (growing + 1) // 2 + (queries - growing) * window
