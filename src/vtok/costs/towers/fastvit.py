"""FastViT, the encoder of FastVLM: convolutions of single channels and matrices, and attention in the last stages.

Vasu et al. (arXiv:2303.14189), 3, in the form for inference, in which the branches of its training are one
convolution. As in timm 1.0, models/fastvit.py; FastVLM's is fastvit_mci3 (arXiv:2412.13303, 3).
"""

from __future__ import annotations

from vtok.catalog.stage_sizes import Stages
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.mixers import Softmax
from vtok.costs.pieces import Piece, Vector, norm
from vtok.costs.towers.convolutional import Convolutional, Step, convolution, depthwise
from vtok.costs.towers.stages import Word, words
from vtok.costs.unknown import need

#: Tensors that live at once around an activation, and widths of the stage beside them.
_WIDE, _AROUND = 2, 3
#: How many times narrower the squeeze is that weighs the channels which come out.
_SQUEEZE = 16


def fastvit(vision: VisionSizes, stages: Stages) -> Convolutional:
    """The encoder of ``vision``; raises ``UnknownFigureError``."""
    channels, stride, hidden = need(stages, "stem"), 4, need(vision, "hidden")
    steps = _stem(need(vision, "channels"), channels)
    for width, stage in zip(need(stages, "widths"), need(stages, "blocks"), strict=True):
        for word in words(stage):
            stride *= word.stride
            steps.append(_block(word, channels, width, stride))
            channels = width
    last = depthwise(channels, 3, bias=True, times=hidden // channels)
    steps.append(Step(stride, (last,), living=_WIDE * hidden + channels))
    narrow = hidden // _SQUEEZE
    squeeze = (convolution(hidden, narrow, 1, bias=True), convolution(narrow, hidden, 1, bias=True))
    return Convolutional((*steps, Step(0, squeeze)), need(vision, "patch"), hidden)


def _stem(colours: int, width: int) -> list[Step]:
    """Four by four pixels become a position."""
    first = convolution(colours, width, 3, 2, bias=True)
    second = (depthwise(width, 3, 2, bias=True), convolution(width, width, 1, bias=True))
    return [Step(2, (first,), living=_WIDE * width), Step(4, second, living=_WIDE * width)]


def _block(word: Word, channels: int, width: int, stride: int) -> Step:
    living = _WIDE * word.expansion * width + _AROUND * width
    if word.name == "down":
        coarser = depthwise(channels, word.sizes[0], word.stride, bias=True, times=width // channels)
        return Step(stride, (coarser, convolution(width, width, 1, bias=True)), living=living)
    if word.name == "place":
        return Step(stride, (depthwise(width, word.sizes[0], bias=True),), living=living)
    if word.name == "mix":
        return Step(stride, (depthwise(width, word.sizes[0], bias=True), *_mlp(word, width)), living=living)
    if word.name != "attend":
        raise ValueError(f"FastViT has no block {word.name!r}")
    dim = word.sizes[0]
    matrices = (convolution(width, 3 * width, 1), convolution(width, width, 1, bias=True))
    pieces = (norm(width, bias=True), *matrices, Vector(width), *_mlp(word, width))
    return Step(stride, pieces, Softmax(width // dim, width // dim, dim, dim), stride, living)


def _mlp(word: Word, width: int) -> tuple[Piece, ...]:
    """A convolution of each channel with its norm, two matrices, and the scale of what comes out."""
    inner = word.expansion * width
    matrices = (convolution(width, inner, 1, bias=True), convolution(inner, width, 1, bias=True))
    return (depthwise(width, 7), norm(width, bias=True), *matrices, Vector(width))
