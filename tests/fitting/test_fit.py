import io

import numpy as np
import pytest
from PIL import Image

import vtok
from vtok.errors import BudgetError, ImageError, UsageError
from vtok.fitting.levers import LEVERS
from vtok.fitting.original import Page
from vtok.fitting.resampling import FILTERS
from vtok.geometry.registry import FAMILIES, setting_types
from vtok.image.pdf import page_sizes


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.effect_noise((1600, 1200), 90).convert("RGB").save(path, quality=90)
    return path


def test_a_photo_is_fitted(photo):
    fitted = vtok.fit(photo, model="qwen2.5-vl-7b", budget=400)
    assert fitted.source == (1600, 1200)
    assert fitted.tokens == vtok.count(fitted.image, model="qwen2.5-vl-7b") <= 400
    assert fitted.image.size == fitted.size == fitted.layout.source
    assert fitted.survives == pytest.approx(fitted.size[0] * fitted.size[1] / (1600 * 1200), rel=0.05)
    assert not fitted.settings


def test_every_kind_of_picture_comes_to_the_same(photo):
    kinds = [photo, str(photo), photo.read_bytes(), Image.open(photo), (1600, 1200)]
    assert {vtok.fit(kind, model="internvl3-8b", budget=1500).size for kind in kinds} == {(956, 896)}
    with pytest.raises(UsageError, match="a size was fitted"):
        vtok.fit((1600, 1200), model="internvl3-8b", budget=1500).image  # noqa: B018


def test_a_page(tmp_path):
    pytest.importorskip("pypdfium2")
    Image.new("RGB", (1275, 1650), "white").save(tmp_path / "a.pdf", resolution=150)
    fitted = vtok.fit(Page(tmp_path / "a.pdf", 1), model="qwen2.5-vl-7b", budget=500)
    assert [fitted.source] == page_sizes(tmp_path / "a.pdf")
    assert fitted.image.size == fitted.size
    with pytest.raises(UsageError, match="has no page 2; it has 1"):
        vtok.fit(Page(tmp_path / "a.pdf", 2), model="qwen2.5-vl-7b", budget=500)


def test_within_the_budget_nothing_changes():
    fitted = vtok.fit((644, 476), model="qwen2.5-vl-7b", budget=400)
    assert (fitted.size, fitted.survives) == ((644, 476), 1.0)


def test_other_settings_and_engines():
    assert vtok.fit((640, 480), "gemma-4-e2b", 100, settings={"max_tokens": 70}).size == (640, 480)
    fitted = vtok.fit((4000, 3000), "qwen2.5-vl-7b", 1024, runtime="llama.cpp")
    assert fitted.tokens == vtok.count(fitted.size, "qwen2.5-vl-7b", runtime="llama.cpp") <= 1024


def test_where_shrinking_does_not_help_a_setting_is_offered_and_only_taken_when_allowed():
    with pytest.raises(BudgetError, match=r"takes at least 2,227 tokens.*with size=\{'longest_edge': 728\}.*takes 858"):
        vtok.fit((4000, 3000), model="idefics3-8b", budget=1000)
    fitted = vtok.fit((4000, 3000), model="idefics3-8b", budget=1000, change_settings=True)
    assert fitted.settings == {"size": {"longest_edge": 728}}
    assert fitted.tokens == vtok.count(fitted.size, "idefics3-8b", settings={"longest_edge": 728}) <= 1000


def test_where_nothing_helps_it_is_said():
    with pytest.raises(BudgetError, match=r"takes at least 576 tokens.*same number for every picture"):
        vtok.fit((4000, 3000), model="llava-1.5-7b", budget=500, change_settings=True)
    with pytest.raises(BudgetError, match=r"takes at least 64 tokens.*raise the budget, or cut the picture up"):
        vtok.fit((4000, 4000), model="qwen3-vl-8b", budget=3, settings={"min_pixels": 65536}, runtime="vllm")


@pytest.mark.parametrize("name", LEVERS)
def test_every_lever_lowers_the_count(name):
    from vtok.catalog.checkpoints import checkpoints
    from vtok.geometry.registry import make_family

    assert name in FAMILIES
    known = setting_types(name)
    usual = next(one.all_settings for one in checkpoints() if one.family_name == name)
    for lever in LEVERS[name]:
        assert lever.name in known
        before = usual | ({lever.name: True} if known[lever.name] is bool else {})
        values = list(lever.values(before))
        assert values
        widths, heights = np.array([[30, 30], [300, 200], [1200, 900], [4000, 3000], [900, 3000]]).T
        most, least = (
            make_family(name, before | {lever.name: value}).count_many(widths, heights)
            for value in (before[lever.name], values[-1])
        )
        assert (least <= most).all()
        assert (least < most).any()


def test_filters_are_those_of_the_processors():
    image = pytest.importorskip("transformers.models")
    from pathlib import Path

    models = Path(image.__file__).parent
    for name in {*FAMILIES} - {"phi3"}:
        path = models / name / f"image_processing_{name}.py"
        if not path.exists() or "    resample = " not in (text := path.read_text()):
            continue
        found = text.partition("    resample = PILImageResampling.")[2].split()[0]
        assert FILTERS.get(name, Image.Resampling.BICUBIC).name == found, name


def test_bad_input(tmp_path):
    with pytest.raises(BudgetError, match="expected a whole number"):
        vtok.fit((10, 10), "qwen2.5-vl-7b", budget=2.5)
    with pytest.raises(BudgetError, match="the budget is 0;"):
        vtok.fit((1000, 1000), "qwen2.5-vl-7b", budget=0)
    with pytest.raises(UsageError, match=r"stretch is 0\.5"):
        vtok.fit((1000, 1000), "qwen2.5-vl-7b", budget=10, stretch=0.5)
    with pytest.raises(UsageError, match="at most 200 times"):
        vtok.fit((100_000, 1), "qwen2.5-vl-7b", budget=10)
    with pytest.raises(ImageError, match="there is no file"):
        vtok.fit(tmp_path / "none.jpg", "qwen2.5-vl-7b", budget=10)
    with pytest.raises(ImageError, match="the picture is empty"):
        vtok.fit(b"", "qwen2.5-vl-7b", budget=10)
    buffer = io.BytesIO()
    Image.effect_noise((300, 300), 90).save(buffer, "JPEG")
    broken = vtok.fit(buffer.getvalue()[:3000], "qwen2.5-vl-7b", budget=10)
    with pytest.raises(ImageError, match="broken"):
        broken.image  # noqa: B018


def test_a_picture_of_one_pixel():
    assert vtok.fit((1, 1), "internvl3-8b", budget=1000).size == (1, 1)
