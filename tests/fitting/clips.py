"""A clip of three scenes, each all but still: camera noise, and a word that appears in the last one."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.fitting.drawn import page, photo

av = pytest.importorskip("av")

SIZE = (320, 240)


def scenes():
    """Three pictures of ``SIZE`` px."""
    return [photo(*SIZE, seed=1, slope=1.4), photo(*SIZE, seed=2, slope=1.4), page(*SIZE, size=14)]


def frames(each=10, noise=6.0):
    """``each`` frames of every scene; the last frame has a word more."""
    draw = np.random.default_rng(0)
    for scene in scenes():
        for number in range(each):
            picture = scene.copy()
            if number == each - 1 and scene.getpixel((2, 2)) == (255, 255, 255):
                ImageDraw.Draw(picture).text((200, 200), "STOP", font=ImageFont.load_default(24), fill="red")
            values = np.asarray(picture, np.float32) + draw.normal(0, noise, (*SIZE[::-1], 3))
            yield Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def write(path, pictures, fps=10, codec="libx264"):
    """An encoded clip of ``pictures``."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return path
