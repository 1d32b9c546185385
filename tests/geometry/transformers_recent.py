"""What transformers counts for the families and settings that the other two files leave out: makers of functions."""

from types import SimpleNamespace

import numpy as np
import pytest
from transformers_source import bare, rules
from transformers_tiled import bits, processor_counts, tiles_of_got


def gemma3(ratio=1.2, most=4, least=256):
    """The crops that the real cutting makes, and the tokens that the prompt then has."""
    found = rules("gemma3/image_processing_pil_gemma3", "gemma3/processing_gemma3")
    found.Gemma3ImageProcessorPil.pan_and_scan.__globals__["get_image_size"] = lambda image, **_: image.shape[-2:]
    image = bare(found.Gemma3ImageProcessorPil)
    processor = bare(found.Gemma3Processor, full_image_sequence="<i>" * 256)

    def count(width, height):
        crops = image.pan_and_scan(np.broadcast_to(np.uint8(0), (3, height, width)), least, most, ratio)
        if any(0 in crop.shape for crop in crops):
            raise ValueError("an empty crop")
        return processor.replace_image_token({"num_crops": [len(crops)]}, 0).count("<i>")

    return count


def several_onevision():
    found = rules("llava_onevision/processing_llava_onevision")
    processor = bare(found.LlavaOnevisionProcessor, num_image_tokens=729, vision_feature_select_strategy="full")
    processor.image_token = "i"
    return lambda width, height: len(processor.replace_image_token({"batch_num_images": [1, 2]}, 1))


def granite_docling(**settings):
    found = rules("granite_docling/image_processing_granite_docling", "granite_docling/processing_granite_docling")
    words = {"fake_image_token": "<f>", "image_token": "<i>", "global_image_tag": "<g>", "image_seq_len": 64}
    return processor_counts(
        processor=found.GraniteDoclingProcessor,
        image=bare(found.GraniteDoclingImageProcessor, **settings),
        tokenizer=lambda text, **_: {"input_ids": range(bits(text))},
        **words,
    )


def minicpm_ocr(upsize, mode="4x"):
    found = rules("minicpm_ocr/image_processing_minicpm_ocr", "minicpm_ocr/processing_minicpm_ocr")
    image = bare(found.MiniCPMOcrImageProcessor)
    processor = bare(found.MiniCPMOcrProcessor, slice_mode=True, image_token="i")
    processor.image_start_token = processor.image_end_token = "m"
    processor.slice_start_token = processor.slice_end_token = "s"

    def count(width, height):
        size, args = (height, width), (448, 14, mode)
        grid = image.get_sliced_grid(size, 9, 448)
        sides = [image.find_best_resize(size, *args, allow_upscale=grid is None and upsize == "always")]
        if grid:
            high, wide = image.get_refine_size(size, grid, *args, allow_upscale=True)
            sides += [(high // grid[0], wide // grid[1])] * (grid[0] * grid[1])
        patches = np.array(sides) // 14
        inputs = {"grids": [grid or [0, 0]], "num_patches_per_image": [len(sides)], "target_sizes": patches}
        return 3 + len(processor.replace_image_token(inputs, 0, image_token_divisor=4 if mode == "4x" else 16))

    return count


def kosmos2():
    found = rules("kosmos2/processing_kosmos2")
    processor = bare(found.Kosmos2Processor, boi_token="<image>", eoi_token="</image>")
    processor._insert_patch_index_tokens = lambda text, boxes: text
    processor._check_bboxes_for_single_text = lambda boxes: None
    return lambda width, height: bits(processor.preprocess_examples("", object(), None, 64))


def llava(side, patch):
    image = SimpleNamespace(crop_size={"height": side, "width": side})
    settings = {"patch_size": patch, "num_additional_image_tokens": 0, "vision_feature_select_strategy": "full"}
    return processor_counts(processor=rules("llava/processing_llava").LlavaProcessor, image=image, **settings)


def video_llava():
    found = rules("video_llava/processing_video_llava")
    found.VideoLlavaProcessor.replace_image_token.__globals__.update(
        to_numpy_array=lambda image: image, get_image_size=lambda image: image.shape[-2:]
    )
    processor = bare(found.VideoLlavaProcessor, patch_size=14, num_additional_image_tokens=1, image_token="i")
    processor.vision_feature_select_strategy = "default"
    inputs = {"pixel_values_images": np.zeros((1, 3, 224, 224))}
    return lambda width, height: len(processor.replace_image_token(inputs, 0))


def deepseek_vl_hybrid():
    found = rules("deepseek_vl_hybrid/processing_deepseek_vl_hybrid")
    processor = bare(found.DeepseekVLHybridProcessor, image_token="i", num_image_tokens=576)
    return lambda width, height: len(processor.replace_image_token({}, 0))


def got_ocr2(most):
    found = rules("got_ocr2/processing_got_ocr2")
    processor = bare(found.GotOcr2Processor, image_token="i")
    image = tiles_of_got(1024, max_patches=most)

    def count(width, height):
        inputs = {"num_patches": [image.get_number_of_image_patches(height, width)]}
        pages = {"num_pages_per_batch": [1], "patch_indices": [1], "num_image_tokens": 256}
        return len(processor.replace_image_token(inputs, 0, **pages))

    return count


def inkling2():
    """The grid of its preprocessing, on tensors without data."""
    torch = pytest.importorskip("torch")
    found = rules("inkling2/image_processing_inkling2", "inkling2/processing_inkling2", torch=torch)
    image, processor = bare(found.Inkling2ImageProcessor), bare(found.Inkling2Processor, image_token="i")
    image.pad = lambda images, pad_size, fill_value: [images[0].new_empty(1, pad_size.height, pad_size.width)]
    image.rescale_and_normalize = lambda pixels, *_: pixels
    rest = dict.fromkeys(("do_rescale", "rescale_factor", "do_normalize", "image_mean", "image_std", "return_tensors"))

    def count(width, height):
        pixels = torch.empty(1, height, width, device="meta")
        made = image._preprocess([pixels], size=SimpleNamespace(height=40, width=40), **rest)
        return len(processor.replace_image_token(made, 0))

    return count


def nemotron(least, most):
    found = rules("nemotron_h_omni/image_processing_nemotron_h_omni", "nemotron_h_omni/processing_nemotron_h_omni")
    processor = bare(found.NemotronH_Omni_Reasoning_V3Processor, image_start_token="<a>", image_end_token="<z>")
    processor.image_processor, processor.image_token = SimpleNamespace(downsample_ratio=0.5), "<i>"

    def count(width, height):
        grid = found.get_patch_grid_size(height, width, 16, 2, least, most)
        if 0 in grid:
            raise ValueError("a side without patches")
        return bits(processor.replace_image_token({"image_grid_hw": np.array([grid])}, 0))

    return count


BOUNDS = {"shortest_edge": 56 * 56, "longest_edge": 28 * 28 * 1280}


def qwen(processor, **settings):
    """The count of a processor that takes Qwen2-VL's image processor."""
    image = bare(rules("qwen2_vl/image_processing_qwen2_vl").Qwen2VLImageProcessor, **{"size": BOUNDS, **settings})
    module, name = processor
    return processor_counts(processor=getattr(rules(f"{module}/processing_{module}"), name), image=image)


def cohere_compass():
    found = rules("cohere_compass/image_processing_cohere_compass", "cohere_compass/processing_cohere_compass")
    image = bare(found.CohereCompassImageProcessor, size=BOUNDS, patch_size=16)
    return processor_counts(processor=found.CohereCompassProcessor, image=image)
