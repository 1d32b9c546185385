"""Groups of sizes, read from the part of a ``config.json`` that describes a language model or an encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vtok.catalog.config_parts import Config, indices_of, whole_number
from vtok.catalog.encoder_sizes import ExpertSizes
from vtok.catalog.layer_sizes import AltUp, IndexSizes, LatentSizes, Loop, NgramSizes, Relative, StreamSizes
from vtok.catalog.patterns import runs

# Under which names configurations carry each size; the first that is there counts.
NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "index": {
        "heads": ("index_n_heads", "indexer_n_heads"),
        "head_dim": ("index_head_dim", "indexer_head_dim"),
        "chosen": ("index_topk", "indexer_budget"),
        "pool": ("index_kpool", "indexer_compress_ratio"),
    },
    "streams": {"count": ("hc_mult", "hc_count"), "rank": ("hc_lowrank",)},
    "altup": {"streams": ("altup_num_inputs",), "rank": ("laurel_rank",)},
    "relative": {"width": ("d_rel",), "extent": ("rel_extent",)},
    "loop": {
        "start": ("loop_layer_index_start",),
        "end": ("loop_layer_index_end",),
        "passes": ("loop_num_passes",),
        "rank": ("loop_gate_rank",),
    },
    "ngrams": {
        "width": ("ple_embed_dim", "hidden_size"),
        "longest": ("ngram_size",),
        "heads": ("heads_per_ngram",),
        "rows": ("ngram_vocab_size_base",),
        "multiple": ("make_ngram_vocab_size_divisible_by",),
        "taps": ("ple_conv_kernel_size",),
    },
}
#: Groups whose sizes configurations carry as they are.
_AS_THEY_ARE: dict[str, type] = {"streams": StreamSizes, "altup": AltUp, "relative": Relative, "loop": Loop}
_SLIDING = {
    "sliding_heads": "num_attention_heads",
    "sliding_kv_rank": "kv_lora_rank",
    "sliding_query_rank": "q_lora_rank",
    "sliding_rope_dim": "qk_rope_head_dim",
    "sliding_plain_dim": "qk_nope_head_dim",
    "sliding_value_dim": "v_head_dim",
}
_INDEXERS = {"full": "own", "F": "own", "shared": "shared", "S": "shared"}


def groups_of(part: Config) -> dict[str, Any]:
    """Each group that ``part``, a language model's, tells something of, under its name in ``TextSizes``."""
    found: dict[str, Any] = {"latent": _latent(part), "index": _index(part), "ngrams": _ngrams(part)}
    for name, group in _AS_THEY_ARE.items():
        sizes = {size: whole_number(part, keys) for size, keys in NAMES[name].items()}
        found[name] = group(**sizes) if any(sizes.values()) else None
    return {name: group for name, group in found.items() if group is not None}


def _latent(part: Config) -> LatentSizes | None:
    if whole_number(part, ("kv_lora_rank",)) is None:
        return None
    own = part.get("per_layer_config")
    layers = [one for one in own.values() if isinstance(one, Mapping)] if isinstance(own, Mapping) else []
    sizes: dict[str, Any] = {}
    for name, key in _SLIDING.items():
        sizes[name] = whole_number({"all": [one.get(key) for one in layers]}, ("all",))
        sizes[name] = sizes[name] or whole_number(part, (f"swa_{key}",))
    turned, source = part.get("no_rope_layers"), indices_of(part.get("kv_source_layers"))
    if isinstance(turned, list):  # 1 is a layer that turns
        sizes["unturned"] = indices_of([index for index, one in enumerate(turned) if not one])
    sizes["source"] = source if source != tuple(range(len(source or ()))) else None
    return LatentSizes(**sizes) if any(sizes.values()) else None


def _index(part: Config) -> IndexSizes | None:
    sizes: dict[str, Any] = {name: whole_number(part, keys) for name, keys in NAMES["index"].items()}
    blocks, block = whole_number(part, ("index_topk_blocks",)), whole_number(part, ("index_block_size",))
    if blocks and block:  # MiniMax M3, which chooses by blocks
        sizes["chosen"] = blocks * block
    kinds = part.get("indexer_types") or part.get("index_topk_pattern")
    if sizes["heads"] and kinds:
        sizes["pattern"] = runs(_INDEXERS.get(str(one), str(one)) for one in kinds)
    return IndexSizes(**sizes) if sizes["heads"] else None


def _ngrams(part: Config) -> NgramSizes | None:
    layers = indices_of(part.get("ple_layer_ids"))  # from 1
    if layers is None:
        return None
    sizes: dict[str, Any] = {name: whole_number(part, keys) for name, keys in NAMES["ngrams"].items()}
    return NgramSizes(layers=tuple(sorted({index - 1 for index in layers})), **sizes)


def vision_experts(part: Config) -> ExpertSizes | None:
    """The experts of an encoder: kinds of layers with what single layers have otherwise, or counts layer by layer."""
    kinds, counts = part.get("mlp_layer_types"), part.get("pyramid_num_routed")
    if isinstance(kinds, list):
        own, most = part.get("per_layer_config") or {}, whole_number(part, ("num_local_experts",)) or 0
        single = {int(index): whole_number(one, ("num_local_experts",)) or most for index, one in own.items()}
        counts = [single.get(index, most) if kind == "sparse" else 0 for index, kind in enumerate(kinds)]
    if not isinstance(counts, list):
        return None
    return ExpertSizes(
        counts=tuple(max(0, int(count)) for count in counts),
        active=whole_number(part, ("num_experts_per_tok", "capacity_factor")),
        mlp=whole_number(part, ("moe_intermediate_size",)),
    )
