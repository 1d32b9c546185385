"""Sizes of a convolutional tokenizer, read from a ``config.json``; ``architectures.toml`` has what that leaves out."""

from __future__ import annotations

from typing import Any

from vtok.catalog.code_sizes import CodeSizes
from vtok.catalog.config_parts import Config, kind_of, whole_number

_KEYS = {
    "base": ("base_channels",),
    "blocks": ("num_res_blocks",),
    "latent": ("latent_channels",),
    "width": ("embed_dim",),
    "codes": ("num_embeddings", "codebook_size"),
    "frames": ("temporal_downsample_factor",),
}
#: Kinds that attend at so many px a side of a whole of so many; where one of these is told, the other is as it is here.
_BY_SIDE: dict[str, tuple[tuple[int, ...], int]] = {
    "chameleon_vqgan": ((), 512),
    "apertus1p5_vision_tokenizer": ((16,), 256),
}
_KINDS = (*_BY_SIDE, "emu3_vqgan")


def code_sizes(part: Config) -> CodeSizes | None:
    """The tokenizer that ``part`` describes; None where it describes another encoder."""
    kind = kind_of(part)
    if kind not in _KINDS:
        return None
    doubled = part.get("double_latent")
    found: dict[str, Any] = {name: whole_number(part, keys) for name, keys in _KEYS.items()}
    return CodeSizes(
        **found,
        multipliers=_numbers(part.get("channel_multiplier")),
        attended=_attended(part, str(kind)),
        doubled=doubled if isinstance(doubled, bool) else None,
        middle=part["attn_type"] == "vanilla" if "attn_type" in part else None,
    )


def _attended(part: Config, kind: str) -> tuple[int, ...] | None:
    """The levels that attend, by their number."""
    told = _numbers(part.get("attn_resolutions"))
    if kind not in _BY_SIDE:
        return told
    if part.get("attn_type", "vanilla") != "vanilla":
        return ()
    sides, side = _BY_SIDE[kind]
    if "attn_resolutions" in part:
        sides = told or ()
    elif "resolution" not in part:
        return None
    side = whole_number(part, ("resolution",)) or side
    return tuple(level for level in range(side.bit_length()) if side >> level in sides)


def _numbers(value: Any) -> tuple[int, ...] | None:
    return tuple(int(one) for one in value) if isinstance(value, list | tuple) else None
