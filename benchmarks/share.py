"""Is what shrinking does to a picture told in advance, and does that make a better use of a budget than equal shares?

``python benchmarks/share.py`` prints two Markdown tables. The first holds the similarity that is told from a small copy
against the one measured on pictures that were really shrunk and enlarged again. The second shares budgets among drawn
pages and photographs, equally and by ``vtok.fitting.grant``, and measures on the real pixels what each keeps. Fonts and
photographs are those of ``pip install "vtok[train]" scikit-image``.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from pages import KINDS, draw_page, photographs

from training.fonts import TEST_FONTS
from vtok.catalog.counting import find_model
from vtok.fitting.choose import choose
from vtok.fitting.grant import grant
from vtok.fitting.legibility import READABLE
from vtok.fitting.similarity import measure_similarity
from vtok.fitting.survey import Survey, seen_scale
from vtok.geometry.layout import Layout

SCALES = (0.7, 0.5, 0.35, 0.25, 0.15)
BUDGETS = (2_000, 4_096, 8_192, 16_384)
C = (0.03 * 255) ** 2


def main() -> None:
    """Print both tables."""
    options = _options()
    photos = photographs()[: options.photographs]
    drawn = [(f"page {n}", draw_page(options.seed + n, KINDS[n % len(KINDS)], TEST_FONTS, [p for _, p in photos]).image)
             for n in range(options.pages)]  # fmt: skip
    told_in_advance({"photographs": photos, "pages": drawn})
    print()
    shares(drawn, photos, options.model)


def told_in_advance(sets: dict[str, list[tuple[str, Image.Image]]]) -> None:
    """How far the similarity that was told is from the measured one, by kind of picture."""
    print("| pictures | number | mean error | 90th percentile | worst | ms of CPU a picture |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, pictures in sets.items():
        errors, took = [], []
        for _, picture in pictures:
            start = time.process_time()
            told = measure_similarity(picture)
            took.append(time.process_time() - start)
            errors += [abs(told.at(scale) - measured(picture, _scaled(picture, scale))) for scale in SCALES]
        cells = f"{len(pictures)} | {np.mean(errors):.3f} | {np.percentile(errors, 90):.3f} | {max(errors):.3f}"
        print(f"| {name} | {cells} | {1e3 * np.median(took):.1f} |")


def shares(pages: list[tuple[str, Image.Image]], photos: list[tuple[str, Image.Image]], model: str) -> None:
    """What equal shares and ours keep of the same pictures, measured on pixels."""
    family = find_model(model).family
    pictures = [picture for _, picture in pages + photos]
    surveys = [Survey.of(picture) for picture in pictures]
    heads = "similarity of pages | of photographs | letters of pages, px | value"
    print(f"{len(pages)} pages and {len(photos)} photographs, {model}\n")
    print(f"| budget | shares | tokens | {heads} |\n|---:|---|---:|---:|---:|---:|---:|")
    for budget in BUDGETS:
        equal = [choose(family, picture.size, budget // len(pictures)) for picture in pictures]
        ours = [one.choice for one in grant(surveys, family, budget)]
        for name, choices in (("equal", equal), ("vtok", ours)):
            kept, letters = [], []
            for picture, survey, choice in zip(pictures, surveys, choices, strict=True):
                kept.append(measured(picture, _seen(choice.layout)))
                height = survey.print.height if survey.print else 0.0
                letters.append(height and height * seen_scale(choice.layout, picture.size))
            readable = [min(1.0, one / READABLE) if one else 1.0 for one in letters]
            value = float(np.log(np.array(kept) * readable).sum())
            number = len(pages)
            cells = (
                f"{sum(one.tokens for one in choices):,} | {np.mean(kept[:number]):.3f} | {np.mean(kept[number:]):.3f}"
            )
            print(f"| {budget:,} | {name} | {cells} | {np.median(letters[:number]):.1f} | {value:.2f} |")


def measured(picture: Image.Image, size: tuple[int, int], window: int = 32) -> float:
    """Mean contrast-and-structure term of SSIM between a picture and its copy of ``size`` px, enlarged again."""
    source = picture.convert("L")
    copy = source.resize(size, Image.Resampling.BICUBIC).resize(source.size, Image.Resampling.BICUBIC)
    a, b = _windows(source, window), _windows(copy, window)
    shared = (a * b).mean(axis=(1, 3))
    return float(((2 * shared + C) / ((a**2).mean(axis=(1, 3)) + (b**2).mean(axis=(1, 3)) + C)).mean())


def _windows(image: Image.Image, window: int) -> np.ndarray:
    values = np.asarray(image, np.float64)
    height, width = (side // window for side in values.shape)
    cut = values[: height * window, : width * window].reshape(height, window, width, window)
    return cut - cut.mean(axis=(1, 3), keepdims=True)


def _scaled(picture: Image.Image, scale: float) -> tuple[int, int]:
    return round(picture.width * scale), round(picture.height * scale)


def _seen(layout: Layout) -> tuple[int, int]:
    return min(layout.source[0], layout.resized[0]), min(layout.source[1], layout.resized[1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=12, help="pages that are drawn (%(default)s)")
    parser.add_argument("--photographs", type=int, help="photographs that are taken; all when left out")
    parser.add_argument("--model", default="qwen2.5-vl-7b", help="whose tokens are shared (%(default)s)")
    parser.add_argument("--seed", type=int, default=2_000_000, help="of the first page (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
