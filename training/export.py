"""Write the trained parts as one checkpoint, in the hub layout of tensor names that other engines read too."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import CLIPImageProcessorPil, GenerationConfig, LlavaProcessor

from training import language, model, tokenizer
from training.joint import Parts
from training.scene import PATCH, SIDE

PACKAGED = Path(__file__).parent.parent / "src" / "vtok" / "vlm" / "vtok_mini"


def hub_names(parts: Parts) -> dict[str, torch.Tensor]:
    """All tensors in bfloat16 under the names of ``llava-hf`` checkpoints."""
    tensors = {f"vision_tower.vision_model.{name}": value for name, value in parts.tower.state_dict().items()}
    tensors |= {f"multi_modal_projector.{name}": value for name, value in parts.projector.state_dict().items()}
    tensors["multi_modal_projector.linear_1.weight"] = parts.projector.linear_1.weight * parts.projector.SCALE
    tensors |= {f"language_model.model.{name}": value for name, value in parts.language.state_dict().items()}
    tensors["language_model.lm_head.weight"] = parts.head.weight
    kept = {name: value for name, value in tensors.items() if not name.endswith("position_ids")}
    return {name: value.detach().to("cpu", torch.bfloat16).contiguous() for name, value in kept.items()}


def export(stage: str = "joint", target: Path = PACKAGED) -> None:
    """Write the weights of ``stage`` and everything that a loader needs to ``target``."""
    parts = Parts("cpu")
    parts.load(stage)
    target.mkdir(parents=True, exist_ok=True)
    built = tokenizer.build()
    config = model.config(len(built), language.token_ids())
    config.architectures = ["LlavaForConditionalGeneration"]
    config.dtype = torch.bfloat16
    config.save_pretrained(target)
    images = CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}, do_center_crop=True
    )
    processor = LlavaProcessor(
        images,
        built,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        chat_template=tokenizer.CHAT_TEMPLATE,
        image_token=tokenizer.IMAGE,
        num_additional_image_tokens=1,
    )
    processor.save_pretrained(target)
    # Older loaders and llama.cpp's converter look for the image processor in a file of its own.
    images.save_pretrained(target)
    ids = language.token_ids()
    GenerationConfig(bos_token_id=ids["bos"], eos_token_id=ids["eos"], pad_token_id=ids["pad"]).save_pretrained(target)
    save_file(hub_names(parts), target / "model.safetensors", metadata={"format": "pt"})
    for file in target.iterdir():
        file.chmod(0o644)
    size = sum(file.stat().st_size for file in target.iterdir())
    print(f"exported {stage} to {target.name}: {size / 2**20:.1f} MiB")
