"""A trace as a picture: for each word where it looked on the picture, and how its attention splits by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vtok.geometry.layout import Layout
from vtok.show import colours

PANEL, BARS, TITLE, GAP, COLUMNS = 320, 100, 30, 16, 3
SPLIT = {"picture": (235, 95, 45), "question": (70, 110, 190), "answer so far": (150, 155, 162)}


@dataclass(frozen=True)
class Panel:
    """One word and one picture: ``heat`` (n,) a share a token; ``shares`` a (picture, question, answer) a layer."""

    word: str
    image: Image.Image
    layout: Layout
    heat: Sequence[float]
    shares: Sequence[tuple[float, float, float]]


def draw(panels: Sequence[Panel]) -> Image.Image:
    """All panels on one page, with a legend."""
    tiles = [_panel(panel) for panel in panels]
    columns = min(COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    height = max(tile.height for tile in tiles)
    page = Image.new("RGB", (columns * (PANEL + GAP) + GAP, rows * (height + GAP) + GAP + TITLE), colours.PAPER)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        page.paste(tile, (GAP + column * (PANEL + GAP), GAP + row * (height + GAP)))
    _legend(page)
    return page


def _panel(panel: Panel) -> Image.Image:
    scale = PANEL / max(panel.image.size)
    size = max(1, round(panel.image.width * scale)), max(1, round(panel.image.height * scale))
    picture = np.asarray(panel.image.resize(size, Image.Resampling.LANCZOS).convert("L"), np.float32)
    canvas = np.repeat(picture[..., None] * 0.35, 3, axis=2)
    top = max(panel.heat) or 1.0
    # The square root lifts what is faint; the largest share is always the brightest.
    lit = np.sqrt(np.asarray(panel.heat) / top)
    shades = colours.heat_colours(lit).astype(np.float32)
    for (x0, y0, x1, y1), strength, shade in zip(panel.layout.token_boxes * scale, lit, shades, strict=True):
        part = canvas[max(0, round(y0)) : max(0, round(y1)), max(0, round(x0)) : max(0, round(x1))]
        part[:] = part * (1 - 0.75 * strength) + shade * 0.75 * strength
    tile = Image.new("RGB", (PANEL, TITLE + PANEL + BARS), colours.PAPER)
    tile.paste(Image.fromarray(canvas.clip(0, 255).astype(np.uint8)), (0, TITLE))
    pen = ImageDraw.Draw(tile)
    pen.text((2, TITLE / 2), panel.word, font=ImageFont.load_default(20), fill=colours.INK, anchor="lm")
    _bars(pen, panel, TITLE + size[1] + 8)
    return tile.crop((0, 0, PANEL, TITLE + size[1] + BARS))


def _bars(pen: ImageDraw.ImageDraw, panel: Panel, top: float) -> None:
    layers = len(panel.shares)
    height = min(18.0, (BARS - 16) / layers)
    font = ImageFont.load_default(max(8, int(height * 0.7)))
    for index, split in enumerate(panel.shares):
        y = top + index * height
        pen.text((2, y + height / 2), f"layer {index + 1}", font=font, fill=colours.INK, anchor="lm")
        x = 60.0
        for share, colour in zip(split, SPLIT.values(), strict=True):
            right = x + share * (PANEL - 60)
            pen.rectangle((x, y + 1, max(x, right), y + height - 2), fill=colour)
            x = right


def _legend(page: Image.Image) -> None:
    pen, font, x, y = ImageDraw.Draw(page), ImageFont.load_default(14), float(GAP), page.height - TITLE / 2 - GAP / 2
    for name, colour in SPLIT.items():
        pen.rectangle((x, y - 6, x + 12, y + 6), fill=colour)
        pen.text((x + 18, y), name, font=font, fill=colours.INK, anchor="lm")
        x += 34 + font.getlength(name)
