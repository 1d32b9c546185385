"""What a model is made of, so that its bytes and its FLOPs follow from one description.

FLOPs are those of dense products, a multiplication and an addition counting as two, as torch's ``FlopCounterMode`` does
(``torch/utils/flop_counter.py``); additions of a bias, norms and activations are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vtok.catalog.formats import ANYWHERE, Format, Place


@dataclass(frozen=True)
class Matrix:
    """``copies`` alike matrices (outputs, inputs), ``used`` of which a position goes through; ``tensor`` is its role.

    Roles are those of ``vtok.catalog.formats.TENSORS``. A table that is looked up has ``used`` = 0, a matrix that every
    head goes through by itself as many as there are heads.
    """

    tensor: str
    inputs: int
    outputs: int
    bias: bool = False
    copies: int = 1
    used: int = 1

    @property
    def parameters(self) -> int:
        """Numbers that are held."""
        return self.copies * self.outputs * (self.inputs + self.bias)

    @property
    def wide(self) -> int:
        """Numbers that go into it and come out, for a position."""
        return self.used * (self.inputs + self.outputs)

    def flops(self, positions: int) -> int:
        """FLOPs for so many positions."""
        return 2 * positions * self.used * self.inputs * self.outputs

    def bytes_in(self, form: Format, place: Place = ANYWHERE) -> int:
        """Bytes in a format of weights; a bias is a vector."""
        shape = (self.outputs, self.inputs) if self.copies == 1 else (self.copies, self.outputs, self.inputs)
        bias = form.bytes_of("vector", (self.copies * self.outputs,), place) if self.bias else 0
        return form.bytes_of(self.tensor, shape, place) + bias


@dataclass(frozen=True)
class Vector:
    """A norm, a gate, a scale: ``size`` numbers that are multiplied or added, which is not counted as FLOPs."""

    size: int
    tensor: str = "vector"

    @property
    def parameters(self) -> int:
        """Numbers that are held."""
        return self.size

    @property
    def wide(self) -> int:
        """Nothing is counted."""
        return 0

    def flops(self, positions: int) -> int:
        """None are counted."""
        return 0

    def bytes_in(self, form: Format, place: Place = ANYWHERE) -> int:
        """Bytes in a format of weights."""
        return form.bytes_of(self.tensor, (self.size,), place)


@dataclass(frozen=True)
class Xielu(Vector):
    """The two numbers of an activation, xIELU (Huang, Schlag, arXiv:2411.13010).

    Where it is worked out term by term (transformers 5.24, activations.py, without the package xielu), five tensors of
    the MLP's inner width live at once, and a mask of bytes.
    """

    size: int = 2


@dataclass(frozen=True)
class Residual:
    """``queries`` learned vectors of ``width``, which at every position attend to ``keys`` sums of earlier layers.

    Keys are values too, and there is one head (Inkling 2: models/inkling2/modeling_inkling2.py). Because of it ``kept``
    sums lie there while a layer works.
    """

    queries: int
    keys: int
    width: int
    kept: int = 0

    @property
    def parameters(self) -> int:
        """Numbers that are held."""
        return self.queries * self.width

    @property
    def wide(self) -> int:
        """Numbers of the sums and of what comes out, for a position."""
        return (self.keys + self.queries) * self.width

    def left(self, number: int) -> int:
        """Bytes a position of the sums that lie there, ``number`` bytes each, and of what comes out, in fp32."""
        return (number * self.kept + 4 * self.queries) * self.width

    @property
    def living(self) -> int:
        """Bytes a position while it works: all sums in fp32, before and after their norm."""
        return 2 * 4 * self.keys * self.width

    def flops(self, positions: int) -> int:
        """FLOPs of scores and weighted sums."""
        return 4 * positions * self.queries * self.keys * self.width

    def bytes_in(self, form: Format, place: Place = ANYWHERE) -> int:
        """Bytes in a format of weights."""
        return form.bytes_of("vector", (self.parameters,), place)


@dataclass(frozen=True)
class Product:
    """``times`` products a position, from ``inputs`` to ``outputs``, with a matrix that is worked out and not held."""

    inputs: int
    outputs: int
    times: int = 1

    @property
    def parameters(self) -> int:
        """None are held."""
        return 0

    @property
    def wide(self) -> int:
        """Numbers in and out for a position."""
        return self.times * (self.inputs + self.outputs)

    def flops(self, positions: int) -> int:
        """FLOPs for so many positions."""
        return 2 * positions * self.times * self.inputs * self.outputs

    def bytes_in(self, form: Format, place: Place = ANYWHERE) -> int:
        """Nothing is held."""
        return 0


Piece = Matrix | Vector | Residual | Product


def parameters(pieces: Iterable[Piece]) -> int:
    """Numbers that are held."""
    return sum(piece.parameters for piece in pieces)


def flops(pieces: Iterable[Piece], positions: int) -> int:
    """FLOPs of all pieces for so many positions."""
    return sum(piece.flops(positions) for piece in pieces)


def bytes_in(pieces: Iterable[Piece], form: Format, place: Place = ANYWHERE) -> int:
    """Bytes of all pieces in a format of weights."""
    return sum(piece.bytes_in(form, place) for piece in pieces)


def through(pieces: Iterable[Piece], positions: int, number: int) -> int:
    """Bytes into and out of the matrices for so many positions, ``number`` bytes each."""
    return positions * number * sum(piece.wide for piece in pieces)


def norm(width: int, bias: bool = False, count: int = 1) -> Vector:
    """``count`` norms of ``width``, each with a scale and, where it has one, a bias."""
    return Vector(count * width * (1 + bias))


def mlp(width: int, inner: int, gated: bool, bias: bool = False, tensor: str = "mlp") -> tuple[Matrix, ...]:
    """The matrices of an MLP: two, or three where one of them is a gate."""
    down = "down" if tensor == "mlp" else tensor
    up = Matrix(tensor, width, inner, bias)
    return (*([up] * (2 if gated else 1)), Matrix(down, inner, width, bias))
