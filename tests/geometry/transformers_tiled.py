"""What transformers counts for families of fixed grids and tiles: functions of width and height, made on demand."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from transformers_source import Sides, bare, rules


def bits(text):
    """Tokens of a prompt, each marker in angle brackets and each run of newlines one."""
    return len(re.findall(r"<[^<>]+>|\n+", text))


def processor_counts(**attributes):
    """transformers' own count, a function of width and height, for a processor that has one."""
    settings = {"tokenizer": None, **attributes}
    image, processor = settings.pop("image"), settings.pop("processor")
    made = bare(processor, image_processor=image, **settings)
    return lambda width, height: made._get_num_multimodal_tokens(image_sizes=[(height, width)]).num_image_tokens[0]


def tiles_of_got(size, **settings):
    found = rules("got_ocr2/image_processing_got_ocr2").GotOcr2ImageProcessor
    return bare(found, size={"height": size, "width": size}, crop_to_patches=True, **settings)


def internvl(**settings):
    processor = rules("internvl/processing_internvl").InternVLProcessor
    return processor_counts(processor=processor, image=tiles_of_got(448, **settings), image_seq_length=256)


def aya_vision():
    processor = rules("aya_vision/processing_aya_vision").AyaVisionProcessor
    return processor_counts(processor=processor, image=tiles_of_got(364), img_size=364, patch_size=28)


def aria(size, split):
    found = rules("../image_processing_utils", "aria/image_processing_pil_aria", "aria/processing_aria")
    shapes = [(1, c) for c in range(2, 9)] + [(2, 4), (2, 3), (2, 2), (2, 1), (3, 1), (3, 2), (4, 1), (4, 2)]
    shapes += [(r, 1) for r in range(5, 9)]
    image = bare(found.AriaImageProcessorPil, split_resolutions=[(r * 490, c * 490) for r, c in shapes])
    image.max_image_size, image.split_image = size, split
    found.AriaProcessor.images_kwargs = {"max_image_size": size, "split_image": split}
    return processor_counts(processor=found.AriaProcessor, image=image, size_conversion={490: 128, 980: 256})


def cohere2():
    found = rules("cohere2_vision/image_processing_cohere2_vision", "cohere2_vision/processing_cohere2_vision")
    image = bare(found.Cohere2VisionImageProcessor)
    return processor_counts(processor=found.Cohere2VisionProcessor, image=image, patch_size=16)


def gemma4(tokens):
    found = rules("gemma4/processing_gemma4")
    image = SimpleNamespace(patch_size=16, pooling_kernel_size=3, max_soft_tokens=tokens)
    return processor_counts(processor=found.Gemma4Processor, image=image)


def idefics3(**settings):
    found = rules("idefics3/image_processing_idefics3", "idefics3/processing_idefics3")
    image = bare(found.Idefics3ImageProcessor, size={"longest_edge": 1456}, **settings)
    return processor_counts(
        processor=found.Idefics3Processor,
        image=image,
        image_seq_len=169,
        tokenizer=lambda text, **_: {"input_ids": [0]},
    )


def idefics3_pixels(longest, tile):
    """The grid that the preprocessing itself makes, whose count function agrees for whole tiles only."""
    found = rules("idefics3/image_processing_idefics3", "idefics3/processing_idefics3")
    image = bare(found.Idefics3ImageProcessor, resize=lambda image, size, resample=None: size)
    processor = bare(found.Idefics3Processor, image_seq_len=169, fake_image_token="<f>", image_token="<i>")
    processor.global_image_tag = "<g>"

    def count(width, height):
        high, wide = found._resize_output_size_rescale_to_max_len(height, width, max_len=longest)
        high, wide = found._resize_output_size_scale_below_upper_bound(high, wide, max_len=4096)
        size = image.resize_for_vision_encoder(SimpleNamespace(size=lambda: (1, 3, high, wide)), tile)
        rows, columns = size.height // tile, size.width // tile
        rows, columns = (0, 0) if rows * columns == 1 else (rows, columns)
        return bits(processor.replace_image_token({"rows": [[rows]], "cols": [[columns]]}, 0))

    return count


