"""Layouts: tokens and source pixels, in both directions."""

import numpy as np
import pytest

from vtok.errors import UsageError
from vtok.geometry.families.llava import Llava
from vtok.geometry.layout import Grid, Layout, Tile


def test_boxes_of_a_grid_tile_it() -> None:
    boxes = Grid(2, 3, (0.0, 10.0, 30.0, 30.0)).boxes()
    assert boxes.shape == (6, 4)
    assert boxes[0].tolist() == [0, 10, 10, 20]
    assert boxes[5].tolist() == [20, 20, 30, 30]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    assert areas.sum() == pytest.approx(30 * 20)


def test_layout_adds_up() -> None:
    whole = (0.0, 0.0, 8.0, 8.0)
    layout = Layout((8, 8), (8, 8), (Tile((8, 8), whole),), (Grid(2, 2, whole), Grid(1, 2, whole)), structural=3)
    assert (layout.content, layout.total) == (6, 9)
    assert layout.token_boxes.shape == (6, 4)
    assert layout.tokens_in((0, 0, 1, 1)).tolist() == [0, 4]


@pytest.mark.parametrize(("width", "height"), [(336, 336), (1000, 600), (600, 1000), (1, 1), (20, 4000), (337, 335)])
def test_llava_is_always_576_tokens_on_a_centred_square(width: int, height: int) -> None:
    layout = Llava().layout(width, height)
    assert layout.total == 576
    left, top, right, bottom = layout.tiles[0].box
    assert right - left == pytest.approx(bottom - top, rel=0.02, abs=1)
    # What is cut off on both sides differs by no more than one resized pixel.
    scale = min(width, height) / 336
    assert abs(left - (width - right)) <= scale * 1.01 + 1e-9
    assert abs(top - (height - bottom)) <= scale * 1.01 + 1e-9


def test_llava_crop_agrees_with_the_processor(mini: object) -> None:
    """A picture whose every column is its own shade: the processor's first and last column say what it saw."""
    from PIL import Image

    width, height = 800, 336
    ramp = np.tile(np.linspace(0, 255, width), (height, 1)).astype(np.uint8)
    processor = mini.processor.image_processor
    image = Image.fromarray(np.stack([ramp] * 3, -1))
    seen = processor(images=image, return_tensors="np", do_normalize=False)["pixel_values"][0, 0, 168]
    left, _, right, _ = Llava().layout(width, height).tiles[0].box
    assert seen[0] * 255 == pytest.approx(ramp[0, round(left)], abs=1.5)
    assert seen[-1] * 255 == pytest.approx(ramp[0, round(right) - 1], abs=1.5)


def test_padding_reaches_past_the_picture_and_loses_nothing() -> None:
    layout = Llava(pad=True).layout(400, 100)
    assert layout.tiles[0].box == (0.0, -150.0, 400.0, 250.0)
    assert layout.seen == (0.0, 0.0, 400.0, 100.0)


def test_squeezed_square_sees_the_whole_picture() -> None:
    assert Llava(crop=None).layout(400, 100).tiles[0].box == (0.0, 0.0, 400.0, 100.0)


def test_counts_of_many_sizes() -> None:
    counts = Llava().count_many(np.array([1, 2000]), np.array([5, 7]))
    assert counts.tolist() == [576, 576]
    assert counts.dtype == np.int64


@pytest.mark.parametrize("size", [(0, 5), (5, -1)])
def test_sizes_without_pixels_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        Llava().layout(*size)
