"""A language model as its layers, each as matrices, vectors and a mixer, from ``TextSizes``.

The parts of a layer are those of transformers 5.24's classes, models/*/modeling_*.py, whose tensors every engine has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vtok.catalog.architectures import complete_text
from vtok.catalog.layer_sizes import AltUp
from vtok.catalog.patterns import unrolled
from vtok.catalog.text_sizes import TextSizes
from vtok.costs import adapters, altup, loops, streams, sums
from vtok.costs.feed_forward import FeedForward, feed_forward, inner_width
from vtok.costs.layer import Layer
from vtok.costs.mixers import Slot, make
from vtok.costs.mixers.ngrams import tables
from vtok.costs.pieces import Matrix, Piece, Vector, norm
from vtok.costs.unknown import UnknownFigureError, need, need_of_layer


@dataclass(frozen=True)
class Language:
    """A language model. ``around`` is what stands before and after all layers and is used at every position.

    A layer that is gone through several times is there as often, with a cache each time.
    """

    layers: tuple[Layer, ...]
    embedding: tuple[Piece, ...]
    around: tuple[Piece, ...]
    head: Matrix
    tied: bool
    hidden: int


def language(sizes: TextSizes, looked: int = 0) -> Language:
    """The language model of ``sizes``, ``looked`` being the positions that its cross-attention looks at, if it has any.

    Raises ``UnknownFigureError`` for a figure that it needs and nobody tells.
    """
    text = complete_text(sizes)
    hidden, vocabulary, count = need(text, "hidden"), need(text, "vocabulary"), need(text, "layers")
    around: list[Piece] = [norm(hidden, bool(text.norm_bias))] if text.norms != 0 else []
    around += streams.of_model(text)
    if text.latent and text.latent.turning:
        around.append(Vector(need(text, "rope_dim") // 2))
    embedding: list[Piece] = [Matrix("embedding", hidden, vocabulary + (text.extra_tokens or 0), used=0)]
    embedding += tables(text)
    if text.positions:
        around.append(Vector(text.positions * hidden))
    if text.layer_hidden:
        wide = count * text.layer_hidden
        embedding.append(Matrix("embedding", wide, need(text, "layer_vocabulary"), used=0))
        around += [Matrix("kept", hidden, wide), norm(text.layer_hidden)]
    if text.altup:
        around += altup.around(text.altup, hidden)
    if text.embedding_norm:
        embedding.append(norm(hidden))
    if text.block:
        around.append(sums.for_the_head(text))
    kinds = layer_kinds(text)
    # Where there are layers that are an MLP alone, the others have none.
    fed = ["feed" not in kinds or kind == "feed" for kind in kinds]
    layers = [_layer(text, index, kind, fed[index], looked) for index, kind in enumerate(kinds)]
    if text.loop:
        layers = loops.looped(text, layers)
        around.append(loops.messages(text))
    return Language(
        layers=tuple(layers),
        embedding=tuple(embedding),
        around=tuple(around),
        head=Matrix("head", hidden, text.head_vocabulary or vocabulary, bias=bool(text.head_bias)),
        tied=need(text, "tied"),
        hidden=hidden,
    )


def layer_kinds(text: TextSizes) -> tuple[str, ...]:
    """The kind of each layer, the pattern of ``text.attention`` repeated as often as there are layers."""
    if text.attention is None and text.kind:
        raise UnknownFigureError(f"how the language model {text.kind} is built")
    return unrolled(need(text, "attention"), need(text, "layers"))


def _layer(text: TextSizes, index: int, kind: str, fed: bool, looked: int) -> Layer:
    caches = _caches(text, index)
    mixing = make(Slot(text, index, kind, caches, looked))
    hidden = need(text, "hidden")
    feeding = feed_forward(text, index, caches) if fed else FeedForward(())
    pieces = [*mixing.pieces, *feeding.every, *streams.of_layer(text), *adapters.of_layer(text)]
    pieces.append(norm(hidden, bool(text.norm_bias), 2 if text.norms is None else text.norms))
    if text.layer_hidden:
        gate = Matrix("mlp", hidden, text.layer_hidden)
        pieces += [gate, Matrix("mlp", text.layer_hidden, hidden), norm(hidden)]
    layer = Layer(
        kind=kind,
        pieces=tuple(pieces),
        mixer=mixing.mixer,
        caches=caches,
        across=mixing.across,
        index=index,
        words=feeding.words,
        visual=feeding.visual,
        carried=streams.carried(text),
        rewritten=streams.rewritten(text),
    )
    return _altered(text, text.altup, layer) if text.altup else layer


def _altered(text: TextSizes, sizes: AltUp, layer: Layer) -> Layer:
    """``layer`` on one of AltUp's streams."""
    hidden, inner = need(text, "hidden"), inner_width(text, layer.index, layer.caches)
    # What every layer reads of each token, and cosines and sines of both kinds of layers.
    beside = need(text, "layers") * (text.layer_hidden or 0) + 4 * need(text, "head_dim")
    return replace(
        layer,
        pieces=(*layer.pieces, *altup.in_layer(sizes, hidden)),
        carried=altup.carried(sizes, hidden, inner) + beside,
        rewritten=altup.rewritten(sizes, hidden) + beside,
    )


def _caches(text: TextSizes, index: int) -> bool:
    """Whether a layer has keys and values of its own."""
    if text.latent and text.latent.source:
        source: int = need_of_layer(text.latent, "source", index)
        return source == index
    own: bool = index < need(text, "layers") - (text.reused or 0)
    return own
