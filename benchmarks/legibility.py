"""How well the height of small print is estimated, and how often a photograph without print raises an alarm.

``python benchmarks/legibility.py`` prints a Markdown table: drawn pages with letters of known heights, a row a kind of
page; then photographs at three sizes. ``--model`` measures instead how well vtok-mini reads words by their height,
which needs torch. Fonts and photographs are those of ``pip install "vtok[train]" scikit-image``.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parents[1]))

from pages import KINDS, draw_page, photographs, textures

from training.fonts import TEST_FONTS, font_of_cap_height
from vtok.fitting.legibility import find_print

SCALES = (0.5, 1.0, 2.0)
COLOURS = {"red": (215, 35, 35), "green": (25, 135, 60), "blue": (40, 80, 220)}
WORDS = ("CAT", "SUN", "MAP", "KEY", "BOOK", "TREE", "FISH", "LAMP", "DOOR", "HOUSE", "TRAIN", "RIVER", "PLANT")


def main() -> None:
    """Print the tables that were asked for."""
    options = _options()
    if options.model:
        reading(options.pages, options.seed)
        return
    pages(options.pages, options.seed)
    print()
    alarms(options.seed)


def pages(number: int, seed: int) -> None:
    """Relative errors of the 10th percentile of letter heights, on ``number`` pages of each kind."""
    photos = [photo for _, photo in photographs()]
    print("| page | pages | missed | median error | 90th percentile | worst | ms of CPU a megapixel |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for kind in KINDS:
        errors, missed, took = [], 0, []
        for one in range(number):
            page = draw_page(seed + one * len(KINDS) + KINDS.index(kind), kind, TEST_FONTS, photos)
            start = time.process_time()
            found = find_print(page.image)
            took.append((time.process_time() - start) * 1e9 / (page.image.width * page.image.height))
            if found is None:
                missed += 1
            else:
                errors.append(abs(found.height - page.height) / page.height)
        median, ninth = np.percentile(errors, [50, 90])
        cells = f"{number} | {missed} | {median:.1%} | {ninth:.1%} | {max(errors):.1%} | {np.median(took):.0f}"
        print(f"| {kind} | {cells} |")


def alarms(seed: int) -> None:
    """Pictures without print in which print was found all the same."""
    photos = photographs()
    sizes = [(f"{name} x {scale:g}", _scaled(photo, scale)) for name, photo in photos for scale in SCALES]
    for kind, pictures in (("photographs at three sizes", sizes), ("fields of noise and grain", textures(seed))):
        false = [name for name, picture in pictures if find_print(picture) is not None]
        print(f"false alarms: {len(false)} of {len(pictures)} {kind} {' '.join(false)}")


def _scaled(picture: Image.Image, scale: float) -> Image.Image:
    size = (round(picture.width * scale), round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS)


def reading(number: int, seed: int) -> None:
    """Words that vtok-mini reads right, by the height of their capitals in the 336 px that it sees."""
    import vtok

    model = vtok.load("vtok-mini", device="cpu")
    draw = np.random.default_rng(seed)
    print("| height of capitals, px | words read right |")
    print("|---:|---:|")
    for height in (4, 6, 8, 10, 12, 14, 16, 20, 24, 30):
        right = sum(_reads(model, height, draw) for _ in range(number))
        print(f"| {height} | {right / number:.0%} |")


def _reads(model: object, height: int, draw: np.random.Generator) -> bool:
    picture = Image.new("RGB", (336, 336), (240, 240, 235))
    pen = ImageDraw.Draw(picture)
    words = draw.choice(WORDS, len(COLOURS), replace=False)
    font = font_of_cap_height(TEST_FONTS[int(draw.integers(len(TEST_FONTS)))], height)
    for place, (word, colour) in enumerate(zip(words, COLOURS.values(), strict=True)):
        left, top = int(draw.integers(10, 140)), 30 + place * 100 + int(draw.integers(0, 40))
        pen.text((left, top), str(word), font=font, fill=colour)
    asked = int(draw.integers(len(COLOURS)))
    answer = model.ask(picture, f"What does the {list(COLOURS)[asked]} word say?")  # type: ignore[attr-defined]
    return bool(answer.text.strip() == words[asked])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=40, help="of each kind, or words of each height (%(default)s)")
    parser.add_argument("--seed", type=int, default=1_000_000, help="of the first page (%(default)s)")
    parser.add_argument("--model", action="store_true", help="how vtok-mini reads by height, instead")
    return parser.parse_args()


if __name__ == "__main__":
    main()
