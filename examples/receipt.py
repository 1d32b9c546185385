"""A receipt as a phone of 12 megapixels takes it, and what is left of it once it is fitted, side by side.

python examples/receipt.py draw out/receipt.jpg
python examples/receipt.py beside out/receipt.jpg out/fitted/receipt.jpg out/receipt-fitted.png
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

LINES = (
    ("CORNER GROCERY", ""),
    ("14 Mill Lane", ""),
    ("", ""),
    ("Oat milk 1 l", "2.19"),
    ("Rye bread", "3.45"),
    ("Tomatoes 0.612 kg", "1.83"),
    ("Coffee beans 250 g", "6.90"),
    ("Olive oil 0.5 l", "7.25"),
    ("Dark chocolate", "2.60"),
    ("", ""),
    ("TOTAL", "24.22"),
    ("Card ending 0417", "24.22"),
    ("", ""),
    ("VAT 7 %", "1.58"),
    ("Thank you, come again", ""),
)
SIZE, PAPER, PART = (4000, 3000), (1150, 300, 2850, 2700), (1250, 1850, 2750, 2275)


def draw(path: Path) -> None:
    """A receipt on a brown table, with the light falling in from the left and a sensor's noise."""
    random = np.random.default_rng(4)
    grain = Image.fromarray(random.integers(90, 150, (6, 8), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
    table = Image.merge("RGB", [grain.point(lambda v, k=k: int(v * k)) for k in (0.85, 0.62, 0.42)])
    pen = ImageDraw.Draw(table)
    pen.rectangle((PAPER[0] + 25, PAPER[1] + 30, PAPER[2] + 25, PAPER[3] + 30), fill=(40, 28, 20))
    table = table.filter(ImageFilter.GaussianBlur(25))
    pen = ImageDraw.Draw(table)
    pen.rectangle(PAPER, fill=(244, 243, 238))
    for number, (what, price) in enumerate(LINES):
        font = ImageFont.load_default(120 if what in ("TOTAL", "CORNER GROCERY") else 84)
        top = PAPER[1] + 120 + number * 150
        pen.text((PAPER[0] + 120, top), what, (30, 30, 34), font)
        pen.text((PAPER[2] - 120, top), price, (30, 30, 34), font, anchor="ra")
    light = np.linspace(1.05, 0.72, SIZE[0])[None, :, None]
    photo = np.asarray(table.filter(ImageFilter.GaussianBlur(1.2))) * light + random.normal(0, 2, (*SIZE[::-1], 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8)).save(path, quality=90)


def beside(source: Path, fitted: Path, output: Path) -> None:
    """Source and fitted picture, whole and in part, each brought to the same size."""
    page = Image.new("RGB", (1640, 900), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(22)
    for column, (name, path) in enumerate((("source", source), ("fitted", fitted))):
        image = Image.open(path)
        scale = image.width / SIZE[0]
        part = image.crop(tuple(round(side * scale) for side in PART))
        left = 20 + 810 * column
        page.paste(image.resize((790, 592), Image.Resampling.BICUBIC), (left, 40))
        page.paste(part.resize((790, 224), Image.Resampling.BICUBIC), (left, 650))
        pen.text((left, 8), f"{name}: {image.width} x {image.height} px", "black", font)
    page.quantize(128).save(output, optimize=True)


if __name__ == "__main__":
    job, *paths = sys.argv[1:]
    {"draw": draw, "beside": beside}[job](*map(Path, paths))
