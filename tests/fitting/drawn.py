"""Pictures to fit: a page of print, and something whose spectrum is that of a photograph."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TEXT = "the quick brown fox jumps over a lazy dog while seven wizards make toxic brew for evil queens and jack"
WORDS = TEXT.split()


def page(width=1000, height=1300, size=22, seed=0, ink=0, paper=255):
    """A page of lower-case words in Pillow's own font at ``size`` px."""
    image = Image.new("L", (width, height), paper)
    pen, font, draw = ImageDraw.Draw(image), ImageFont.load_default(size), np.random.default_rng(seed)
    for top in range(60, height - 60 - size, round(1.5 * size)):
        line = " ".join(draw.choice(WORDS, max(1, width // (4 * size))))
        pen.text((60, top), line, fill=ink, font=font)
    return image.convert("RGB")


def photo(width=1024, height=768, seed=0, slope=1.2):
    """Noise whose amplitude falls with a power of the frequency, as that of photographs does."""
    draw = np.random.default_rng(seed)
    across, down = np.fft.rfftfreq(width), np.fft.fftfreq(height)
    radius = np.hypot(across[None, :], down[:, None])
    radius[0, 0] = 1
    spectrum = np.fft.rfft2(draw.normal(size=(height, width))) / radius**slope
    values = np.fft.irfft2(spectrum, s=(height, width))
    values = 128 + 50 * (values - values.mean()) / values.std()
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).convert("RGB")
