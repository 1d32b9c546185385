"""What a picture keeps at each number of tokens, and what that does to its share of a budget."""

import pytest
from PIL import Image

from tests.fitting.drawn import page, photo
from vtok.catalog.counting import find_model
from vtok.errors import UsageError
from vtok.fitting.choose import choose
from vtok.fitting.share import share
from vtok.fitting.survey import Survey, ladder, seen_scale

MODELS = ("qwen2.5-vl-7b", "internvl3-8b", "llava-1.6-7b", "gemma-3-4b", "llava-1.5-7b", "pixtral-12b")


def family(name="qwen2.5-vl-7b"):
    return find_model(name).family


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [(1275, 1650), (4032, 3024), (1, 1), (37, 900)])
def test_a_ladder_goes_from_the_least_to_all(model, size):
    rungs = ladder(family(model), size)
    tokens = [one.tokens for one in rungs]
    assert tokens == sorted(set(tokens))
    assert rungs[-1].tokens == family(model).layout(*size).total
    assert [one.detail for one in rungs] == sorted(one.detail for one in rungs)
    for one in rungs[:: max(1, len(rungs) // 5)]:
        assert family(model).layout(*one.size).total == one.tokens
        assert choose(family(model), size, one.tokens).tokens == one.tokens


def test_a_picture_that_the_model_refuses():
    with pytest.raises(UsageError, match="at most 200 times"):
        ladder(family(), (100_000, 1))


@pytest.mark.parametrize("model", MODELS[:2])
def test_worth_rises_with_tokens(model):
    for survey in (Survey.of(page(size=14)), Survey.of(photo())):
        item = survey.item(ladder(family(model), survey.source))
        worth = [option.kept for option in item.options]
        assert min(worth) > 0
        assert max(worth) <= 1
        if model == "qwen2.5-vl-7b":
            assert worth == sorted(worth)
            assert worth[-1] == pytest.approx(1.0, abs=0.02)


def test_print_weighs_more_until_it_can_be_read():
    with_print, rungs = Survey.of(page(1000, 1300, 16)), ladder(family(), (1000, 1300))
    without = Survey(with_print.source, with_print.similarity)
    for one in rungs:
        factor = with_print.worth(one) / without.worth(one)
        letters = with_print.print.height * seen_scale(one.layout, with_print.source)
        assert factor == pytest.approx(min(1.0, letters / 8), rel=0.01)


def test_pages_get_more_than_photographs():
    surveys = [Survey.of(page()), Survey.of(photo(slope=1.5)), Survey.of(Image.new("RGB", (1000, 1300), "white"))]
    items = [survey.item(ladder(family(), survey.source)) for survey in surveys]
    text, photograph, blank = (option.tokens for option in share(items, 900).chosen)
    assert text > 2 * photograph > 2 * blank


def test_what_saves_the_print():
    survey = Survey.of(page(1275, 1650, 16))
    rungs = ladder(family(), survey.source)
    small = next(one for one in rungs if one.tokens > 300)
    found = survey.legibility(small, rungs)
    assert not found.survives
    assert found.token == 28
    saved = survey.legibility(choose(family(), survey.source, found.needed), rungs)
    assert saved.survives
    assert saved.warning() is None
    assert survey.legibility(choose(family(), survey.source, found.needed - 150), rungs).warning()
    assert Survey.of(photo()).legibility(small, rungs) is None


def test_print_that_no_size_saves():
    survey = Survey.of(page(2550, 3300, 28))
    rungs = ladder(family("gemma-3-4b"), survey.source)
    assert "no size of this model keeps it" in survey.legibility(rungs[0], rungs).warning()
