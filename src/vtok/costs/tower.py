"""A vision encoder as matrices, vectors and attention, from ``VisionSizes``.

The parts are those of transformers 5.24's classes, as ``architectures.toml`` has them. An encoder of which only an
earlier layer's output is read still runs to its end there, and is counted so.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.architectures import complete_vision
from vtok.catalog.sizes import VisionSizes
from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Matrix, Piece, Vector, mlp, norm
from vtok.costs.unknown import UnknownFigureError, need


@dataclass(frozen=True)
class Tower:
    """A vision encoder. ``embedding`` makes patches, ``layer`` is one of ``layers`` alike, of which
    ``mixing`` makes queries, keys and values and what comes of them; ``after`` is what follows all layers.

    Where it has a head that pools the patches, every patch goes through ``pooling``, one position a tile through
    ``pooled``. ``rotary`` says whether positions turn queries and keys, ``dense_mask``
    whether transformers makes a mask of every position against every other.

    ``class_tokens`` are positions that stand beside the patches of every tile; ``window`` is a side in patches, None
    where every layer attends to the whole tile; ``full`` are the layers (from 0) that do so all the same.
    After layer ``merged_after`` patches attend within squares of two by two (``merging``), which then become one
    position (``merged``). Every picture has ``joined`` tiles that see each other, or tiles stand alone where that is 1.
    """

    embedding: tuple[Piece, ...]
    mixing: tuple[Piece, ...]
    layer: tuple[Piece, ...]
    layers: int
    attention: Softmax
    after: tuple[Piece, ...]
    pooling: tuple[Piece, ...]
    pooled: tuple[Piece, ...]
    class_tokens: int
    patch: int
    window: int | None
    full: tuple[int, ...]
    hidden: int
    rotary: bool
    dense_mask: bool
    relative: bool
    joined: int = 1
    merging: tuple[Piece, ...] = ()
    merged: tuple[Piece, ...] = ()
    merged_after: int | None = None

    @property
    def layers_before(self) -> int:
        """Layers before two by two patches are merged: all of them where they never are."""
        return self.layers if self.merged_after is None else min(self.layers, self.merged_after + 1)

    def positions(self, patches: int) -> int:
        """Positions of a tile; tiles that see each other are each padded to a multiple of 8 (Llama 3.2 Vision)."""
        count = patches + self.class_tokens
        return count if self.joined == 1 else -(-count // 8) * 8


def tower(sizes: VisionSizes) -> Tower:
    """The encoder of ``sizes``; raises ``UnknownFigureError`` for a figure that it needs and nobody tells."""
    vision = complete_vision(sizes)
    hidden, heads, patch = need(vision, "hidden"), need(vision, "heads"), need(vision, "patch")
    if vision.norm_bias is None:
        raise UnknownFigureError(f"how the encoder {vision.kind} is built" if vision.kind else "vision.kind")
    width = vision.head_dim or hidden // heads
    kv_heads = vision.kv_heads or heads
    norms = norm(hidden, need(vision, "norm_bias"))
    pixels = need(vision, "channels") * need(vision, "temporal") * patch**2
    embedding: list[Piece] = [Matrix("vision", pixels, hidden, need(vision, "patch_bias"))]
    embedding += [Vector(hidden, "vision")] * bool(vision.class_token)
    if need(vision, "learned"):
        embedding.append(_learned(vision, patch, hidden))
    embedding += [norms] * bool(vision.pre_norm)
    pooling, pooled = _pooling(vision, hidden)
    bias = need(vision, "qkv_bias")
    mixing: tuple[Piece, ...] = (
        Matrix("vision", hidden, heads * width, bias),
        Matrix("vision", hidden, kv_heads * width, bias),
        Matrix("vision", hidden, kv_heads * width, bias),
        Matrix("vision", heads * width, hidden, need(vision, "output_bias")),
    )
    layer: list[Piece] = [
        *mixing,
        *mlp(hidden, _inner(vision), bool(vision.gated), need(vision, "mlp_bias"), "vision"),
        *[norms] * need(vision, "norms"),
        *[Vector(hidden)] * (2 * bool(vision.layer_scale)),
        *_head_norms(vision, hidden, width),
    ]
    if vision.tiles:
        embedding.append(_tile_positions(vision, patch, hidden))
    if vision.relative:
        embedding += _relative(vision, width)
    return Tower(
        embedding=tuple(embedding),
        mixing=mixing,
        layer=tuple(layer),
        layers=need(vision, "layers") + (vision.global_layers or 0),
        attention=Softmax(heads, kv_heads, width, width),
        after=(norms,) if vision.post_norm else _neck(vision, hidden),
        pooling=pooling,
        pooled=pooled,
        class_tokens=1 if vision.class_token else 0,
        patch=patch,
        window=vision.window // patch if vision.window and vision.full_layers else None,
        full=vision.full_layers or (),
        hidden=hidden,
        rotary=bool(vision.rotary),
        dense_mask=bool(vision.dense_mask),
        relative=bool(vision.relative),
        joined=vision.tiles or 1,
        merging=(*mixing, norms) if vision.merger else (),
        merged=_merged(vision, hidden) if vision.merger else (),
        merged_after=vision.merged_after,
    )


def _learned(vision: VisionSizes, patch: int, hidden: int) -> Piece:
    """Learned position embeddings; where a matrix resizes them, every patch is a sum of all of them."""
    count = vision.positions or (need(vision, "image") // patch) ** 2 + bool(vision.class_token)
    return Matrix("vision", count, hidden) if vision.mixed_positions else Vector(count * hidden, "vision")


def _tile_positions(vision: VisionSizes, patch: int, hidden: int) -> Piece:
    """Tables by the shape of the picture, one for every position and two for every tile, and all the gates."""
    positions = (need(vision, "image") // patch) ** 2 + 1
    rows = (need(vision, "ratios") + 1) * need(vision, "tiles")
    return Vector(rows * (positions + 2) * hidden + 3 + 2 * need(vision, "global_layers"), "vision")


def _merged(vision: VisionSizes, hidden: int) -> tuple[Piece, ...]:
    """MiniCPM-V's MLP over the four patches of a square."""
    return (
        norm(4 * hidden, True),
        *mlp(4 * hidden, 4 * _inner(vision), False, True, "vision")[:1],
        Matrix("vision", 4 * _inner(vision), hidden, True),
    )


