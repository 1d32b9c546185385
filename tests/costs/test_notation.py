"""The words in which architectures.toml writes a projector's pieces."""

import pytest

from vtok.catalog.architectures import architectures
from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.notation import piece_of
from vtok.costs.pieces import Matrix, Vector
from vtok.costs.projector import UNITS
from vtok.costs.unknown import UnknownFigureError

VISION = VisionSizes(
    hidden=8, mlp=11, output=12, projector_mlp=14, words=15, indicators=16, bridge=17, channels=3, features=5, merge=2,
    resampler=ResamplerSizes(hidden=19), behind=VisionSizes(hidden=20), beside=VisionSizes(output=21),
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("vision>text+", Matrix("projector", 8, 100, True)),
        ("3 merged>mlp", Matrix("projector", 32, 11, False, 3)),
        ("9*output>output*channels", Matrix("projector", 108, 36)),
        ("merged/4>text/2", Matrix("projector", 8, 50)),
        ("vision*features>text*patches", Matrix("projector", 40, 400)),
        ("inner>bridge", Matrix("projector", 14, 17)),
        ("words>indicators", Matrix("projector", 15, 16)),
        ("2*behind>4*beside", Matrix("projector", 40, 84)),
        ("norm resampler+", Vector(38)),
        ("norm vision", Vector(8)),
        ("2 vector text", Vector(200)),
    ],
)
def test_words_stand_for_pieces(words, expected):
    assert piece_of(words, VISION, 100) == expected


@pytest.mark.parametrize("words", ["", "vision", "v>t", "vision>text++", "norm", "vision>text/x", "vision>nothing"])
def test_what_cannot_be_read(words):
    with pytest.raises(ValueError, match="projector"):
        piece_of(words, VISION, 100)


def test_what_nobody_tells():
    with pytest.raises(UnknownFigureError, match=r"vision\.bridge"):
        piece_of("bridge>text", VisionSizes(hidden=8), 100)
    with pytest.raises(UnknownFigureError, match=r"text\.hidden"):
        piece_of("vision>text", VISION, None)


def test_every_piece_of_every_projector_can_be_read():
    for pieces in architectures()["projector"].values():
        for words in pieces:
            kept = words.split()
            while kept[0] in UNITS:
                kept.pop(0)
            assert piece_of(" ".join(kept), VISION, 100).parameters > 0
