"""The rules that makers of closed models publish, on the examples of their own pages."""

import pytest

import vtok
from vtok.catalog.checkpoints import checkpoints
from vtok.errors import UsageError
from vtok.geometry.registry import make_family

CLOSED = [one for one in checkpoints() if one.closed]


@pytest.mark.parametrize(
    ("model", "size", "tokens"),
    [
        ("gpt-4o", (1024, 1024), 765),
        ("gpt-4o", (2048, 4096), 1105),
        ("gpt-4o-mini", (1024, 1024), 2833 + 4 * 5667),
        ("o1", (512, 512), 225),
        ("claude-4", (200, 200), 54),
        ("claude-4", (1000, 1000), 1334),
        ("claude-4", (1092, 1092), 1590),
        ("gemini-2.0-flash", (384, 384), 258),
        ("gemini-2.5-pro", (960, 540), 6 * 258),
    ],
)
def test_examples_of_the_pages(model, size, tokens):
    assert vtok.count(size, model) == vtok.layout(size, model).total == tokens


@pytest.mark.parametrize(
    ("size", "patches"),
    [((1024, 1024), (32, 32)), ((1800, 2400), (44, 33)), ((32, 33), (2, 1)), ((5000, 5000), (39, 39))],
)
def test_patches_before_the_multiplier(size, patches):
    grid = make_family("openai_patches").layout(*size).grids[0]
    assert (grid.rows, grid.columns) == patches
    # 1,024 patches at 1.62, 2.46 and 1.72 tokens each, rounded up.
    many = {"gpt-4.1-mini": 1659, "gpt-4.1-nano": 2520, "o4-mini": 1762}
    assert {name: vtok.count((1024, 1024), name) for name in many} == many


def test_patches_are_those_of_the_page_s_own_formula():
    """The page's square root and floors in floating point, where no floor is on an edge."""
    family = make_family("openai_patches")
    for w, h in ((1800, 2400), (3001, 1999), (4032, 3024), (9000, 701), (640, 7919)):
        scale = (32 * 32 * 1536 / (w * h)) ** 0.5
        wide, high = w * scale / 32, h * scale / 32
        scale *= min(wide // 1 / wide, high // 1 / high)
        expected = round(w * scale / 32, 6), round(h * scale / 32, 6)
        assert family.count(w, h) == -(-expected[0] // 1) * -(-expected[1] // 1)


def test_the_small_view_alone():
    assert vtok.count((4000, 3000), "gpt-4o", settings={"detail": "low"}) == 85
    assert vtok.layout((4000, 3000), "gpt-4o", settings={"detail": "low"}).resized == (512, 512)


def test_what_is_sent_back():
    with pytest.raises(UsageError, match="at most 8,000 px a side"):
        vtok.count((8001, 10), "claude-4")
    with pytest.raises(UsageError, match="too long for its width"):
        vtok.count((5000, 1), "gemini-2.5-flash")
    with pytest.raises(UsageError, match="nothing is left of it"):
        vtok.count((70000, 32), "gpt-5-mini")


@pytest.mark.parametrize("one", CLOSED, ids=lambda one: one.name)
def test_what_tokens_show_stays_within_reach(one):
    for size in ((1, 1), (300, 500), (1800, 2400), (4032, 3024)):
        layout = one.family.layout(*size)
        boxes = layout.token_boxes
        assert boxes[:, :2].min() == 0
        assert boxes[:, 2].max() >= size[0] - 1e-6
        assert boxes[:, 3].max() >= size[1] - 1e-6
        assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_they_are_marked():
    assert {one.closed for one in CLOSED} == {"OpenAI", "Anthropic", "Google"}
    for one in CLOSED:
        assert one.runtime == "api"
        assert f"{one.closed} publishes (closed" in one.counted_by
        assert not one.parameters
    with pytest.raises(UsageError, match="has not verified how transformers counts for gpt-4o"):
        vtok.count((640, 480), "gpt-4o", runtime="transformers")
