"""MobileNet-V5, the encoder of Gemma 3n: convolutions first, then attention whose keys all query heads share.

The blocks are those of MobileNetV4 (Qin et al., arXiv:2404.10518, 3 and 4); the last two stages are joined at the
finer of their grids, then averaged. As in timm 1.0, models/mobilenetv5.py and models/_efficientnet_blocks.py.
"""

from __future__ import annotations

from collections.abc import Callable

from vtok.catalog.stage_sizes import Stages
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Piece, Vector, norm
from vtok.costs.towers.convolutional import Convolutional, Step, convolution, depthwise
from vtok.costs.towers.stages import Word, words
from vtok.costs.unknown import need

#: Tensors of the widest place that live at once: what a norm reads, and two that it makes; and what entered the block.
_WIDE, _ENTERED = 3, 2


def mobilenet(vision: VisionSizes, stages: Stages) -> Convolutional:
    """The encoder of ``vision``; raises ``UnknownFigureError``."""
    channels, stride, hidden = need(stages, "stem"), 2, need(vision, "hidden")
    stem = convolution(need(vision, "channels"), channels, 3, 2, bias=True)
    steps, ends = [Step(stride, (stem, norm(channels)), living=_WIDE * channels)], [(channels, stride)]
    for width, stage in zip(need(stages, "widths"), need(stages, "blocks"), strict=True):
        for word in words(stage):
            steps += _BLOCKS[word.name](word, channels, width, stride)
            channels, stride = width, steps[-1].stride
        ends.append((channels, stride))
    steps += _joining(ends[-2:], hidden)
    return Convolutional(tuple(steps), need(vision, "patch"), hidden)


def _edge(word: Word, channels: int, width: int, stride: int) -> list[Step]:
    """A convolution that widens, and a matrix."""
    inner = word.expansion * channels
    widen = convolution(channels, inner, word.sizes[0], word.stride)
    pieces = (widen, norm(inner), convolution(inner, width, 1), norm(width))
    return [_step(stride * word.stride, pieces, inner, channels * word.stride**2)]


def _inverted(word: Word, channels: int, width: int, stride: int) -> list[Step]:
    """A matrix that widens and one that narrows, with a convolution of each channel before, between, or neither."""
    (before, between), inner = word.sizes, word.expansion * channels
    coarse = stride * word.stride
    first: list[Piece] = [depthwise(channels, before), norm(channels)] if before else []
    first += [convolution(channels, inner, 1), norm(inner)]
    last: list[Piece] = [depthwise(inner, between, word.stride), norm(inner)] if between else []
    last += [convolution(inner, width, 1), norm(width), Vector(width)]
    return [_step(stride, tuple(first), inner, channels), _step(coarse, tuple(last), inner, channels)]


def _queries(word: Word, channels: int, width: int, stride: int) -> list[Step]:
    """Attention of many query heads to one of keys and values, which may be of a coarser grid."""
    heads, dim = word.sizes
    coarser: list[Piece] = [depthwise(channels, 3, word.stride), norm(channels)] if word.stride > 1 else []
    key: tuple[Piece, ...] = (*coarser, convolution(channels, dim, 1))
    query: tuple[Piece, ...] = (norm(channels), convolution(channels, heads * dim, 1))
    out: tuple[Piece, ...] = (convolution(heads * dim, width, 1), Vector(width))
    keys, looking = stride * word.stride, Softmax(heads, 1, dim, dim)
    return [Step(keys, key * 2), Step(stride, query + out, looking, keys, living=3 * heads * dim + 2 * channels)]


_BLOCKS: dict[str, Callable[[Word, int, int, int], list[Step]]] = {
    "edge": _edge,
    "inverted": _inverted,
    "queries": _queries,
}


def _joining(ends: list[tuple[int, int]], hidden: int) -> list[Step]:
    """Both stages side by side at the finer grid, through an MLP; the norm after it is at what comes out."""
    channels, stride = sum(width for width, _ in ends), ends[0][1]
    inner = 2 * channels
    pieces = (convolution(channels, inner, 1), norm(inner), convolution(inner, hidden, 1), norm(hidden, count=2))
    return [_step(stride, pieces, inner, channels)]


def _step(stride: int, pieces: tuple[Piece, ...], inner: int, entered: int) -> Step:
    return Step(stride, pieces, living=_WIDE * inner + _ENTERED * entered)
