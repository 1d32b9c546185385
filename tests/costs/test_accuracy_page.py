"""docs/accuracy.md names every class of the zoo: those that are described, and why the others are not."""

from pathlib import Path

import pytest

from tests.costs.tiny import DESCRIBED, NOT_DESCRIBED, WITH_TIMM, described
from tests.zoo import EXCUSED
from vtok.costs.unknown import UnknownFigureError

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"


def test_the_page_names_every_class():
    if not PAGE.exists():
        pytest.skip("a distribution without its documentation")
    page = PAGE.read_text(encoding="utf-8")
    for name, reason in {**NOT_DESCRIBED, **EXCUSED}.items():
        if name not in (*DESCRIBED, *WITH_TIMM):
            assert f"| `{name}` | {reason} |" in page, name
    assert all(f"`{name}`" in page for name in WITH_TIMM)
    described_row = next(line for line in page.splitlines() if line.startswith("Described ("))
    assert described_row == f"Described ({len(DESCRIBED)}): {', '.join(f'`{name}`' for name in DESCRIBED)}."


@pytest.mark.parametrize("name", NOT_DESCRIBED)
def test_what_is_not_described_is_unknown_and_not_wrong(name):
    one = described(name)
    with pytest.raises(UnknownFigureError):
        _ = (one.language, one.tower, one.projector)
