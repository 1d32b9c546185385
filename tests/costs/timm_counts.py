"""What timm 1.0.31's own classes hold and do, counted on the meta device: parameters, and FLOPs by torch's counter.

``test_timm.py`` counts again where timm is there; ``test_timm_counts.py`` holds the descriptions against these always.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Counted(NamedTuple):
    """An encoder made by its ``name`` and ``args``, over a picture of (height, width) px."""

    name: str
    size: tuple[int, int]
    args: dict[str, Any]
    parameters: int
    flops: int


_POOLED = {"global_pool": ""}
#: What Perception LM asks for.
PLM = {
    **_POOLED, "use_post_transformer_norm": False, "init_values": 0.1,
    "img_size": [448, 448], "ref_feat_shape": [32, 32],
}  # fmt: skip
_FEW = {"layers": [1, 2, 3, 2, 1], "embed_dims": [32, 64, 128, 128, 256]}
_INFERENCE = {"inference_mode": True}
_PLM_LARGE, _PLM_GIGANTIC = {**PLM, "embed_dim": 1024, "depth": 23}, {**PLM, "embed_dim": 1536, "depth": 47}
_MOBILENET, _FASTVIT = "mobilenetv5_300m_enc", "fastvit_mci3"
_CORE_LARGE, _CORE_GIGANTIC = "vit_pe_core_large_patch14_336", "vit_pe_core_gigantic_patch14_448"

COUNTED = (
    Counted(_MOBILENET, (768, 768), {}, 294126912, 871482949632),
    Counted(_MOBILENET, (768, 768), {"channel_multiplier": 1.3}, 457069064, 1334264463360),
    Counted(_MOBILENET, (256, 256), {"channel_multiplier": 0.3, "msfa_output_resolution": 8}, 48264440, 14819098624),
    Counted(_FASTVIT, (1024, 1024), _INFERENCE, 122714208, 486707822592),
    Counted(_FASTVIT, (448, 832), _INFERENCE, 122714208, 169874368512),
    Counted(_FASTVIT, (256, 256), {**_INFERENCE, **_FEW}, 1905952, 598712320),
    Counted(_CORE_LARGE, (336, 336), _POOLED, 303507456, 381918216192),
    Counted(_CORE_LARGE, (448, 448), _PLM_LARGE, 291415040, 693494706176),
    Counted(_CORE_GIGANTIC, (448, 448), _PLM_GIGANTIC, 1740922624, 3862488416256),
    Counted("vit_pe_lang_large_patch14_448", (448, 448), {}, 291415040, 693494706176),
    Counted("vit_pe_lang_gigantic_patch14_448", (448, 448), {}, 1740922624, 3862488416256),
)
