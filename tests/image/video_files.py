"""Small videos for tests, made with PyAV: frame ``i`` of ``n`` is grey ``i * 255 // n``, red at the top left."""

import numpy as np
import pytest

av = pytest.importorskip("av")


def video(path, size=(64, 48), frames=30, fps=10, codec="mpeg4", turned=None, flipped=False, key_every=10, **options):
    """Write a video; ``turned`` is by how many degrees, against the clock, a player is told to turn it."""
    with av.open(str(path), "w", **options) as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt, stream.gop_size = "yuv420p", key_every
        if turned is not None:
            stream.set_display_rotation(turned, flipped)
        for index in range(frames):
            pixels = np.full((size[1], size[0], 3), index * 255 // frames, np.uint8)
            pixels[: size[1] // 2, : size[0] // 2] = (255, 0, 0)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def sound(path):
    """Write a file with sound alone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
