"""Pictures at a wanted size: as the whole picture would be, whatever the file is like."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw, ImageFilter

from vtok.errors import ImageError
from vtok.image.decode import decode_at
from vtok.image.source import Limits, open_image


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def scene():
    """800 x 600 px of soft noise with a red corner at the top left, so that it is seen which way it lies."""
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    image = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3))
    ImageDraw.Draw(image).rectangle((0, 0, 120, 90), fill=(230, 20, 20))
    return image


def apart(one, other):
    """Mean and worst absolute difference of two pictures, in steps of 256."""
    off = np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16))
    return off.mean(), off.max()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_as_the_whole_picture_resized(scene, kind):
    data = saved(scene, kind)
    found = decode_at(data, (200, 150))
    mean, worst = apart(found, open_image(data).resize((200, 150), Image.Resampling.BICUBIC))
    assert (found.size, found.mode) == ((200, 150), "RGB")
    assert mean < 1
    assert worst < 16


def test_a_jpeg_is_decoded_no_larger_than_it_need_be(scene, monkeypatch):
    seen = []
    resize = Image.Image.resize
    monkeypatch.setattr(Image.Image, "resize", lambda self, *rest: seen.append(self.size) or resize(self, *rest))
    decode_at(saved(scene, "JPEG"), (190, 140))
    assert seen == [(200, 150)]
    decode_at(saved(scene, "JPEG"), (201, 140))
    assert seen[1:] == [(400, 300)]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_upright(scene, kind, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    data = saved(scene, kind, exif=exif)
    upright = open_image(data)
    size = upright.width // 4, upright.height // 4
    mean, _ = apart(decode_at(data, size), upright.resize(size, Image.Resampling.BICUBIC))
    assert mean < 1
    assert decode_at(data, upright.size).size == upright.size


def test_colour_profiles_are_applied(scene):
    # A profile whose red and blue are swapped, by swapping what it says of them.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    for name in (b"s\0R\0G\0B", b"sRGB"):
        while (at := bytes(profile).find(name, 128)) >= 0:
            profile[at : at + len(name)] = b"x" * len(name)
    flat = Image.new("RGB", (80, 60), (230, 20, 20))
    found = decode_at(saved(flat, "PNG", icc_profile=bytes(profile)), (8, 6)).getpixel((4, 3))
    assert apart(found, (20, 20, 230))[1] < 8


def test_a_broken_profile_and_one_for_another_kind_of_picture_say_nothing(scene):
    plain = decode_at(saved(scene, "PNG"), (80, 60))
    assert apart(decode_at(saved(scene, "PNG", icc_profile=b"nothing"), (80, 60)), plain)[1] == 0
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert apart(decode_at(saved(scene, "PNG", icc_profile=lab), (80, 60)), plain)[1] == 0


def test_odd_kinds_of_pixels():
    white = (255, 255, 255)
    see_through = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    palette = Image.new("P", (40, 40), 0)
    palette.putpalette([10, 200, 30, 0, 0, 0])
    sixteen = Image.fromarray(np.full((40, 40), 65535, np.uint16))
    cmyk = Image.new("CMYK", (40, 40), (0, 255, 255, 0))
    cases = {
        saved(see_through, "PNG"): white,
        saved(palette, "GIF"): (10, 200, 30),
        saved(palette, "PNG", transparency=0): white,
        saved(sixteen, "PNG"): white,
        saved(cmyk, "JPEG", quality=95): (255, 0, 0),
        saved(cmyk, "TIFF"): (255, 0, 0),
        saved(Image.new("1", (40, 40), 1), "PNG"): white,
        saved(Image.new("LA", (40, 40), (0, 0)), "PNG"): white,
    }
    for data, colour in cases.items():
        for size in ((40, 40), (5, 7)):
            found = decode_at(data, size)
            assert (found.mode, found.size) == ("RGB", size)
            assert apart(found.getpixel((2, 2)), colour)[1] <= 3


def test_the_first_frame_of_an_animation():
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "PNG", "WEBP"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert apart(decode_at(data, (10, 10)).getpixel((5, 5)), (255, 0, 0))[1] <= 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_truncated_files_are_refused(scene, kind):
    data = saved(scene, kind)
    with pytest.raises(ImageError, match="broken"):
        decode_at(data[: len(data) // 2], (80, 60))


def test_no_bomb_is_decoded(scene):
    with pytest.raises(ImageError, match="over the limit of 1,000"):
        decode_at(saved(scene, "JPEG"), (8, 6), limits=Limits(pixels=1000))


def test_an_image_in_memory_stays_as_it_is(scene):
    before = scene.copy()
    assert decode_at(scene, (80, 60)).size == (80, 60)
    assert apart(scene, before)[1] == 0
