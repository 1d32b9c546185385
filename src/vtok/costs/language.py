"""A language model as its layers, each as matrices, vectors and a mixer, from ``TextSizes``.

The parts of a layer are those of transformers 5.24's classes, models/*/modeling_*.py, whose tensors every engine has.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.architectures import complete_text
from vtok.catalog.sizes import TextSizes
from vtok.costs.feed_forward import feed_forward
from vtok.costs.mixers import Delta, Latent, Mixer, ShortConv, Softmax
from vtok.costs.pieces import Matrix, Piece, Vector, norm
from vtok.costs.unknown import UnknownFigureError, need


@dataclass(frozen=True)
class Layer:
    """One layer of ``kind`` (see ``TextSizes``); ``caches`` is whether it keeps keys and values of its own."""

    kind: str
    pieces: tuple[Piece, ...]
    mixer: Mixer
    caches: bool = True


@dataclass(frozen=True)
class Language:
    """A language model. ``around`` is what stands before and after all layers and is used at every position."""

    layers: tuple[Layer, ...]
    embedding: tuple[Piece, ...]
    around: tuple[Piece, ...]
    head: Matrix
    tied: bool
    hidden: int


def language(sizes: TextSizes) -> Language:
    """The language model of ``sizes``; raises ``UnknownFigureError`` for a figure that it needs and nobody tells."""
    text = complete_text(sizes)
    hidden, vocabulary, count = need(text, "hidden"), need(text, "vocabulary"), need(text, "layers")
    around: list[Piece] = [norm(hidden, bool(text.norm_bias))]
    embedding: list[Piece] = [Matrix("embedding", hidden, vocabulary, used=0)]
    if text.positions:
        around.append(Vector(text.positions * hidden))
    if text.layer_hidden:
        wide = count * text.layer_hidden
        embedding.append(Matrix("embedding", wide, need(text, "layer_vocabulary"), used=0))
        around += [Matrix("mlp", hidden, wide), norm(text.layer_hidden)]
    return Language(
        layers=tuple(_layer(text, index, kind) for index, kind in enumerate(layer_kinds(text))),
        embedding=tuple(embedding),
        around=tuple(around),
        head=Matrix("head", hidden, vocabulary, bias=bool(text.head_bias)),
        tied=need(text, "tied"),
        hidden=hidden,
    )


def layer_kinds(text: TextSizes) -> tuple[str, ...]:
    """The kind of each layer, the pattern of ``text.attention`` repeated as often as there are layers."""
    if text.attention is None and text.kind:
        raise UnknownFigureError(f"how the language model {text.kind} is built")
    runs = [part.split() for part in need(text, "attention").split(",")]
    pattern = [run[-1] for run in runs for _ in range(int(run[0]) if len(run) == 2 else 1)]
    count = need(text, "layers")
    return tuple((pattern * -(-count // len(pattern)))[:count])


def _layer(text: TextSizes, index: int, kind: str) -> Layer:
    caches = index < need(text, "layers") - (text.reused or 0)
    mixing, mixer = _MIXERS[kind](text, index, kind, caches) if kind in _MIXERS else _unknown(kind)
    hidden = need(text, "hidden")
    pieces = [*mixing, *feed_forward(text, index, caches), norm(hidden, bool(text.norm_bias), text.norms or 2)]
    if text.layer_hidden:
        gate = Matrix("mlp", hidden, text.layer_hidden)
        pieces += [gate, Matrix("mlp", text.layer_hidden, hidden), norm(hidden)]
    return Layer(kind, tuple(pieces), mixer, caches)


def _unknown(kind: str) -> tuple[list[Piece], Mixer]:
    raise UnknownFigureError(f"how a layer of kind {kind} works")


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


_MIXERS = {"full": _softmax, "sliding": _softmax, "chunked": _softmax, "linear": _delta, "conv": _short_conv}


def _width(text: TextSizes) -> int:
    width: int = need(text, "head_dim")
    return width
