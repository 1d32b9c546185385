"""Pages of PDFs: their sizes are those that pypdfium2 renders, and every kind of bad document."""

import sys
import threading

import pytest
from PIL import Image

from vtok.errors import ImageError, MissingExtraError
from vtok.image.pdf import is_pdf, page_sizes, render_page

pdfium = pytest.importorskip("pypdfium2")


def pages(path, *sizes, **more):
    """A PDF with an empty page of each size, in px at ``resolution`` dots an inch (72 when left out)."""
    first, *rest = (Image.new("1", size) for size in sizes)
    first.save(path, save_all=True, append_images=rest, **more)
    return path


def odd(path, page, objects="", trailer=""):
    """A PDF of one page, whose dictionary holds ``page``; there is no table of where its objects are."""
    path.write_text(
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        f"3 0 obj<</Type/Page/Parent 2 0 R{page}>>endobj\n{objects}\ntrailer<</Root 1 0 R{trailer}>>\n%%EOF\n"
    )
    return path


def test_sizes_are_those_of_the_rendering(tmp_path):
    path = pages(tmp_path / "a.pdf", (1275, 1650), (1001, 333), (7, 9), resolution=150)
    for dpi in (72, 96, 150, 200, 299):
        with pdfium.PdfDocument(path) as document:
            rendered = [page.render(scale=dpi / 72).to_pil().size for page in document]
        assert page_sizes(path, dpi) == rendered


def test_pages_on_their_side_and_cropped_ones(tmp_path):
    assert page_sizes(odd(tmp_path / "a.pdf", "/MediaBox[0 0 144 72]/Rotate 90"), 72) == [(72, 144)]
    assert page_sizes(odd(tmp_path / "b.pdf", "/MediaBox[0 0 144 72]/CropBox[10 10 60 40]"), 72) == [(50, 30)]


def test_bad_documents(tmp_path):
    path = tmp_path / "a.pdf"
    with pytest.raises(ImageError, match="there is no file"):
        page_sizes(path)
    with pytest.raises(ImageError, match="is no regular file"):
        page_sizes(tmp_path)
    for data, message in ((b"", "is empty"), (b"no PDF", "is broken"), (b"%PDF-1.7\n" + b"\0" * 99, "is broken")):
        path.write_bytes(data)
        with pytest.raises(ImageError, match=message):
            page_sizes(path)
    whole = pages(path, (72, 72), (72, 72)).read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(ImageError, match=r"a\.pdf (is broken|has no pages)"):
        page_sizes(path)


def test_encrypted_documents(tmp_path):
    lock = f"/Filter/Standard/V 1/R 2/P -4/O<{'0' * 64}>/U<{'1' * 64}>"
    path = odd(tmp_path / "a.pdf", "/MediaBox[0 0 9 9]", f"4 0 obj<<{lock}>>endobj", f"/Encrypt 4 0 R/ID[<{'2' * 32}>]")
    with pytest.raises(ImageError, match=r"a\.pdf is encrypted; save it without a password first"):
        page_sizes(path)


def test_the_limit_on_pages(tmp_path):
    path = pages(tmp_path / "a.pdf", *[(8, 8)] * 3)
    assert len(page_sizes(path, most_pages=3)) == 3
    with pytest.raises(ImageError, match="3 pages, over the limit of 2; raise it with --limit-pages"):
        page_sizes(path, most_pages=2)


def test_many_threads(tmp_path):
    path = pages(tmp_path / "a.pdf", *[(72, 36)] * 20)
    found = []
    threads = [threading.Thread(target=lambda: found.append(page_sizes(path, 72))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[(72, 36)] * 20] * 8


def test_without_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(MissingExtraError, match=r'a.pdf needs pypdfium2.*pip install "vtok\[pdf\]"'):
        page_sizes(tmp_path / "a.pdf")


def test_telling_one_by_its_content(tmp_path):
    assert is_pdf(pages(tmp_path / "a.pdf", (8, 8)))
    assert not is_pdf(tmp_path)
    assert not is_pdf(tmp_path / "gone")


def test_a_page_is_drawn_at_the_size_that_is_wanted(tmp_path):
    path = tmp_path / "a.pdf"
    half = Image.new("RGB", (400, 200), "white")
    half.paste((200, 0, 0), (0, 0, 200, 200))
    half.save(path)
    for size in ((400, 200), (100, 50), (77, 33)):
        page = render_page(path, 1, size)
        assert (page.size, page.mode) == (size, "RGB")
        left, right = page.getpixel((size[0] // 4, size[1] // 2)), page.getpixel((size[0] * 3 // 4, size[1] // 2))
        assert left[0] > 190
        assert left[1] < 10
        assert min(right) > 245
    with pytest.raises(ImageError, match="has no page 2; it has 1"):
        render_page(path, 2, (10, 10))
    with pytest.raises(ImageError, match="there is no file"):
        render_page(tmp_path / "b.pdf", 1, (10, 10))
