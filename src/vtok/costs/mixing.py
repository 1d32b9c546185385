"""The matrices with which layers of each kind mix positions, and the mixer that they feed."""

from __future__ import annotations

from vtok.catalog.sizes import TextSizes
from vtok.costs.mixers import Delta, Latent, Mixer, ShortConv, Softmax
from vtok.costs.pieces import Matrix, Piece, Vector, norm
from vtok.costs.unknown import need


def _softmax(text: TextSizes, index: int, kind: str, caches: bool) -> tuple[list[Piece], Mixer]:
    if text.kv_rank:
        return _latent(text)
    hidden, heads, kv_heads, width = need(text, "hidden"), need(text, "heads"), need(text, "kv_heads"), _width(text)
    if kind == "full":
        heads, kv_heads = text.full_heads or heads, text.full_kv_heads or kv_heads
        width = text.full_head_dim or width
    if text.layer_kv_heads:
        kv_heads = text.layer_kv_heads[index]
    value = text.value_dim or width
    bias, shares = bool(text.qkv_bias), bool(text.k_is_v) and kind == "full"
    pieces: list[Piece] = [
        Matrix("query", hidden, heads * width * (2 if text.output_gate else 1), bias),
        Matrix("output", heads * value, hidden, bool(text.output_bias)),
    ]
    pieces += [Matrix("attention", hidden, heads)] * bool(text.head_gate)
    if caches:
        pieces.append(Matrix("key", hidden, kv_heads * width, bias))
        pieces += [] if shares else [Matrix("value", hidden, kv_heads * value, bias)]
    pieces += _head_norms(text, heads, kv_heads if caches else 0, width)
    window = need(text, "window") if kind in ("sliding", "chunked") else None
    return pieces, Softmax(heads, kv_heads, width, value, window)


def _head_norms(text: TextSizes, heads: int, kv_heads: int, width: int) -> list[Piece]:
    """Norms of queries and, where a layer makes keys, of these."""
    if text.qk_norm == "head":
        return [norm(width, count=2 if kv_heads else 1)]
    if text.qk_norm == "all":
        return [norm((heads + kv_heads) * width)]
    return []


def _latent(text: TextSizes) -> tuple[list[Piece], Mixer]:
    hidden, heads, rank = need(text, "hidden"), need(text, "heads"), need(text, "kv_rank")
    rope, plain, value = need(text, "rope_dim"), need(text, "plain_dim"), need(text, "value_dim")
    bias = bool(text.qkv_bias)
    keys = rope + plain
    if text.query_rank:
        queries: list[Piece] = [Matrix("attention", hidden, text.query_rank, bias), norm(text.query_rank)]
        queries.append(Matrix("attention", text.query_rank, heads * keys))
    else:
        queries = [Matrix("attention", hidden, heads * keys)]
    pieces = [
        *queries,
        Matrix("attention", hidden, rank + rope, bias),
        norm(rank),
        Matrix("value", rank, heads * (plain + value)),
        Matrix("output", heads * value, hidden, bias),
    ]
    return pieces, Latent(heads, heads, keys, value, None, rank, rope)


def _delta(text: TextSizes, index: int, kind: str, caches: bool) -> tuple[list[Piece], Mixer]:
    hidden, taps = need(text, "hidden"), need(text, "conv")
    heads, key_dim, value_dim = need(text, "linear_value_heads"), need(text, "linear_key_dim"), _linear_value(text)
    values = heads * value_dim
    conv = 2 * need(text, "linear_key_heads") * key_dim + values
    pieces: list[Piece] = [
        Matrix("attention", hidden, conv),
        Matrix("attention", hidden, values),
        Matrix("attention", hidden, heads),
        Matrix("attention", hidden, heads),
        Matrix("output", values, hidden),
        Vector(conv * taps),
        # The decay's two numbers a head, and the norm of what comes out of one.
        Vector(2 * heads + value_dim),
    ]
    return pieces, Delta(heads, key_dim, value_dim, conv, taps)


def _linear_value(text: TextSizes) -> int:
    width: int = need(text, "linear_value_dim")
    return width


def _short_conv(text: TextSizes, index: int, kind: str, caches: bool) -> tuple[list[Piece], Mixer]:
    hidden, taps = need(text, "hidden"), need(text, "conv")
    projections: list[Piece] = [Matrix("attention", hidden, 3 * hidden), Matrix("output", hidden, hidden)]
    return [*projections, Vector(hidden * taps)], ShortConv(hidden, taps)


#: How a layer of each kind is made.
MIXERS = {"full": _softmax, "sliding": _softmax, "chunked": _softmax, "linear": _delta, "conv": _short_conv}


def _width(text: TextSizes) -> int:
    width: int = need(text, "head_dim")
    return width
