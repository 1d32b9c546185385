"""Queries of a projector's own that read the patches of a tile and stand in their place.

Sources: perceivers, Jaegle et al. (arXiv:2103.03206), as in transformers 5.24, models/idefics2/modeling_idefics2.py;
query transformers, Li et al. (arXiv:2301.12597), models/blip_2/modeling_blip_2.py; models/aria/modeling_aria.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vtok.catalog.architectures import reads_by
from vtok.catalog.sizes import VisionSizes
from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Matrix, Piece, Vector, flops, mlp, norm
from vtok.costs.unknown import UnknownFigureError, need

Keys = Literal["patches", "queries", "both"]


@dataclass(frozen=True)
class Reading:
    """One attention of all queries: pieces for every query, for every key, and what the keys are."""

    query: tuple[Piece, ...]
    key: tuple[Piece, ...]
    attention: Softmax
    keys: Keys

    def flops(self, queries: int, patches: int) -> int:
        """FLOPs for a tile of so many positions, the class token's included."""
        count = {"patches": patches, "queries": queries, "both": patches + queries}[self.keys]
        return flops(self.query, queries) + flops(self.key, count) + self.attention.flops(queries, count)


@dataclass(frozen=True)
class Resampler:
    """``queries`` a tile of so many patches (0: of any other number) go through ``readings``; ``held`` is beside."""

    queries: tuple[tuple[int, int], ...]
    readings: tuple[Reading, ...]
    held: tuple[Piece, ...]

    def tokens(self, rows: int, columns: int) -> int:
        """Queries that read a tile of so many rows and columns of patches."""
        found, patches = dict(self.queries), rows * columns
        if patches not in found and 0 not in found:
            raise UnknownFigureError(f"how many queries read {patches} patches")
        return found.get(patches, found.get(0, 0))

    def flops(self, rows: int, columns: int, beside: int) -> int:
        """FLOPs for a tile of so many rows and columns, with ``beside`` class tokens that are read too."""
        queries = self.tokens(rows, columns)
        return sum(reading.flops(queries, rows * columns + beside) for reading in self.readings)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All that is held."""
        return (*(piece for one in self.readings for piece in (*one.query, *one.key)), *self.held)


@dataclass(frozen=True)
class Pooling(Resampler):
    """A query a square of ``merge`` by ``merge`` patches, their mean, which reads these alone (Molmo).

    Squares that an edge cuts through are padded, and so are counted whole.
    """

    merge: int = 1

    def tokens(self, rows: int, columns: int) -> int:
        """Squares of a tile."""
        return -(-rows // self.merge) * -(-columns // self.merge)

    def flops(self, rows: int, columns: int, beside: int) -> int:
        """FLOPs for all squares of a tile."""
        return self.tokens(rows, columns) * sum(reading.flops(1, self.merge**2) for reading in self.readings)


@dataclass(frozen=True)
class Encoder(Resampler):
    """A second encoder over merged patches and queries together, as many of these as there may be patches.

    DeepSeek-OCR 2: 144 queries for up to as many merged patches, else 256; transformers 5.24,
    models/deepseek_ocr2/modeling_deepseek_ocr2.py. It is counted with the projector.
    """

    merge: int = 1

    def tokens(self, rows: int, columns: int) -> int:
        """Queries for a tile."""
        merged = (rows // self.merge) * (columns // self.merge)
        return next((queries for most, queries in self.queries if merged <= most), self.queries[-1][1])

    def flops(self, rows: int, columns: int, beside: int) -> int:
        """FLOPs of all layers over a tile and its queries."""
        count = (rows // self.merge) * (columns // self.merge) + self.tokens(rows, columns)
        return sum(flops(one.key, count) + one.attention.flops(count, count) for one in self.readings)


def resampler(vision: VisionSizes, text_hidden: int | None) -> Resampler | None:
    """The resampler of a projector's kind, None where it has none; raises ``UnknownFigureError``."""
    kind = reads_by(vision.projector)
    if kind is None:
        return None
    if text_hidden is None:
        raise UnknownFigureError("text.hidden")
    return _KINDS[kind](vision, text_hidden)


