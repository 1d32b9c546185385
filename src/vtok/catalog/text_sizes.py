"""The sizes of a language model; what no source tells is None (``vtok.catalog.sizes``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vtok.catalog.layer_sizes import (
    Adapters,
    AltUp,
    IndexSizes,
    LatentSizes,
    Loop,
    NgramSizes,
    Relative,
    StateSpace,
    StreamSizes,
)


@dataclass(frozen=True)
class TextSizes:
    """A language model. Widths are in numbers a position, ``vocabulary`` in tokens; the rest are counts,
    ``positions`` of the learned positions where it has these, ``extra_tokens`` those never given.

    ``kind`` is transformers' ``model_type`` of the language model, such as ``qwen2_5_vl_text``.

    ``attention`` says which layer does what, as runs that are repeated until there are ``layers`` of them: ``"full"``,
    ``"5 sliding, 1 full"``, ``"3 linear, 1 full"``. Kinds of layers: full, sliding (``window`` positions back), chunked
    (blocks of ``window``), linear (gated delta net), conv (short convolution), cross (attends to the image alone),
    hybrid and hybrid_sliding (full and sliding, with short convolutions of ``conv`` taps beside, Inkling),
    indexed (attends to the keys that an index chooses), reference (the whole prompt, and ``window`` new tokens back),
    mamba (a ``state_space``), feed (an MLP or experts alone; where there are such layers, the others have none).
    ``full_heads``, ``full_kv_heads`` and ``full_head_dim`` are those of the full layers where these differ from the
    others; ``layer_kv_heads`` are one by one where no rule says which. The last ``reused`` layers read the cache of
    earlier ones and have none of their own; their MLP is ``reused_mlp`` wide where that differs. ``layer_mlp`` are the
    MLP's widths one by one where layers differ otherwise.

    ``kv_rank``, ``query_rank``, ``rope_dim``, ``plain_dim`` and ``value_dim`` are those of multi-head latent attention
    (kv_lora_rank, q_lora_rank, qk_rope_head_dim, qk_nope_head_dim, v_head_dim).

    ``latent``, ``index``, ``streams`` and ``ngrams`` are groups (``vtok.catalog.layer_sizes``).

    ``experts`` of which ``active_experts`` serve a token are those of a mixture, each ``expert_mlp`` wide, between
    matrices from and to ``expert_hidden`` where experts are narrower than the model;
    ``shared_mlp`` is the width of all experts together that serve every token. Where pictures have experts of their
    own, as many, these are ``visual_expert_mlp`` wide, and the others serve words alone. The first ``dense_layers``
    have a plain MLP of width ``mlp``; after them every ``expert_every``-th has experts.

    ``linear_*`` are the heads of linear attention and their widths, ``conv`` the taps of its short convolution;
    ``linear`` is the kind of it where it is not a gated delta net: "kimi" (Kimi delta attention).
    ``layer_hidden`` and ``layer_vocabulary`` are those of per-layer embeddings (Gemma 3n, Gemma 4).
    ``head_vocabulary`` is that of the head where it is smaller than the embedding's. Where layers take their input from
    the sums of earlier ones by attention, each sum is of ``block`` layers. ``relative``, ``loop`` and
    ``state_space`` are groups, and so are ``adapters`` (low-rank matrices beside all of a layer, Phi-4 multimodal).

    Traits: ``tied`` (the head is the embedding), ``gated`` (an MLP of three matrices), biases, ``qk_norm`` ("head": one
    weight a number of a head; "all": one a number of all heads), ``norms`` a layer, ``norm_bias``, ``output_gate`` (the
    queries come with a gate of the same width), ``head_gate`` (with a gate a head), ``shared`` (experts never come
    without ``shared_mlp``), ``shared_gate`` (shared experts have a gate of width 1), ``k_is_v`` (full layers use their
    keys as values), ``head_bias``, ``parallel_mlp`` (layers with experts have the plain MLP beside them, with norms and
    scales of their own), ``sinks`` (every query has a score of its own that goes to no key, Inkling 2),
    ``embedding_norm`` (what is looked up is normed), ``mlp_scale`` (one number scales what MLP or experts give),
    ``inner_norm`` (an MLP norms its inner numbers),
    ``shared_routing`` (the router scores shared experts too), ``conv_bias``, ``capped`` (scores are bounded before the
    softmax, for which transformers' fused attention has no place, so that its class keeps tables of them), ``xielu``
    (the MLP's activation has two numbers of its own), ``qk_norm_bias``.
    """

    part: ClassVar[str] = "text"
    kind: str | None = None
    hidden: int | None = None
    layers: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    mlp: int | None = None
    vocabulary: int | None = None
    positions: int | None = None
    extra_tokens: int | None = None
    experts: int | None = None
    active_experts: int | None = None
    expert_mlp: int | None = None
    expert_hidden: int | None = None
    visual_expert_mlp: int | None = None
    shared_mlp: int | None = None
    dense_layers: int | None = None
    expert_every: int | None = None
    attention: str | None = None
    window: int | None = None
    full_heads: int | None = None
    full_kv_heads: int | None = None
    full_head_dim: int | None = None
    layer_kv_heads: tuple[int, ...] | None = None
    reused: int | None = None
    reused_mlp: int | None = None
    layer_mlp: tuple[int, ...] | None = None
    kv_rank: int | None = None
    query_rank: int | None = None
    rope_dim: int | None = None
    plain_dim: int | None = None
    value_dim: int | None = None
    linear_key_heads: int | None = None
    linear_value_heads: int | None = None
    linear_key_dim: int | None = None
    linear_value_dim: int | None = None
    conv: int | None = None
    linear: str | None = None
    layer_hidden: int | None = None
    layer_vocabulary: int | None = None
    head_vocabulary: int | None = None
    block: int | None = None
    altup: AltUp | None = None
    tied: bool | None = None
    gated: bool | None = None
    qkv_bias: bool | None = None
    output_bias: bool | None = None
    mlp_bias: bool | None = None
    qk_norm: str | None = None
    norms: int | None = None
    norm_bias: bool | None = None
    output_gate: bool | None = None
    shared_gate: bool | None = None
    k_is_v: bool | None = None
    head_bias: bool | None = None
    head_gate: bool | None = None
    shared: bool | None = None
    parallel_mlp: bool | None = None
    sinks: bool | None = None
    embedding_norm: bool | None = None
    mlp_scale: bool | None = None
    inner_norm: bool | None = None
    shared_routing: bool | None = None
    conv_bias: bool | None = None
    capped: bool | None = None
    qk_norm_bias: bool | None = None
    xielu: bool | None = None
    relative: Relative | None = None
    loop: Loop | None = None
    latent: LatentSizes | None = None
    index: IndexSizes | None = None
    streams: StreamSizes | None = None
    ngrams: NgramSizes | None = None
    state_space: StateSpace | None = None
    adapters: Adapters | None = None
