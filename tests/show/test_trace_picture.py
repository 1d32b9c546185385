"""The picture of a trace."""

import numpy as np
from PIL import Image

from vtok.geometry.families.llava import Llava
from vtok.show.trace_picture import PANEL, Panel, draw


def test_heat_lies_where_the_word_looked() -> None:
    heat = [0.0] * 36
    heat[0] = 0.5
    layout = Llava(84, 84, 14).layout(84, 84)
    panel = Panel("red", Image.new("RGB", (84, 84), "white"), layout, heat, [(0.5, 0.3, 0.2)] * 2)
    page = np.asarray(draw([panel] * 4)).astype(int)
    assert page.shape[1] > 3 * PANEL
    corner = page[16 + 30 + 20, 16 + 20]
    elsewhere = page[16 + 30 + 200, 16 + 200]
    assert corner.sum() > elsewhere.sum() + 150