def _perceiver(vision: VisionSizes, width: int) -> Resampler:
    """Latents that read patches and themselves in each layer (Idefics2); its MLP is four times as wide as they are."""
    heads, dim = need(vision, "resampler_heads"), need(vision, "resampler_head_dim")
    kv_heads, queries = need(vision, "resampler_kv_heads"), need(vision, "queries")
    query: tuple[Piece, ...] = (
        _matrix(width, heads * dim),
        _matrix(heads * dim, width),
        *mlp(width, 4 * width, True, tensor="projector"),
        norm(width, count=3),
    )
    key = (_matrix(width, kv_heads * dim), _matrix(width, kv_heads * dim))
    one = Reading(query, key, Softmax(heads, kv_heads, dim, dim), "both")
    held = (Vector(queries * width), norm(width))
    return Resampler(((0, queries),), (one,) * need(vision, "resampler_layers"), held)


def _query_transformer(vision: VisionSizes, text_hidden: int) -> Resampler:
    """BERT's layers over the queries, every ``resampler_every``-th of which reads the patches too."""
    width, heads, inner = (need(vision, f"resampler_{name}") for name in ("hidden", "heads", "mlp"))
    hidden, queries = need(vision, "hidden"), need(vision, "queries")
    attention = Softmax(heads, heads, width // heads, width // heads)
    own = (_matrix(width, width, True), _matrix(width, width, True))
    inside = Reading((*own, norm(width, True)), own, attention, "queries")
    patches = (_matrix(hidden, width, True), _matrix(hidden, width, True))
    across = Reading((*own, norm(width, True)), patches, attention, "patches")
    feed = Reading(
        (*mlp(width, inner, False, True, "projector"), norm(width, True)), (), Softmax(0, 0, 0, 0), "queries"
    )
    readings: list[Reading] = []
    for index in range(need(vision, "resampler_layers")):
        readings += [inside, *[across] * (index % need(vision, "resampler_every") == 0), feed]
    return Resampler(((0, queries),), tuple(readings), (Vector(queries * width), norm(width, True)))


def _single(vision: VisionSizes, text_hidden: int) -> Resampler:
    """One attention (Aria): torch's own, with matrices before and after it; the queries depend on the patches."""
    width, heads = need(vision, "hidden"), need(vision, "heads")
    table = need(vision, "queries_of")
    plain, biased = _matrix(width, width), _matrix(width, width, True)
    query = (plain, biased, biased, biased, norm(width, True), norm(width, True))
    # Two matrices without a bias, and torch's own two with one.
    key = (plain, plain, biased, biased, norm(width, True))
    dim = width // heads
    most = max(queries for _, queries in table)
    return Resampler(table, (Reading(query, key, Softmax(heads, heads, dim, dim), "patches"),), (Vector(most * width),))


def _pooling(vision: VisionSizes, text_hidden: int) -> Resampler:
    """The mean of each square reads it, in the outputs of several of the encoder's layers; then a gated MLP."""
    wide = need(vision, "hidden") * need(vision, "features")
    width, heads, dim = (need(vision, f"resampler_{name}") for name in ("hidden", "heads", "head_dim"))
    kv_heads, inner = vision.resampler_kv_heads or heads, need(vision, "resampler_mlp")
    feed = (_matrix(width, inner), _matrix(width, inner), _matrix(inner, text_hidden))
    query = (_matrix(wide, heads * dim, True), _matrix(heads * dim, width, True), *feed)
    key = (_matrix(wide, kv_heads * dim, True),) * 2
    reading = Reading(query, key, Softmax(heads, kv_heads, dim, dim), "patches")
    return Pooling((), (reading,), (), need(vision, "merge"))


def _encoder(vision: VisionSizes, text_hidden: int) -> Resampler:
    """Layers of Qwen2 over patches and queries."""
    width, heads, inner = (need(vision, f"resampler_{name}") for name in ("hidden", "heads", "mlp"))
    kv_heads, dim = need(vision, "resampler_kv_heads"), width // heads
    keys = _matrix(width, kv_heads * dim, True)
    layer = (_matrix(width, width, True), keys, keys, _matrix(width, width), norm(width, count=2))
    reading = Reading(
        (), (*layer, *mlp(width, inner, True, tensor="projector")), Softmax(heads, kv_heads, dim, dim), "both"
    )
    table = (144, 144), (256, 256)
    held = (Vector(sum(queries for _, queries in table) * width), norm(width))
    return Encoder(table, (reading,) * need(vision, "resampler_layers"), held, need(vision, "merge"))


def _matrix(inputs: int, outputs: int, bias: bool = False) -> Matrix:
    return Matrix("projector", inputs, outputs, bias)


_KINDS: dict[str, Callable[[VisionSizes, int], Resampler]] = {
    "perceiver": _perceiver,
    "query transformer": _query_transformer,
    "single": _single,
    "pooling": _pooling,
    "encoder": _encoder,
}
