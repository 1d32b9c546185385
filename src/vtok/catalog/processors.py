"""Which rule reads the files of which kind of model: ``model_type`` to a family and its settings.

A rule leaves to the family what the files do not say, since each family's own settings are the defaults of the
processor that it was made from; where a kind of model has others, they are here. Which processor serves which model:
transformers, ``models/auto/image_processing_auto.py``.
"""

from __future__ import annotations

from collections.abc import Callable

from vtok.catalog import rules_canvases as canvases
from vtok.catalog import rules_fixed as fixed
from vtok.catalog import rules_native as native
from vtok.catalog import rules_tiled as tiled
from vtok.catalog.processor_files import CheckpointFiles, Found
from vtok.errors import UnknownKindError

RULES: dict[str, Callable[[CheckpointFiles], Found]] = {
    "apertus1p5": native.apertus,
    "DeepseekOCR": canvases.deepseek_v2,
    "aria": canvases.aria,
    "aya_vision": tiled.aya,
    "blip-2": fixed.queries,
    "chameleon": fixed.fixed(512, 32, structural=2, shape="crop"),
    "cohere2_vision": tiled.cohere2,
    "cohere_compass": native.smart(),
    "cosmos3_edge": native.smart("glm4v", min_pixels=256**2, max_pixels=4096**2, patch=16, frames=1),
    "cosmos3_omni": native.smart(),
    "deepseek_ocr2": tiled.deepseek_ocr2,
    "deepseek_vl": fixed.fixed(384, 24, shape="pad"),
    "deepseek_vl_hybrid": fixed.fixed(384, 24, shape="pad"),
    "deepseek_vl_v2": canvases.deepseek_v2,
    "diffusion_gemma": native.gemma4,
    "dots3_note": native.smart(),
    "emu3": native.emu3,
    "ernie4_5_moe_vl": native.smart(max_pixels=28**2 * 6177),
    "ernie4_5_vl_moe": native.smart(max_pixels=28**2 * 6177),
    "exaone4_5": native.smart(),
    "fast_vlm": fixed.fast_vlm,
    "florence2": fixed.florence2,
    "fuyu": native.fuyu,
    "gemma3": fixed.gemma3,
    "gemma3n": fixed.fixed(768, 16),
    "gemma4": native.gemma4,
    "gemma4_unified": native.gemma4,
    "glm46v": native.smart("glm4v"),
    "glm4v": native.smart("glm4v"),
    "glm4v_moe": native.smart("glm4v"),
    "glm5_next": native.plain("glm5_next", min_tokens="min_image_tokens", max_tokens="max_image_tokens"),
    "glm_image": native.smart("glm_image"),
    "glm_ocr": native.smart("glm4v"),
    "glmga": native.glmga,
    "got_ocr2": tiled.got_ocr2,
    "granite4_vision": canvases.granite4,
    "granite_docling": tiled.granite_docling,
    "hunyuan_vl": native.hunyuan,
    "hy_v4_vl": native.smart(min_pixels=512**2, max_pixels=2048**2, patch=16, row_ends=True),
    "hyperclovax_vision_v2": native.smart(),
    "idefics2": tiled.idefics2,
    "idefics3": tiled.idefics3,
    "inkling2": native.inkling(spare_column=False),
    "inkling2_loop": native.inkling(spare_column=False),
    "inkling_mm_model": native.inkling(spare_column=True),
    "instructblip": fixed.queries,
    "internvl": tiled.internvl,
    "internvl_chat": tiled.internvl_chat,
    "janus": fixed.fixed(384, 24, shape="pad"),
    "kimi_k25": native.kimi_k25,
    "kimi_vl": native.kimi_vl,
    "kosmos-2": fixed.kosmos2,
    "lfm2_vl": tiled.lfm2_vl,
    "lfm3_vl": native.smart(),
    "lighton_ocr": native.lighton,
    "llama4": native.plain("llama4", tile="size", max_tiles="max_patches"),
    "llava": fixed.llava,
    "llava_next": canvases.llava_next,
    "llava_next_video": canvases.llava_next,
    "llava_onevision": canvases.llava_onevision,
    "minicpm_ocr": tiled.minicpm46("4x"),
    "minicpmv": tiled.minicpmv,
    "minicpmv4_6": tiled.minicpm46(),
    "minicpmv4_7": tiled.minicpm46(),
    "minimax_m3_vl": native.smart(max_pixels=451584),
    "mistral3": native.pixtral,
    "mistral_large4": native.pixtral,
    "mllama": native.plain("mllama", tile="size", max_tiles="max_image_tiles"),
    "molmo2": tiled.molmo2,
    "muse_glimmer": native.plain("muse", max_tokens="max_image_tokens", patch="patch_size", merge="merge_size"),
    "muse_spark": native.plain("muse", max_tokens="max_image_tokens", patch="patch_size", merge="merge_size"),
    "nemotron_h_omni": native.nemotron,
    "ovis2": tiled.ovis2,
    "paddleocr_vl": native.smart("paddleocr_vl"),
    "paligemma": fixed.paligemma,
    "perception_lm": tiled.perception_lm,
    "phi3_v": native.plain("phi3", max_tiles="num_crops"),
    "phi4_multimodal": native.plain("phi4", tile="size", max_tiles="dynamic_hd", patch="patch_size"),
    "pixtral": native.pixtral,
    "qianfan_ocr": tiled.internvl,
    "qwen2_5_omni": native.smart(),
    "qwen2_5_omni_thinker": native.smart(),
    "qwen2_5_vl": native.smart(),
    "qwen2_vl": native.smart(),
    "qwen3_5": native.smart(),
    "qwen3_5_moe": native.smart(),
    "qwen3_omni_moe": native.smart(),
    "qwen3_omni_moe_thinker": native.smart(),
    "qwen3_vl": native.smart(),
    "qwen3_vl_moe": native.smart(),
    "qwen4_exp": native.smart(),
    "shieldgemma2": fixed.gemma3,
    "smolvlm": tiled.idefics3,
    "step3p7": native.plain("step3p7", size="size"),
    "t5gemma2": fixed.gemma3,
    "unlimited-ocr": tiled.unlimited_ocr,
    "unlimited_ocr": tiled.unlimited_ocr,
    "video_llama_3": native.smart(merge=1),
    "video_llava": fixed.video_llava,
    "vipllava": fixed.llava,
}


def family_of(files: CheckpointFiles) -> Found:
    """The name of the family and its settings; raises ``UnknownKindError`` for a kind that vtok does not know."""
    kind = files.config.get("model_type")
    if not isinstance(kind, str) or not kind:
        raise UnknownKindError("config.json does not tell the model_type")
    if kind not in RULES:
        raise UnknownKindError(f"vtok does not know how a model of type {kind!r} takes pictures in")
    return RULES[kind](files)
