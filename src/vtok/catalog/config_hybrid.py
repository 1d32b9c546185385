"""Layers of Nemotron-H and RADIO's encoder, read from a ``config.json``.

As transformers 5.24 does, models/nemotron_h/configuration_nemotron_h.py, models/radio/configuration_radio.py.
"""

from __future__ import annotations

from typing import Any

from vtok.catalog.config_parts import Config, kind_of, whole_number
from vtok.catalog.encoder_sizes import Radio
from vtok.catalog.layer_sizes import StateSpace

_LETTERS = {"M": "mamba", "E": "feed", "-": "feed", "*": "full"}
_NAMES = {"linear_attention": "mamba", "mamba": "mamba", "moe": "feed", "mlp": "feed"}
_NAMES |= {"full_attention": "full", "attention": "full"}
_STATES = {
    "heads": ("mamba_num_heads",),
    "head_dim": ("mamba_head_dim",),
    "size": ("ssm_state_size",),
    "groups": ("n_groups",),
    "taps": ("conv_kernel",),
    "chunk": ("chunk_size",),
}


def hybrid_layers(part: Config) -> list[str] | None:
    """What each layer does, of a list of names or of letters; None where there is neither, or one is not known."""
    names, letters = part.get("layers_block_type"), part.get("hybrid_override_pattern")
    found: list[str | None] = []
    if isinstance(names, list):
        found = [_NAMES.get(str(one)) for one in names]
    elif isinstance(letters, str):
        found = [_LETTERS.get(one) for one in letters]
    known = [one for one in found if one]
    return known if known and len(known) == len(found) else None


def state_space(part: Config) -> StateSpace | None:
    """The sizes of its state spaces; None for a kind that has none."""
    if kind_of(part) != "nemotron_h":
        return None
    return StateSpace(**{name: whole_number(part, keys) for name, keys in _STATES.items()})


def radio_sizes(part: Config) -> dict[str, Any]:
    """The fields of ``VisionSizes`` that RADIO's encoder has in words of its own; empty for another."""
    if kind_of(part) != "radio":
        return {}
    most, patch = whole_number(part, ("max_img_size",)), whole_number(part, ("patch_size",))
    counts = [whole_number(part, (key,)) for key in ("num_cls_tokens", "num_registers")]
    summaries = sum(one for one in counts if one) or None
    radio = Radio(summaries, whole_number(part, ("video_temporal_patch_size",)))
    return {"positions": (most // patch) ** 2 if most and patch else None, "radio": radio}
