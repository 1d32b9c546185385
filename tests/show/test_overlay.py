"""Overlays: states, hatching, and both formats."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vtok.geometry.families.llava import Llava
from vtok.reduction.method import Seen
from vtok.reduction.methods.pool import Pool
from vtok.reduction.selection import Selection
from vtok.show import png
from vtok.show.colours import heat_colours
from vtok.show.overlay import Overlay, State
from vtok.show.write import write_overlay


def overlay(width: int = 84, height: int = 84, heat: bool = False, pad: bool = False) -> Overlay:
    scores = torch.linspace(0, 1, 36)
    selection = Selection.of(torch.tensor([0, 7, 35]), 36, scores)
    layout = Llava(84, 84, 14, pad).layout(width, height)
    return Overlay(Image.new("RGB", (width, height), (200, 30, 30)), layout, selection, heat)


def test_states_of_a_selection() -> None:
    states = overlay().states
    assert np.flatnonzero(states == State.KEPT).tolist() == [0, 7, 35]
    assert (states == State.DROPPED).sum() == 33


def test_states_of_a_merge() -> None:
    selection = Pool().select(Seen((6, 6), torch.zeros(36, 1)), 9)
    layout = Llava(84, 84, 14).layout(84, 84)
    states = Overlay(Image.new("RGB", (84, 84)), layout, selection).states
    assert (states == State.KEPT).sum() == 9
    assert (states == State.MERGED).sum() == 27


def test_what_was_cropped_is_unseen_and_said() -> None:
    wide = overlay(168, 84)
    assert wide.unseen == [(0.0, 0.0, 42.0, 84.0), (126.0, 0.0, 168.0, 84.0)]
    assert "50% of the picture never seen" in wide.caption
    assert overlay().unseen == []
    assert "never seen" not in overlay().caption


def test_padding_widens_the_canvas_and_hides_nothing() -> None:
    padded = overlay(168, 84, pad=True)
    assert padded.canvas == (0.0, -42.0, 168.0, 126.0)
    assert padded.unseen == []


def test_kept_is_lit_and_dropped_is_dimmed() -> None:
    pixels = np.asarray(png.draw(overlay())).astype(int)
    side = 1008 // 6
    kept, dropped = pixels[side // 2, side // 2], pixels[side // 2, side + side // 2]
    assert kept.tolist() == [200, 30, 30]
    assert dropped.max() < 80


def test_hatching_covers_what_was_cropped() -> None:
    pixels = np.asarray(png.draw(overlay(168, 84))).astype(int)
    outside = pixels[100:400, 20:200].reshape(-1, 3)
    assert len({tuple(p) for p in outside}) > 1
    assert outside.mean() > 120


def test_heat_rises_with_the_score() -> None:
    heats = overlay(heat=True).heats
    assert heats is not None
    assert bool((np.diff(heats) > 0).all())
    colours = heat_colours(heats).astype(int).sum(1)
    assert bool((np.diff(colours) >= 0).all())
    assert overlay().heats is None


@pytest.mark.parametrize("heat", [False, True])
def test_files(tmp_path: Path, heat: bool) -> None:
    write_overlay(overlay(168, 84, heat), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "PNG"
        assert image.width == 1008
    write_overlay(overlay(168, 84, heat), tmp_path / "a.svg")
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    titles = [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}title")]
    assert sum(title.startswith("token ") for title in titles) == 36
    assert sum("kept" in title for title in titles) == 3
    assert titles.count("never seen by the model") == 2


def test_json_has_every_token() -> None:
    data = overlay().to_dict()
    assert len(data["tokens"]) == 36
    assert data["tokens"][7]["state"] == "kept"
    assert data["tokens"][7]["into"] == 7
    assert data["tokens"][8]["into"] is None
