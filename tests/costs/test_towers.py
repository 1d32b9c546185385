"""What lives at once in encoders with SAM in them, against the storages that their classes make."""

from dataclasses import replace
from itertools import chain

import pytest
import torch

from tests import zoo
from tests.costs.living import Living
from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.config_vision import vision_sizes
from vtok.costs.seeing import Seeing
from vtok.costs.towers import tower
from vtok.costs.unknown import UnknownFigureError

#: Large enough for pairs of patches to be what needs most.
SAM = {"image_size": 512, "patch_size": 16, "output_channels": 32, "window_size": 4, "global_attn_indexes": [1]}
KINDS = {
    "got_ocr2": {"vision_config": SAM},
    "unlimited_ocr": {"vision_config": {"sam_config": {**SAM, "downsample_channels": [48, 64]}}},
    "deepseek_vl_hybrid": {"high_res_vision_config": SAM},
}


def lived(name, model, count):
    """Numbers that lived at once over ``count`` tiles or pictures."""
    pixels = {"pixel_values": torch.randn(count, 3, 512, 512)}
    if name == "deepseek_vl_hybrid":
        pixels = {"pixel_values": torch.randn(count, 3, 64, 64), "high_res_pixel_values": pixels["pixel_values"]}
    run = model.model.get_image_features if name == "deepseek_vl_hybrid" else model.model.vision_tower
    with torch.no_grad(), Living(chain(model.parameters(), model.buffers(), pixels.values())) as found:
        run(**pixels)
    return found.most / 4


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", KINDS)
def test_what_lives_at_once_is_what_the_class_makes(name, count):
    model = zoo.fresh(name, **KINDS[name]).model
    side = 4 if name == "deepseek_vl_hybrid" else 32
    found = tower(vision_sizes(model.config.to_dict())).working(Seeing(((side, side),) * count))
    assert found == pytest.approx(lived(name, model, count), rel=1e-4)


def test_tiles_of_another_size_go_through_on_their_own():
    model = zoo.fresh("unlimited_ocr", **KINDS["unlimited_ocr"]).model
    found = tower(vision_sizes(model.config.to_dict()))
    large, small = ((32, 32),), ((20, 20),) * 4
    both = found.working(Seeing(small + large))
    assert both == max(found.working(Seeing(small)), found.working(Seeing(large)))


@pytest.mark.parametrize("name", ["low", "high"])
def test_patches_larger_than_the_picture_are_no_encoder(name):
    vision = find_checkpoint("deepseek-vl-7b").vision
    high = replace(vision.beside, patch=2000, window=2000 * 14)
    with pytest.raises(UnknownFigureError, match="how many patches"):
        tower(replace(vision, patch=1000) if name == "low" else replace(vision, beside=high))
