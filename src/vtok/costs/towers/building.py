"""A vision transformer from ``VisionSizes``: the matrices and vectors that all of them have, in their order."""

from __future__ import annotations

from typing import Any, TypeVar

from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Matrix, Piece, Vector, mlp, norm
from vtok.costs.towers.plain import Plain
from vtok.costs.unknown import UnknownFigureError, need

P = TypeVar("P", bound=Plain)


def plain(vision: VisionSizes) -> Plain:
    """The encoder of ``vision``, completed by its kind; raises ``UnknownFigureError``."""
    return build(Plain, vision)


def build(
    kind: type[P],
    vision: VisionSizes,
    embedding: tuple[Piece, ...] = (),
    feed: tuple[Piece, ...] | None = None,
    **own: Any,
) -> P:
    """An encoder of ``kind`` with all that a vision transformer has, ``embedding`` beside its own, and what is ``own``.

    ``feed`` stands in place of every layer's MLP where it is not None.

    Raises ``UnknownFigureError`` for a figure that it needs and nobody tells.
    """
    hidden, heads, patch = need(vision, "hidden"), need(vision, "heads"), need(vision, "patch")
    if vision.norm_bias is None:
        raise UnknownFigureError(f"how the encoder {vision.kind} is built" if vision.kind else "vision.kind")
    width = vision.head_dim or hidden // heads
    kv_heads = vision.kv_heads or heads
    norms = norm(hidden, need(vision, "norm_bias"))
    pooling, pooled = _pooling(vision, hidden)
    mixing = _mixing(vision, hidden, heads * width, kv_heads * width)
    if feed is None:
        feed = mlp(hidden, inner_width(vision), bool(vision.gated), need(vision, "mlp_bias"), "vision")
    layer: list[Piece] = [
        *mixing,
        *feed,
        *[norms] * need(vision, "norms"),
        *[Vector(hidden)] * (2 * bool(vision.layer_scale)),
        *_head_norms(vision, hidden, width),
    ]
    parts: dict[str, Any] = {
        "embedding": (*_embedding(vision, patch, hidden), *embedding),
        "mixing": mixing,
        "layer": tuple(layer),
        "layers": need(vision, "layers") + (vision.global_layers or 0),
        "attention": Softmax(heads, kv_heads, width, width),
        "after": (norms,) if vision.post_norm else (),
        "pooling": pooling,
        "pooled": pooled,
        "class_tokens": 1 if vision.class_token else 0,
        "patch": patch,
        "window": _window(vision, patch),
        "full": vision.full_layers or (),
        "hidden": hidden,
        "rotary": bool(vision.rotary),
        "turned": bool(vision.turned_in_fp32),
        "dense_mask": bool(vision.dense_mask),
        "across": bool(vision.across),
    }
    return kind(**{**parts, **own})


def _window(vision: VisionSizes, patch: int) -> int | None:
    """The side of a window in patches, None where every layer attends to everything."""
    if not vision.window or not vision.full_layers:
        return None
    if vision.window < patch:
        raise UnknownFigureError(f"how a window of {vision.window} px holds patches of {patch} px")
    return vision.window // patch


def inner_width(vision: VisionSizes) -> int:
    """The inner width of an MLP."""
    inner: int = need(vision, "output" if vision.mlp_is_output else "mlp")
    return inner


def _embedding(vision: VisionSizes, patch: int, hidden: int) -> list[Piece]:
    pixels = need(vision, "channels") * need(vision, "temporal") * patch**2
    found: list[Piece] = [Matrix("vision", pixels, hidden, need(vision, "patch_bias"))]
    found += [Vector(hidden, "vision")] * bool(vision.class_token)
    found += [_learned(vision, patch, hidden)] if need(vision, "learned") else []
    return found + [norm(hidden, need(vision, "norm_bias"))] * bool(vision.pre_norm)


def _mixing(vision: VisionSizes, hidden: int, queries: int, keys: int) -> tuple[Piece, ...]:
    bias = need(vision, "qkv_bias")
    key = Matrix("vision", hidden, keys, bias)
    output = Matrix("vision", queries, hidden, need(vision, "output_bias"))
    return (Matrix("vision", hidden, queries, bias), key, key, output)


def _learned(vision: VisionSizes, patch: int, hidden: int) -> Piece:
    """Learned position embeddings; where a matrix resizes them, every patch is a sum of all of them."""
    count = vision.positions or (need(vision, "image") // patch) ** 2 + bool(vision.class_token)
    return Matrix("vision", count, hidden) if vision.mixed_positions else Vector(count * hidden, "vision")


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
