"""An overlay as a PNG."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vtok.geometry.layout import Box
from vtok.show import colours
from vtok.show.overlay import Overlay, State

#: The longer side of the drawn picture, px, whatever the source's size.
LONG_SIDE = 1008
CAPTION = 40


def draw(overlay: Overlay) -> Image.Image:
    """The overlay as RGB: the picture at a readable size, the tokens over it, a caption below."""
    left, top, right, bottom = overlay.canvas
    scale = LONG_SIDE / max(right - left, bottom - top)
    width, height = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    page = Image.new("RGB", (width, height), (200, 202, 206))
    small = overlay.image.resize(
        (max(1, round(overlay.image.width * scale)), max(1, round(overlay.image.height * scale))),
        Image.Resampling.LANCZOS,
    )
    page.paste(small, (round(-left * scale), round(-top * scale)))
    pixels = np.asarray(page).astype(np.float32)
    boxes = np.array([_scaled(box, overlay.canvas, scale) for box in overlay.layout.token_boxes.tolist()])
    _paint(pixels, overlay, boxes)
    page = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    _outline(page, overlay, boxes)
    for box in overlay.unseen:
        _hatch(page, _scaled(box, overlay.canvas, scale))
    return _captioned(page, overlay.caption)


def _scaled(box: Box, canvas: Box, scale: float) -> tuple[int, int, int, int]:
    left, top = canvas[:2]
    x0, y0, x1, y1 = box
    return round((x0 - left) * scale), round((y0 - top) * scale), round((x1 - left) * scale), round((y1 - top) * scale)


def _paint(pixels: NDArray[np.float32], overlay: Overlay, boxes: NDArray[np.int64]) -> None:
    heat = None if overlay.heats is None else colours.heat_colours(overlay.heats)
    for index, (x0, y0, x1, y1) in enumerate(boxes):
        part = pixels[y0:y1, x0:x1]
        state = overlay.states[index]
        if heat is not None:
            part[:] = part * 0.35 + heat[index].astype(np.float32) * 0.65
        elif state == State.DROPPED:
            part[:] = part.mean(axis=2, keepdims=True) * 0.28 + np.array(colours.INK) * 0.35
        elif state == State.MERGED:
            part[:] = part * 0.45 + np.array(colours.MERGED) * 0.4


def _outline(page: Image.Image, overlay: Overlay, boxes: NDArray[np.int64]) -> None:
    pen = ImageDraw.Draw(page)
    for x0, y0, x1, y1 in boxes.tolist():
        pen.rectangle((x0, y0, x1 - 1, y1 - 1), outline=(90, 94, 100))
    for (x0, y0, x1, y1), state in zip(boxes.tolist(), overlay.states, strict=True):
        if state == State.KEPT:
            pen.rectangle((x0, y0, x1 - 1, y1 - 1), outline=colours.KEPT, width=2)


def _hatch(page: Image.Image, box: tuple[int, int, int, int]) -> None:
    x0, y0, x1, y1 = box
    if x1 <= x0 or y1 <= y0:
        return
    patch = Image.blend(page.crop(box), Image.new("RGB", (x1 - x0, y1 - y0), (235, 235, 235)), 0.6)
    pen = ImageDraw.Draw(patch)
    for start in range(-(y1 - y0), x1 - x0, 14):
        pen.line((start, y1 - y0, start + (y1 - y0), 0), fill=colours.HATCH, width=2)
    page.paste(patch, (x0, y0))


def _captioned(page: Image.Image, text: str) -> Image.Image:
    size = 18
    font = ImageFont.load_default(size)
    while size > 9 and font.getlength(text) > page.width - 20:
        size -= 1
        font = ImageFont.load_default(size)
    width = max(page.width, int(font.getlength(text)) + 20)
    whole = Image.new("RGB", (width, page.height + CAPTION), colours.PAPER)
    whole.paste(page, ((width - page.width) // 2, 0))
    ImageDraw.Draw(whole).text((10, page.height + CAPTION / 2), text, font=font, fill=colours.INK, anchor="lm")
    return whole
