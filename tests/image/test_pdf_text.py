"""Letters of PDFs by their own text: heights in points, turned text, and pages without any."""

import numpy as np
import pytest
from PIL import Image

from tests.image.pdf_files import H, X, written
from vtok.errors import ImageError
from vtok.image.pdf_text import letter_heights

pytest.importorskip("pypdfium2")


def test_heights_in_points(tmp_path):
    path = written(tmp_path / "a.pdf", "BT /F 20 Tf 10 300 Td (xxx) Tj ET", "BT /F 10 Tf 10 300 Td (bdgl xx HH) Tj ET")
    assert letter_heights(path, 1) == pytest.approx([20 * X] * 3, rel=0.06)
    assert sorted(letter_heights(path, 2)) == pytest.approx([10 * X, 10 * X, 10 * H, 10 * H], rel=0.06)


def test_turned_text(tmp_path):
    path = written(
        tmp_path / "a.pdf",
        "BT /F 20 Tf 0 1 -1 0 100 100 Tm (xxxx) Tj ET",
        "BT /F 20 Tf 0.7 0.7 -0.7 0.7 100 100 Tm (xxxx) Tj ET",
    )
    assert letter_heights(path, 1) == pytest.approx([20 * X] * 4, rel=0.06)
    assert len(letter_heights(path, 2)) == 0


def test_pages_without_text(tmp_path):
    Image.new("L", (80, 80), 255).save(tmp_path / "scan.pdf")
    assert letter_heights(tmp_path / "scan.pdf", 1).tolist() == []
    assert letter_heights(written(tmp_path / "a.pdf", "BT /F 9 Tf 9 9 Td (.,;- ) Tj ET"), 1).tolist() == []


def test_only_some_letters_of_a_long_page(tmp_path, monkeypatch):
    path = written(tmp_path / "a.pdf", f"BT /F 4 Tf 0 300 Td ({'x' * 100}) Tj ET")
    assert len(letter_heights(path, 1)) == 100
    monkeypatch.setattr("vtok.image.pdf_text.MOST_LETTERS", 30)
    found = letter_heights(path, 1)
    assert 20 <= len(found) <= 30
    assert np.ptp(found) < 0.1


def test_bad_files(tmp_path):
    path = written(tmp_path / "a.pdf", "BT ET")
    with pytest.raises(ImageError, match="has no page 2; it has 1"):
        letter_heights(path, 2)
    path.write_bytes(b"no PDF")
    with pytest.raises(ImageError, match="is broken"):
        letter_heights(path, 1)