def perception_lm():
    found = rules("perception_lm/image_processing_perception_lm", "perception_lm/processing_perception_lm")
    image = bare(found.PerceptionLMImageProcessor)
    return processor_counts(processor=found.PerceptionLMProcessor, image=image, patch_size=14, pooling_ratio=2)


def molmo2(crops):
    torch = pytest.importorskip("torch")
    found = rules("molmo2/image_processing_molmo2", "molmo2/processing_molmo2", torch=torch)
    image = bare(found.Molmo2ImageProcessor, max_crops=crops)
    return processor_counts(
        processor=found.Molmo2Processor,
        image=image,
        image_use_col_tokens=True,
        use_single_crop_col_tokens=None,
        use_single_crop_start_token=True,
        tokenizer=SimpleNamespace(tokenize=lambda text: re.findall("<[^<>]+>", text)),
    )


def granite_docling():
    found = rules("granite_docling/image_processing_granite_docling", "granite_docling/processing_granite_docling")
    return processor_counts(
        processor=found.GraniteDoclingProcessor,
        image=bare(found.GraniteDoclingImageProcessor),
        fake_image_token="<fake>",
        image_token="<image>",
        global_image_tag="<global-img>",
        image_seq_len=64,
        tokenizer=lambda text, **_: {"input_ids": range(bits(text))},
    )


