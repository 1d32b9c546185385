"""docs/accuracy.md names every class of the zoo: those that are described, and why the others are not."""

from pathlib import Path

import pytest

from tests.costs.tiny import DESCRIBED, WITH_TIMM
from tests.zoo import EXCUSED
from vtok.catalog.text_sizes import TextSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs.language import language
from vtok.costs.projector import projector
from vtok.costs.towers import tower
from vtok.costs.unknown import UnknownFigureError

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
#: Classes that don't run as a whole here, and are held part by part.
BY_PARTS = ("llama4", "glm_image")


def test_the_page_names_every_class():
    if not PAGE.exists():
        pytest.skip("a distribution without its documentation")
    page = PAGE.read_text(encoding="utf-8")
    for name, reason in EXCUSED.items():
        if name in (*WITH_TIMM, *BY_PARTS):
            assert f"`{name}`" in page
            assert f"| `{name}` |" not in page
        else:
            assert f"| `{name}` | {reason} |" in page, name
    described_row = next(line for line in page.splitlines() if line.startswith("Described ("))
    assert described_row == f"Described ({len(DESCRIBED)}): {', '.join(f'`{name}`' for name in DESCRIBED)}."


def test_what_is_not_described_is_unknown_and_not_wrong():
    text, vision = TextSizes(kind="unheard_of", hidden=8, layers=2), VisionSizes(kind="unheard_of", projector="llava")
    for part in (lambda: language(text), lambda: tower(vision), lambda: projector(vision, 8)):
        with pytest.raises(UnknownFigureError):
            part()
