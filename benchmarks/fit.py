"""From the bytes of a JPEG to fitted pixels: vtok against transformers' own preprocessing, and a peer, in one run.

    python benchmarks/fit.py [--rounds 15] [--megapixels 12] [--budget 1024]

All take turns on the same bytes, one thread each. transformers is its Qwen2-VL processor in the version that needs no
torchvision, bounded to the same number of tokens; vtok's pixels are also handed to it, for the whole way. The peer,
vision-squeezer, writes a JPEG, and is left out where it is not installed. The ratios are those of the rounds' wall
clocks. The pixel difference is between vtok's pixels and those that transformers makes of the whole picture, before it
normalises them, at transformers' size.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

import vtok
from vtok.fitting.resampling import filter_of
from vtok.image.decode import decode_at

MODEL, SIDE, QUALITY = "qwen2-vl", 28, 90


def photograph(megapixels: float) -> bytes:
    """A photograph of 4:3 enlarged to that size, with a sensor's noise so that it is no easier to decode than one."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    size = (width, round(width * 3 / 4))
    scene = np.asarray(Image.fromarray(load_sample_image("china.jpg")).resize(size, Image.Resampling.LANCZOS))
    noise = np.random.default_rng(0).normal(0, 3, scene.shape)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(scene + noise, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def fitted(data: bytes, budget: int) -> Image.Image:
    """vtok: bytes to pixels."""
    return vtok.fit(data, MODEL, budget).image


def written(data: bytes, budget: int) -> bytes:
    """vtok: bytes to the bytes of a JPEG."""
    buffer = io.BytesIO()
    fitted(data, budget).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def processor(budget: int) -> Any:
    """transformers' processor, bounded to ``budget`` tokens."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    return Qwen2VLImageProcessorPil(min_pixels=4 * SIDE**2, max_pixels=budget * SIDE**2)


def preprocessed(own: Any, image: Image.Image, **options: Any) -> Any:
    """What the processor makes of an image."""
    return own(images=image, return_tensors="np", **options)


def pixels(own: Any, image: Image.Image) -> np.ndarray:
    """The processor's pixels as a picture, (height, width, 3), its patches put back in their places."""
    found = preprocessed(own, image, do_rescale=False, do_normalize=False)
    _, rows, columns = found["image_grid_thw"][0]
    patches = found["pixel_values"].reshape(rows // 2, columns // 2, 2, 2, 3, 2, SIDE // 2, SIDE // 2)[:, :, :, :, :, 0]
    return patches.transpose(0, 2, 5, 1, 3, 6, 4).reshape(rows * SIDE // 2, columns * SIDE // 2, 3)


def decoded(data: bytes) -> Image.Image:
    """The whole picture, as who uses transformers opens it."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def ways(data: bytes, budget: int) -> dict[str, Callable[[], Any]]:
    """What is timed, by name."""
    own = processor(budget)
    found: dict[str, Callable[[], Any]] = {
        "transformers: decode and preprocess": lambda: preprocessed(own, decoded(data)),
        "vtok: fitted pixels": lambda: fitted(data, budget),
        "vtok, then transformers' preprocessing": lambda: preprocessed(own, fitted(data, budget)),
        "vtok: fitted JPEG": lambda: written(data, budget),
    }
    try:
        import vision_squeezer
    except ModuleNotFoundError:
        return found
    found[f"vision-squeezer {vision_squeezer.__version__}: JPEG"] = lambda: vision_squeezer.optimize_image(
        data, model="claude", max_tokens=1000, quality=QUALITY
    )
    return found


def main() -> None:
    """Print the table."""
    options = _options()
    data = photograph(options.megapixels)
    timed = ways(data, options.budget)
    wall: dict[str, list[float]] = {name: [] for name in timed}
    cpu: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(options.rounds + 1):
        for name, way in timed.items():
            start, spent = time.perf_counter(), time.process_time()
            way()
            if number:  # the first round warms up
                wall[name].append(time.perf_counter() - start)
                cpu[name].append(time.process_time() - spent)
    one = vtok.fit(data, MODEL, options.budget)
    print(
        f"{one.source[0]} x {one.source[1]} px, {len(data) / 1e6:.1f} MB, to {one.tokens} tokens "
        f"({one.size[0]} x {one.size[1]} px); medians of {options.rounds} rounds\n"
    )
    print("| way | ms | ms of CPU | times vtok's pixels | times vtok's JPEG |")
    print("|---|---:|---:|---:|---:|")
    for name, took in wall.items():
        ours = (wall[base] for base in ("vtok: fitted pixels", "vtok: fitted JPEG"))
        times = [statistics.median(a / b for a, b in zip(took, base, strict=True)) for base in ours]
        spent = statistics.median(cpu[name]) * 1e3
        print(f"| {name} | {statistics.median(took) * 1e3:.1f} | {spent:.1f} | {times[0]:.1f} | {times[1]:.1f} |")
    theirs = pixels(processor(options.budget), decoded(data))
    same = decode_at(data, (theirs.shape[1], theirs.shape[0]), filter_of("smart_resize"))
    off = np.abs(np.asarray(same, np.float64) - theirs)
    print(f"\npixel difference, of 255: {off.mean():.2f} in the mean, {off.max():.0f} at worst")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each way is timed (%(default)s)")
    parser.add_argument("--megapixels", type=float, default=12, help="of the picture (%(default)s)")
    parser.add_argument("--budget", type=int, default=1024, help="in tokens (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
