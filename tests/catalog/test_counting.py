"""``vtok.count``, ``vtok.count_many`` and ``vtok.layout``."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vtok
from vtok.catalog.checkpoints import find_checkpoint
from vtok.errors import ImageError, UsageError
from vtok.geometry.registry import FAMILIES, family_class


def test_a_file_an_image_and_a_size_count_alike(tmp_path):
    path = tmp_path / "a.png"
    image = Image.new("RGB", (640, 480))
    image.save(path)
    counts = {vtok.count(picture, model="qwen2.5-vl") for picture in (path, str(path), image, (640, 480))}
    assert counts == {23 * 17}
    assert vtok.layout(path, model="qwen2.5-vl").resized == (644, 476)
    assert vtok.count((640, 480), model=find_checkpoint("qwen2.5-vl")) == 23 * 17


def test_settings_change_the_count():
    assert vtok.count((4000, 3000), model="qwen2.5-vl", settings={"max_pixels": 614656}) <= 784
    assert vtok.count((4000, 3000), model="internvl3-8b", settings={"max_tiles": 1}) == 258
    assert vtok.count((4000, 3000), model="llava-1.6", settings={"pinpoints": [[336, 672], [672, 336]]}) > 576


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_pixel": 5}, "has no setting 'max_pixel'; it has min_pixels, max_pixels"),
        ({"max_pixels": "many"}, "cannot be 'many'; expected a whole number"),
        ({"max_pixels": 1.5}, "expected a whole number"),
        ({"max_pixels": True}, "expected a whole number"),
        ({"max_pixels": -1}, "must not be negative"),
        ({"row_ends": 3}, "expected true or false"),
        ({"max_pixels": 0}, "max_pixels is 0"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(UsageError, match=message):
        vtok.count((10, 10), model="qwen2.5-vl", settings=settings)


def test_many_sizes_broadcast_and_refuse():
    table = vtok.count_many(np.array([[640], [1000]]), np.array([480, 700, 800]), model="qwen2.5-vl")
    assert table.shape == (2, 3)
    assert table.dtype == np.int64
    assert vtok.count_many([], [], model="gemma3").shape == (0,)
    assert vtok.count_many(640.0, 480.0, model="gemma3") == 256
    sizes = ([640, 5000, 6000], [480, 5, 5])
    assert vtok.count_many(*sizes, model="qwen2.5-vl", errors="mask").tolist() == [391, -1, -1]
    with pytest.raises(UsageError, match=r"2 of 3 sizes are refused; the first: a picture of 5000 x 5 px"):
        vtok.count_many(*sizes, model="qwen2.5-vl")


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (([1.5], [2]), "widths must be whole numbers"),
        (([1], [float("nan")]), "heights must be whole numbers"),
        ((["a"], [1]), "widths must be whole numbers"),
        (([1, 2, 3], [1, 2]), "do not fit"),
    ],
)
def test_sizes_that_are_none(sizes, message):
    with pytest.raises(UsageError, match=message):
        vtok.count_many(*sizes, model="gemma3")


def test_errors_is_one_of_two():
    with pytest.raises(UsageError, match="errors is 'ignore'"):
        vtok.count_many([1], [1], model="gemma3", errors="ignore")


@pytest.mark.parametrize("picture", [(1, 2, 3), 5, None, (0.5, 3), ("a", "b"), (0, 5), (-3, 4)])
def test_pictures_that_are_none(picture):
    with pytest.raises(UsageError):
        vtok.count(picture, model="gemma3")


def test_a_missing_file():
    with pytest.raises(ImageError, match="there is no file"):
        vtok.count("gone.png", model="gemma3")


def test_counting_loads_no_torch():
    code = "import sys, vtok; vtok.count((1, 1), model='gemma3'); sys.exit(bool({'torch', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_family_has_a_name():
    folder = Path(vtok.__file__).parent / "geometry" / "families"
    found = set()
    for file in folder.glob("*.py"):
        classes = [line for line in file.read_text().splitlines() if line.startswith("class ")]
        if any(f"class {name}" in line for line in classes for name in FAMILIES.values()):
            found.add(file.stem)
    assert found == set(FAMILIES)
    assert all(isinstance(family_class(name), type) for name in FAMILIES)
    with pytest.raises(UsageError, match="no family 'internvl2'; did you mean internvl"):
        family_class("internvl2")
