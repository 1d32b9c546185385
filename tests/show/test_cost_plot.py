"""Plots of costs: every format, every part drawn, and pages that need nothing from elsewhere."""

import re

import pytest
from PIL import Image

from vtok.costs.cost import cost
from vtok.errors import UsageError
from vtok.show.cost_plot import write_plot

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def costs():
    return [cost((side, side), "qwen2.5-vl-7b", "rtx-4060", weights="awq") for side in (280, 560, 1120)]


def test_a_png(costs, tmp_path):
    path = tmp_path / "plot.png"
    write_plot(costs, ["a", "b", "c"], "title", path)
    with Image.open(path) as image:
        assert image.width == 2000
        assert len(image.convert("RGB").resize((100, 42), Image.Resampling.NEAREST).getcolors()) > 5


def test_an_svg_is_the_same_each_time(costs, tmp_path):
    first, second = tmp_path / "one.svg", tmp_path / "two.svg"
    for path in (first, second):
        write_plot(costs, ["a", "b", "c"], "title", path, "budget")
    assert first.read_text() == second.read_text()


def test_a_page_stands_by_itself(costs, tmp_path):
    path = tmp_path / "plot.html"
    write_plot(costs, ["<b>", "b", "c"], 'a "title" <script>', path)
    text = path.read_text()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert not re.search(r'(src|href)="https?:', text.replace('xlink:href="#', ""))
    assert text.count("<tr>") == 4


def test_without_a_device(tmp_path):
    write_plot([cost((280, 280), "qwen2.5-vl-7b")], ["a"], "title", tmp_path / "plot.svg")


def test_another_ending(costs, tmp_path):
    with pytest.raises(UsageError, match=r"\.png, \.svg, \.html"):
        write_plot(costs, ["a", "b", "c"], "title", tmp_path / "plot.gif")