def _relative(vision: VisionSizes, width: int) -> list[Piece]:
    """SAM's tables, one for rows and one for columns in each layer: a vector for every distance in its window."""
    grid, inside = need(vision, "image") // need(vision, "patch"), need(vision, "window") // need(vision, "patch")
    full = need(vision, "full_layers")
    sides = [grid if index in full else inside for index in range(need(vision, "layers"))]
    return [Vector(2 * (2 * side - 1) * width, "vision") for side in sides]


def _neck(vision: VisionSizes, hidden: int) -> tuple[Piece, ...]:
    """SAM's neck: a convolution of one by one and one of three by three, each with a norm."""
    if not vision.neck:
        return ()
    out: int = need(vision, "output")
    return Matrix("vision", hidden, out), Matrix("vision", 9 * out, out), norm(out, True, 2)


def _inner(vision: VisionSizes) -> int:
    inner: int = need(vision, "output" if vision.mlp_is_output else "mlp")
    return inner


def _head_norms(vision: VisionSizes, hidden: int, width: int) -> list[Piece]:
    if vision.qk_norm is None:
        return []
    return [norm(width if vision.qk_norm == "head" else hidden, count=2)]


def _pooling(vision: VisionSizes, hidden: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """SigLIP's head: one query attends to all patches; the language model never reads what comes of it."""
    if not vision.pool_head:
        return (), ()
    inner: int = need(vision, "mlp")
    keys = Matrix("vision", hidden, 2 * hidden, True)
    single = Matrix("vision", hidden, hidden, True)
    return (keys,), (single, single, Vector(hidden), norm(hidden, True), *mlp(hidden, inner, False, True, "vision"))
