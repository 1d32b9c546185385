"""An overlay as an SVG: the picture embedded, a rectangle a token, so that it can be edited and scaled."""

from __future__ import annotations

import base64
import io
from xml.sax.saxutils import escape

from vtok.geometry.layout import Box
from vtok.show import colours
from vtok.show.overlay import Overlay, State


def draw(overlay: Overlay) -> str:
    """The overlay as SVG text; coordinates are source pixels, and each token's title says what became of it."""
    left, top, right, bottom = overlay.canvas
    width, height = right - left, bottom - top
    line, foot = max(width, height) / 1000, max(width, height) * 0.04
    buffer, image = io.BytesIO(), overlay.image
    image.save(buffer, "PNG")
    picture = base64.b64encode(buffer.getvalue()).decode()
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {height + foot:g}">',
        f'<defs><pattern id="hatch" width="{12 * line:g}" height="{12 * line:g}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="100%" height="100%" fill="#ebebeb" fill-opacity="0.6"/>'
        f'<path d="M0 0V{12 * line:g}" stroke="{_hex(colours.HATCH)}" stroke-width="{4 * line:g}"/></pattern></defs>',
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="#c8cace"/>',
        f'<image width="{image.width}" height="{image.height}" href="data:image/png;base64,{picture}"/>',
        *_tokens(overlay, line),
        *(
            f'<rect {_place(box)} fill="url(#hatch)"><title>never seen by the model</title></rect>'
            for box in overlay.unseen
        ),
        f'<text x="{left + foot / 4:g}" y="{bottom + foot * 0.68:g}" font-size="{foot * 0.45:g}" '
        f'font-family="sans-serif" fill="{_hex(colours.INK)}">{escape(overlay.caption)}</text>',
        "</svg>",
    ]
    return "\n".join(parts)


def _tokens(overlay: Overlay, line: float) -> list[str]:
    heat = None if overlay.heats is None else colours.heat_colours(overlay.heats).tolist()
    fills = {
        State.DROPPED: f'fill="{_hex(colours.INK)}" fill-opacity="0.72"',
        State.MERGED: f'fill="{_hex(colours.MERGED)}" fill-opacity="0.5"',
        State.KEPT: 'fill="none"',
    }
    edge = f'stroke="#5a5e64" stroke-width="{line:g}"'
    lit = f'stroke="{_hex(colours.KEPT)}" stroke-width="{2 * line:g}"'
    low: list[str] = []
    high: list[str] = []
    for index, (state, box) in enumerate(zip(overlay.states, overlay.layout.token_boxes.tolist(), strict=True)):
        fill = fills[State(state)] if heat is None else f'fill="{_hex(tuple(heat[index]))}" fill-opacity="0.65"'
        stroke = lit if state == State.KEPT else edge
        title = f"<title>token {index}: {State(state).name.lower()}</title>"
        (high if state == State.KEPT else low).append(f"<rect {_place(tuple(box))} {fill} {stroke}>{title}</rect>")
    return low + high


def _place(box: Box) -> str:
    x0, y0, x1, y1 = box
    return f'x="{x0:g}" y="{y0:g}" width="{x1 - x0:g}" height="{y1 - y0:g}"'


def _hex(rgb: tuple[int, ...]) -> str:
    return "#" + "".join(f"{value:02x}" for value in rgb)