def fuyu():
    torch = pytest.importorskip("torch")
    found = rules("fuyu/image_processing_fuyu", "fuyu/processing_fuyu", torch=torch)
    image = bare(found.FuyuImageProcessor, patch_size=Sides(height=30, width=30))
    image.patchify_image = lambda image, patch_size: torch.empty(1, image[0, 0].numel() // 900, 1)
    count = processor_counts(processor=found.FuyuProcessor, image=image)

    def positive(width, height):
        # The count goes through where the resize of the pixels to a side of 0 would not.
        scale = min(1080 / height, 1920 / width)
        return count(width, height) if min(int(width * scale), int(height * scale)) else -1

    return positive


def deepseek_ocr2():
    found = rules("deepseek_ocr2/image_processing_deepseek_ocr2", "deepseek_ocr2/processing_deepseek_ocr2")
    image = bare(found.DeepseekOcr2ImageProcessor)
    processor = bare(found.DeepseekOcr2Processor, image_processor=image, patch_size=16, downsample_ratio=4)
    processor.image_token = "i"

    def count(width, height):
        tiles = image.get_number_of_image_patches(height, width) - 1
        return len(processor.replace_image_token({"num_local_patches": [tiles]}, 0))

    return count


def unlimited_ocr(tiled, largest):
    found = rules("unlimited_ocr/image_processing_unlimited_ocr", "unlimited_ocr/processing_unlimited_ocr")
    image = bare(found.UnlimitedOcrImageProcessor)
    processor = bare(found.UnlimitedOcrProcessor, image_processor=image, patch_size=16, downsample_ratio=4)
    processor.image_token = "i"

    def count(width, height):
        grid, tiles = (1, 1), 0
        if tiled and max(height, width) > 640:
            grid = found.get_optimal_tiled_canvas((height, width), (640, 640), 2, largest)
            tiles = grid[0] * grid[1]
        return len(processor.replace_image_token({"num_local_patches": [tiles], "patches_grid": [grid]}, 0))

    return count


def ovis2():
    found = rules("ovis2/image_processing_ovis2", "ovis2/processing_ovis2")
    processor = bare(found.Ovis2Processor, image_seq_length=256)

    def count(width, height):
        columns, rows = found.get_min_tile_covering_grid((height, width), 448, 9)
        return bits(processor.replace_image_token({"grids": [np.array([rows, columns])]}, 0))

    return count


def llama4():
    torch = pytest.importorskip("torch")
    found = rules("llama4/image_processing_llama4", "llama4/processing_llama4", torch=torch)
    canvases = torch.tensor(found.find_supported_resolutions(16, Sides(height=336, width=336)))
    processor = bare(found.Llama4Processor)

    def count(width, height):
        high, wide = (int(side) // 336 for side in found.get_best_fit((height, width), canvases))
        return bits(processor._prompt_split_image((high, wide), 144))

    return count


def minicpmv(mode):
    found = rules("minicpmv4_6/image_processing_minicpmv4_6", "minicpmv4_6/processing_minicpmv4_6")
    image = bare(found.MiniCPMV4_6ImageProcessor)
    processor = bare(found.MiniCPMV4_6Processor, slice_mode=True, image_token="i")
    processor.image_start_token = processor.image_end_token = "m"
    processor.slice_start_token = processor.slice_end_token = "s"

    def count(width, height):
        size, args = (height, width), (448, 14, mode)
        grid = image.get_sliced_grid(size, 9, 448)
        sides = [image.find_best_resize(size, *args, allow_upscale=grid is None)]
        if grid:
            high, wide = image.get_refine_size(size, grid, *args, allow_upscale=True)
            sides += [(high // grid[0], wide // grid[1])] * (grid[0] * grid[1])
        patches = np.array(sides) // 14
        inputs = {"grids": [grid or [0, 0]], "num_patches_per_image": [len(sides)], "target_sizes": patches}
        return 3 + len(processor.replace_image_token(inputs, 0, image_token_divisor=4 if mode == "4x" else 16))

    return count


def phi4():
    torch = pytest.importorskip("torch")
    found = rules("phi4_multimodal/image_processing_phi4_multimodal", torch=torch)
    image = bare(found.Phi4MultimodalImageProcessor)
    made = type(image).dynamic_preprocess
    made.__globals__["tvF"] = SimpleNamespace(resize=lambda x, s: x, pad=lambda x, p, fill: x)

    def count(width, height):
        _, mask = image.dynamic_preprocess(
            SimpleNamespace(shape=(height, width), device="cpu"), 448, 14, 32, max_num=36
        )
        kept = mask[0::2, 0::2]
        return 256 + 1 + int(kept.sum()) + int(kept[:, 0].sum()) + 16

    return count


def step3p7():
    found = rules("step3p7/image_processing_step3p7", "step3p7/processing_step3p7")
    image = bare(found.Step3p7ImageProcessor)
    processor = bare(found.Step3p7Processor)
    processor.image_feature_placeholder, processor.patch_feature_placeholder = "<i>" * 169, "<i>" * 81

    def count(width, height):
        columns, rows = image._plan_patches(width, height, 728, 504)[3:5]
        ends = [c == columns - 1 and r < rows - 1 for r in range(rows) for c in range(columns)]
        inputs = {"num_local_patches": [columns * rows], "patch_newline_masks": [ends]}
        return bits(processor.replace_image_token(inputs, 0))

    return count


RULES = {
    "aria": lambda: aria(980, False),
    "aria-split": lambda: aria(980, True),
    "aria-490-split": lambda: aria(490, True),
    "aya-vision": aya_vision,
    "cohere2-vision": cohere2,
    "deepseek-ocr": lambda: unlimited_ocr(True, 9),
    "deepseek-ocr2": deepseek_ocr2,
    "unlimited-ocr": lambda: unlimited_ocr(True, 32),
    "unlimited-ocr-base": lambda: unlimited_ocr(False, 32),
    "fuyu": fuyu,
    "gemma4": lambda: gemma4(280),
    "gemma4-70": lambda: gemma4(70),
    "granite-docling": granite_docling,
    "idefics3": idefics3,
    "idefics3-huge": lambda: idefics3_pixels(364 * 12, 364),
    "idefics3-part": lambda: idefics3_pixels(1001, 364),
    "idefics3-whole": lambda: idefics3(do_image_splitting=False),
    "internvl": internvl,
    "internvl-6": lambda: internvl(min_patches=2, max_patches=6),
    "internvl-40": lambda: internvl(max_patches=40),
    "llama4": llama4,
    "minicpmv4.6": lambda: minicpmv("16x"),
    "minicpmv4.6-4x": lambda: minicpmv("4x"),
    "molmo2": lambda: molmo2(8),
    "molmo2-24": lambda: molmo2(24),
    "ovis2": ovis2,
    "perception-lm": perception_lm,
    "phi4": phi4,
    "step3.7": step3p7,
}
