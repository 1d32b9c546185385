"""Bytes of the weights by part: the numbers of each tensor by what the format makes of a tensor of that role.

The vision encoder and the projector are counted as the engine holds them; a head that is the embedding is held once.
"""

from __future__ import annotations

from dataclasses import replace

from vtok.catalog.formats import Format, Place
from vtok.costs.language import Language
from vtok.costs.layer import Layer
from vtok.costs.pieces import Matrix, Piece, bytes_in, parameters
from vtok.costs.projector import Projector
from vtok.costs.towers import Tower


def layer_pieces(language: Language) -> tuple[Piece, ...]:
    """Every piece of a language model but its embedding and its head."""
    return (*(piece for layer in language.layers for piece in layer.weights), *language.around)


def tower_bytes(tower: Tower, form: Format) -> int:
    """Bytes of the encoder."""
    return bytes_in(tower.pieces, tower.held_in(form))


def projector_bytes(projector: Projector, form: Format) -> int:
    """Bytes of the projector."""
    return bytes_in(projector.pieces, form)


def language_bytes(language: Language, form: Format) -> int:
    """Bytes of all layers and of what stands around them; formats that mix types look at the layer's number."""
    inside = sum(bytes_in(layer.weights, form, place) for layer, place in _placed(language))
    return inside + bytes_in(language.around, form)


def active_bytes(language: Language, form: Format, positions: int = 1, visual: int = 0) -> int:
    """Bytes of the layers that so many positions read, ``visual`` of them pictures': of experts, those that are used.

    Positions choose experts on their own, so that of e experts, k a position, e (1 - (1 - k/e)^n) are expected to be
    read where the choice is even.
    """
    total = bytes_in(language.around, form)
    for layer, place in _placed(language):
        for piece, count in (
            (piece, count) for pieces, count in layer.by_positions(positions, visual) for piece in pieces
        ):
            share = 1.0
            if isinstance(piece, Matrix) and piece.copies > 1:
                share = 1 - (1 - min(1.0, piece.used / piece.copies)) ** count
            total += round(share * piece.bytes_in(form, place))
    return total


def _placed(language: Language) -> list[tuple[Layer, Place]]:
    """Each layer with what a format that mixes types looks at."""
    count = len({layer.index for layer in language.layers})
    return [(layer, _place(layer, count)) for layer in language.layers]


def _place(layer: Layer, count: int) -> Place:
    experts = max((piece.copies for piece in layer.running if isinstance(piece, Matrix)), default=1)
    return Place(layer.index, count, layer.mixer.shared_by, experts if experts > 1 else 0)


def embedding_bytes(language: Language, form: Format, tables: bool = True) -> int:
    """Bytes of the tables that tokens are looked up in; formats may store one that is the head too like a head.

    Without ``tables``, which stay elsewhere, it is the one that is the head.
    """
    first, *others = language.embedding
    if not tables:
        others = []
        if not language.tied:
            return 0
    if language.tied and isinstance(first, Matrix):
        first = replace(first, tensor="head")
    return bytes_in((first, *others), form)


def head_bytes(language: Language, form: Format) -> int:
    """Bytes of the head; none where it is the embedding."""
    return 0 if language.tied else language.head.bytes_in(form)


def total_parameters(tower: Tower, projector: Projector, language: Language) -> int:
    """Numbers of the whole model, as ``Checkpoint.parameters`` counts them."""
    parts = (*tower.pieces, *projector.pieces, *layer_pieces(language), *language.embedding)
    return parameters(parts) + (0 if language.tied else language.head.parameters)
