"""Emu3's tokenizer, which is one of videos: a picture is repeated to as many frames as become one.

As in transformers 5.24, models/emu3/modeling_emu3.py: convolutions over time stand between encoder and codes, all
pictures are padded to the largest, and the decoder is held too. Running means of its norms are no parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vtok.catalog.code_sizes import CodeSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.pieces import Matrix, Piece, flops, norm, through
from vtok.costs.seeing import Grid, Seeing
from vtok.costs.towers.blocks import block, convolved
from vtok.costs.towers.codes import Codes, build, code_of, given, latent, widths
from vtok.costs.unknown import need


@dataclass(frozen=True)
class TemporalCodes(Codes):
    """``framed`` ends the encoder of each frame; each of ``halving`` then leaves half as many frames."""

    framed: tuple[Piece, ...] = ()
    halving: tuple[Piece, ...] = ()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All that is held."""
        return (*super().pieces, *self.framed, *self.halving)

    def passes(self, seen: Seeing) -> Sequence[Grid]:
        """The pictures, each padded to the most rows and columns of all."""
        rows, columns = (max((tile[axis] for tile in seen.tiles), default=0) for axis in (0, 1))
        return ((rows, columns),) * len(seen.tiles)

    def ending(self, codes: int) -> int:
        """FLOPs of what works on the frames of every code, and on what they become."""
        frames, found = self.frames, flops(self.framed, self.frames * codes)
        for one in self.halving:
            frames //= 2
            found += one.flops(frames * codes)
        return found + frames * flops((*self.last, self.codebook), codes)

    def moved(self, seen: Seeing, number: int) -> int:
        """Bytes into and out of all convolutions and matrices."""
        count = sum(rows * columns for rows, columns in self.passes(seen))
        return super().moved(seen, number) + through((*self.framed, *self.halving), self.frames * count, number)


def temporal_codes(vision: VisionSizes) -> TemporalCodes:
    """The tokenizer of ``vision``; raises ``UnknownFigureError``."""
    sizes = code_of(vision)
    frames, channels, width = need(sizes, "frames"), latent(sizes), need(sizes, "width")
    # As many as a picture's frames can be halved.
    halving = (convolved(channels, channels, 36),) * (frames.bit_length() - 1)
    last = *block(channels, channels, 27) * need(sizes, "blocks"), convolved(need(sizes, "latent"), width, 3)
    idle = _decoder(vision, sizes) if sizes.decoder else ()
    own = {"framed": (given(sizes),), "halving": halving, "frames": frames}
    return build(TemporalCodes, vision, linear=True, last=last, idle=idle, **own)


def _decoder(vision: VisionSizes, sizes: CodeSizes) -> tuple[Piece, ...]:
    """What draws a picture of codes, which read pictures never go through: the encoder backwards, a block a level more.

    Norms but those over time are scaled and shifted by the codes.
    """
    wide, blocks, channels = widths(sizes), need(sizes, "blocks"), need(sizes, "latent")
    frames, width, deepest = need(sizes, "frames"), need(sizes, "width"), wide[-1]
    found = [convolved(width, channels, 3), *block(channels, channels, 27) * blocks]
    found += [convolved(channels, channels, 27)] * (frames.bit_length() - 1)
    found += [convolved(channels, deepest, 9), *_drawn(deepest, deepest, width) * 2, *_attention(deepest, width)]
    entering = deepest
    for index in reversed(range(len(wide))):
        found += [*_drawn(entering, wide[index], width), *_drawn(wide[index], wide[index], width) * blocks]
        found += _attention(wide[index], width) * (blocks + 1) if index in need(sizes, "attended") else ()
        found += [convolved(wide[index], wide[index], 9)] * (index > 0)
        entering = wide[index]
    return (*found, *_by_codes(wide[0], width), convolved(wide[0], need(vision, "channels"), 9))


def _drawn(inputs: int, outputs: int, width: int) -> tuple[Piece, ...]:
    """A block, and what its norms have more."""
    return *block(inputs, outputs), *_by_codes(inputs, width)[1:], *_by_codes(outputs, width)[1:]


def _by_codes(width: int, code: int) -> tuple[Piece, ...]:
    """A norm, and a scale and a shift for each position from its code."""
    return norm(width, True), convolved(code, width), convolved(code, width)


def _attention(width: int, code: int) -> tuple[Piece, ...]:
    return *(Matrix("vision", width, width, True),) * 4, *_by_codes(width, code)
