"""Convolutional tokenizers: a picture becomes codes, which are ids of the language model's own vocabulary.

As in transformers 5.24: levels of blocks (``blocks``), two blocks with attention between them, two convolutions,
and a product with all codes. models/chameleon/modeling_chameleon.py: distances to codes are sums, and a list keeps
every map of the levels; models/apertus1p5/modeling_apertus1p5.py: pictures are encoded one by one, always in fp32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from vtok.catalog.code_sizes import CodeSizes
from vtok.catalog.formats import Format, find_format
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece, flops, norm, through
from vtok.costs.seeing import Grid, Seeing
from vtok.costs.towers.base import Tower
from vtok.costs.towers.blocks import Level, attention, block, convolved
from vtok.costs.unknown import UnknownFigureError, need


@dataclass(frozen=True)
class Codes(Tower):
    """``levels`` begin at full resolution, where ``first`` makes ``base`` channels, and end with the blocks after all.

    ``last`` works on every code, ``codebook`` is multiplied with each; of that product ``tables`` live at once.
    ``idle`` is held and does nothing for a picture that is read. ``keeps``, ``alone`` and ``exact`` are those of
    ``CodeSizes``.
    """

    first: Matrix
    levels: tuple[Level, ...]
    last: tuple[Piece, ...]
    codebook: Matrix
    idle: tuple[Piece, ...]
    tables: int
    keeps: bool
    exact: bool
    patch: int
    hidden: int
    frames: int = 1
    alone: bool = False
    class_tokens: int = 0
    joined: int = 1

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All that is held."""
        inside = (piece for level in self.levels for piece in level.held)
        return self.first, *inside, *self.last, self.codebook, *self.idle

    def passes(self, seen: Seeing) -> Sequence[Grid]:
        """The pictures as they are encoded: each at its own size."""
        return seen.tiles

    def flops(self, seen: Seeing) -> int:
        """FLOPs of all convolutions, of attention in full, and of the product with all codes."""
        return sum(self._picture(rows * columns) for rows, columns in self.passes(seen))

    def _picture(self, codes: int) -> int:
        inside = sum(level.flops(codes) for level in self.levels)
        return self.frames * (self.first.flops(self.levels[0].positions(codes)) + inside) + self.ending(codes)

    def ending(self, codes: int) -> int:
        """FLOPs of what works on every code."""
        return flops((*self.last, self.codebook), codes)

    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of all convolutions and matrices."""
        count = self._codes(seen)
        inside = sum(level.moved(count) for level in self.levels) + self.levels[0].positions(count) * self.first.wide
        return self.frames * number * inside + through((*self.last, self.codebook), count, number)

    def working(self, seen: Seeing) -> int:
        """Numbers at the highest point, which is at full resolution in all models that there are.

        What lives there is counted in maps, a number for every channel of every position. Beside what a convolution
        reads live a copy of it and one of what it makes, in blocks of channels (oneDNN, which torch has on a CPU;
        measured: docs/accuracy.md). In a level's second block and those after it live also what entered the level and
        what entered the block, which makes five maps; where every map is kept, these, and the padded one that is
        halved. Attention, which is left out here, takes less at any size that the models' processors give.
        """
        count = max((rows * columns for rows, columns in seen.tiles), default=0) if self.alone else self._codes(seen)
        return max(self._maps(count), self.tables * count * self.codebook.outputs)

    def _maps(self, codes: int) -> int:
        held = self.frames * self.levels[0].positions(codes) * self.first.outputs
        most = 0
        for level in self.levels:
            area = self.frames * level.positions(codes) * level.width
            before = (level.blocks - 1 if self.keeps else min(level.blocks - 1, 1)) * area
            most = max(most, held + before + 3 * area)
            before += area if self.keeps or level.blocks == 1 else 0
            if level.down:
                most = max(most, held + before + 2 * area + area // 4)
            # What the next level gets, and where every map is kept all that was made so far.
            handed = area // 4 if level.down else area
            held = held + before + (handed if level.down else 0) if self.keeps else handed
        return most

    def _codes(self, seen: Seeing) -> int:
        return sum(rows * columns for rows, columns in self.passes(seen))

    def buffered(self, seen: Seeing) -> int:
        """Unknown: llama.cpp, whose buffer this would be, has no such encoder."""
        raise UnknownFigureError("how llama.cpp encodes pictures as codes")

    def held_in(self, form: Format) -> Format:
        """Fp32 for one that is ``exact``: in fewer bits many a code comes out as another."""
        return find_format("fp32") if self.exact else form


T = TypeVar("T", bound=Codes)


def codes(vision: VisionSizes) -> Codes:
    """The tokenizer of ``vision``; raises ``UnknownFigureError``."""
    sizes = code_of(vision)
    last = given(sizes), convolved(need(sizes, "latent"), need(sizes, "width"))
    behind = (convolved(need(sizes, "width"), need(sizes, "latent")),) if sizes.behind else ()
    return build(Codes, vision, linear=False, last=last, idle=behind)


def code_of(vision: VisionSizes) -> CodeSizes:
    """The group of ``vision``; raises ``UnknownFigureError``."""
    found: CodeSizes = need(vision, "code")
    return found


def given(sizes: CodeSizes) -> Piece:
    """The convolution that ends the encoder."""
    return convolved(widths(sizes)[-1], latent(sizes), 9)


def latent(sizes: CodeSizes) -> int:
    """Channels that the encoder gives."""
    return int(need(sizes, "latent")) * (2 if sizes.doubled else 1)


def widths(sizes: CodeSizes) -> list[int]:
    """Channels of each level."""
    return [need(sizes, "base") * times for times in need(sizes, "multipliers")]


def build(kind: type[T], vision: VisionSizes, linear: bool, **own: Any) -> T:
    """A tokenizer of ``kind``, whose attention is ``linear``, and what is ``own``; raises ``UnknownFigureError``."""
    sizes = code_of(vision)
    wide, base, width = widths(sizes), need(sizes, "base"), need(sizes, "width")
    levels = [_level(sizes, index, linear) for index in range(len(wide))]
    middle = Level(1, wide[-1], 2, (*block(wide[-1], wide[-1]) * 2, *_middle(sizes, linear)), int(bool(sizes.middle)))
    own["last"] = (norm(wide[-1], True), *own["last"])
    return kind(
        first=convolved(need(vision, "channels"), base, 9),
        levels=(*levels, middle),
        codebook=Matrix("vector", width, need(sizes, "codes")),
        tables=3 if sizes.summed else 1,
        keeps=bool(sizes.keeps),
        alone=bool(sizes.alone),
        exact=bool(sizes.exact),
        patch=2 ** (len(wide) - 1),
        hidden=need(sizes, "latent"),
        **own,
    )


def _level(sizes: CodeSizes, index: int, linear: bool) -> Level:
    wide, blocks = widths(sizes), need(sizes, "blocks")
    entering = wide[index - 1] if index else need(sizes, "base")
    width, attends, further = wide[index], index in need(sizes, "attended"), len(wide) - 1 - index
    pieces = [*block(entering, width), *block(width, width) * (blocks - 1)]
    pieces += attention(width, linear) * blocks if attends else ()
    down = convolved(width, width, 9) if further else None
    return Level(2**further, width, blocks, tuple(pieces), blocks if attends else 0, down)


def _middle(sizes: CodeSizes, linear: bool) -> tuple[Piece, ...]:
    return attention(widths(sizes)[-1], linear) if sizes.middle else ()
