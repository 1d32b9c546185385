"""Families of native resolution with settings that people run, and sizes to try them at."""

import random

from vtok.errors import UsageError
from vtok.geometry.families.glm4v import Glm4v
from vtok.geometry.families.glm5_next import Glm5Next
from vtok.geometry.families.glm_image import GlmImage
from vtok.geometry.families.inkling import Inkling
from vtok.geometry.families.kimi_k25 import KimiK25
from vtok.geometry.families.kimi_vl import KimiVl
from vtok.geometry.families.lfm2_vl import Lfm2Vl
from vtok.geometry.families.llava_next import LlavaNext
from vtok.geometry.families.llava_onevision import LlavaOnevision
from vtok.geometry.families.muse import Muse
from vtok.geometry.families.paddleocr_vl import PaddleOcrVl
from vtok.geometry.families.pixtral import Pixtral
from vtok.geometry.families.smart_resize import SmartResize

ORACLE = {
    "ernie4.5-vl": SmartResize(max_pixels=28**2 * 6177),
    "exaone4.5": SmartResize(),
    "glm46v": Glm4v(),
    "glm4v": Glm4v(),
    "hunyuan-vl": SmartResize(min_pixels=512**2, max_pixels=2048**2, patch=16, row_ends=True, markers=2),
    "lighton-ocr": Pixtral(longest_edge=1540, patch=14, merge=2, whole_tokens=False, row_ends=False),
    "llava-1.6": LlavaNext(),
    "llava-onevision-qwen2": LlavaOnevision(),
    "minimax-m3-vl": SmartResize(max_pixels=451584),
    "mistral-small-3.1": Pixtral(longest_edge=1540, patch=14, merge=2),
    "pixtral-12b": Pixtral(),
    "qwen2-vl": SmartResize(),
    "qwen2-vl-hub": SmartResize(max_pixels=12845056),
    "qwen2.5-vl": SmartResize(max_pixels=12845056),
    "qwen3-vl": SmartResize(min_pixels=65536, max_pixels=16777216, patch=16),
}

GRANITE_TILES = [(1, times) for times in range(1, 11)] + [(2, 1), (2, 2), (3, 3), (2, 5), (5, 2), (10, 1)]
GRANITE = tuple((384 * down, 384 * across) for down, across in GRANITE_TILES)
FAMILIES = {
    **ORACLE,
    "apertus1.5": SmartResize(min_pixels=128**2, max_pixels=1400**2, patch=16, merge=1),
    "cosmos3-edge": Glm4v(min_pixels=256**2, max_pixels=4096**2, patch=16, frames=1),
    "glm5-next": Glm5Next(),
    "glm5-next-small": Glm5Next(min_tokens=100, max_tokens=777),
    "glm-image": GlmImage(),
    "glm-image-large": GlmImage(min_pixels=512**2, max_pixels=2048**2, patch=16),
    "granite3-vision": LlavaNext(side=384, pinpoints=GRANITE),
    "granite4-vision": LlavaNext(side=384, pinpoints=GRANITE, downsample=(4, 8), extra=1),
    "hy-v4-vl": SmartResize(min_pixels=512**2, max_pixels=2048**2, patch=16, row_ends=True),
    "inkling": Inkling(),
    "inkling-scaled": Inkling(scale=1.5),
    "inkling2": Inkling(spare_column=False),
    "kimi-k2.5": KimiK25(),
    "kimi-vl": KimiVl(),
    "kimi-vl-thinking": KimiVl(max_patches=16384),
    "lfm2-vl": Lfm2Vl(),
    "lfm2-vl-bare": Lfm2Vl(thumbnail=False, markers=False),
    "lfm2-vl-whole": Lfm2Vl(min_tiles=1, max_tiles=1),
    "muse": Muse(),
    "muse-small": Muse(max_tokens=900, markers=2),
    "paddleocr-vl": PaddleOcrVl(),
    "video-llama3": SmartResize(merge=1),
}
UNITS = (14, 16, 28, 32, 40, 336, 384, 512)


def total(family, width, height):
    try:
        return family.layout(width, height).total
    except UsageError:
        return -1


def sizes(count, seed):
    """Random sizes of many shapes, among them squares, thin ones and ones a pixel either side of a grid's edge."""
    draw = random.Random(seed)
    found = [(1, 1), (1, 3000), (3000, 1), (1, 40), (9, 4000), (6000, 29), (20, 4021), (448, 448)]
    while len(found) < count:
        unit = draw.choice(UNITS)
        edge = max(1, unit * draw.randint(1, 4000 // unit) // draw.choice((1, 1, 2)) + draw.choice((-1, 0, 1)))
        side = draw.choice((edge, draw.randint(1, 60), int(10 ** draw.uniform(0, 3.9))))
        found.append(draw.choice(((edge, side), (side, edge), (edge, edge), (draw.randint(1, 5000), side))))
    return found
