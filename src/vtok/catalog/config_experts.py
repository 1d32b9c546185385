"""What a ``config.json`` says of experts, in whichever words."""

from __future__ import annotations

from typing import Any

from vtok.catalog.config_parts import Config, kind_of, whole_number

#: The width of each of the experts that serve every token, where it is not that of the others.
_SHARED = ("shared_experts_intermediate_size", "moe_shared_expert_intermediate_size")
#: Kinds with one expert that serves every token, of which their configurations say nothing.
_ALWAYS_SHARED = {"llama4_text": 1}


def mixture(part: Config, found: dict[str, Any]) -> dict[str, Any]:
    """What is said of experts in other words: shared ones as a count, plain layers in a list, the MLP's own width."""
    kinds = part.get("mlp_layer_types")
    if isinstance(kinds, list) and kinds and "sparse" not in kinds:
        found["experts"] = None
    if not found["experts"]:
        return found
    widths = part.get("moe_intermediate_size")
    if isinstance(widths, list) and len(widths) == 2:  # ERNIE 4.5 VL: those for words, and those for pictures
        found["expert_mlp"], found["visual_expert_mlp"] = widths
    if found["expert_mlp"] is None or whole_number(part, ("dense_intermediate_size",)):
        found["expert_mlp"] = whole_number(part, ("intermediate_size",))
    if found["shared_mlp"] is None and found["expert_mlp"]:
        count = whole_number(part, ("n_shared_experts", "moe_num_shared_experts")) or _ALWAYS_SHARED.get(
            str(kind_of(part)), 0
        )
        each = whole_number(part, _SHARED) or found["expert_mlp"]
        found["shared_mlp"] = count * each or None
    if found["dense_layers"] is None and isinstance(kinds, list) and "sparse" in kinds:
        found["dense_layers"] = kinds.index("sparse") or None
    return found
