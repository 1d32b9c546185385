"""Overlays to files, the format by the ending."""

from __future__ import annotations

from pathlib import Path

from vtok.show import png, svg
from vtok.show.overlay import Overlay


def write_overlay(overlay: Overlay, path: Path) -> None:
    """Write ``overlay`` to ``path``: SVG for ``.svg``, else PNG."""
    if path.suffix.lower() == ".svg":
        path.write_text(svg.draw(overlay), encoding="utf-8")
    else:
        png.draw(overlay).save(path, "PNG")
