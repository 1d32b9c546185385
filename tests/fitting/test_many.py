"""``vtok.fit_many``: real files within one budget, the broken ones told of, their pixels what was promised."""

import pytest
from PIL import Image

import vtok
from tests.fitting.drawn import page, photo
from vtok.errors import BudgetError, ImageError, UsageError
from vtok.fitting.original import Page

MODEL = "qwen2.5-vl-7b"


@pytest.fixture
def files(tmp_path):
    page(1200, 1600, 20).save(tmp_path / "page.png")
    photo(1600, 1200, slope=1.4).save(tmp_path / "photo.jpg")
    photo(640, 480, slope=2.5).save(tmp_path / "sky.webp")
    return [tmp_path / name for name in ("page.png", "photo.jpg", "sky.webp")]


@pytest.mark.parametrize("budget", [400, 1500, 6000])
def test_within_the_budget(files, budget):
    portions = vtok.fit_many(files, MODEL, budget)
    assert sum(one.tokens for one in portions) <= budget
    for path, one in zip(files, portions, strict=True):
        assert one.image.size == one.size
        assert vtok.count(one.image, MODEL) == one.tokens
        assert one.source == Image.open(path).size
        assert 0 < one.worth <= 1
    assert portions[0].tokens > portions[2].tokens
    assert portions[0].legibility is not None
    assert portions[1].legibility is None
    assert (portions[0].needed > portions[0].tokens) == (budget < 1000)
    assert portions[1].needed == portions[1].tokens
    assert portions[1].to_source([0, 0]).shape == (2,)


def test_all_fits_as_it_is(files):
    assert [one.size for one in vtok.fit_many(files, MODEL, 10_000)] == [Image.open(path).size for path in files]


def test_pages_and_images_in_memory(tmp_path):
    pytest.importorskip("pypdfium2")
    page(800, 1000, 20).save(tmp_path / "a.pdf", resolution=150, save_all=True, append_images=[photo(800, 1000)])
    first, second, third = vtok.fit_many(
        [Page(tmp_path / "a.pdf", 1), Page(tmp_path / "a.pdf", 2), photo()], MODEL, 900
    )
    assert first.tokens + second.tokens + third.tokens <= 900
    assert (first.legibility is None, second.legibility is None) == (False, True)


def test_one_that_cannot_be_read(files, tmp_path):
    (tmp_path / "no.png").write_text("no picture")
    Image.new("RGB", (100_000, 1)).save(tmp_path / "strip.png")
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    pictures = [tmp_path / "no.png", files[0], tmp_path / "strip.png", tmp_path / "dot.png", (7,), files[1]]
    found = vtok.fit_many(pictures, MODEL, 800, errors="return")
    kinds = [type(one).__name__ for one in found]
    assert kinds == ["ImageError", "Portion", "UsageError", "Portion", "UsageError", "Portion"]
    assert sum(found[place].tokens for place in (1, 3, 5)) <= 800
    assert [found[1].source, found[5].source] == [(1200, 1600), (1600, 1200)]
    with pytest.raises(ImageError, match=r"no\.png is not a picture"):
        vtok.fit_many(pictures, MODEL, 800)


def test_bad_arguments(files):
    with pytest.raises(BudgetError, match="3 pictures take at least 12 tokens together; the budget is 11"):
        vtok.fit_many(files, MODEL, 11)
    with pytest.raises(UsageError, match="2 weights for 3 pictures"):
        vtok.fit_many(files, MODEL, 400, weights=[1, 2])
    with pytest.raises(UsageError, match="errors is 'mask'"):
        vtok.fit_many(files, MODEL, 400, errors="mask")
    assert vtok.fit_many([], MODEL, 400) == []


def test_weights_and_bounds(files):
    heavy = vtok.fit_many(files, MODEL, 800, weights=[1, 9, 1])
    plain = vtok.fit_many(files, MODEL, 800)
    assert heavy[1].tokens > plain[1].tokens
    assert max(one.tokens for one in vtok.fit_many(files, MODEL, 5000, ceiling=200)) <= 200
    assert min(one.tokens for one in vtok.fit_many(files, MODEL, 800, floor=150)) >= 150
