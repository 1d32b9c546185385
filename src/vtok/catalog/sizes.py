"""The sizes of a language model and of a vision encoder; what no source tells is None.

What all models of one architecture have alike (biases, norms, gates) is in ``architectures.toml`` under the ``kind``,
so that a checkpoint names its kind and its own figures only. A figure here goes before that of the kind. Sizes that
belong together are a group, a small dataclass of its own, which is a table within the table of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from vtok.catalog.code_sizes import CodeSizes
from vtok.catalog.encoder_sizes import ExpertSizes, Radio
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
from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.stage_sizes import Stages

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


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


@dataclass(frozen=True)
class VisionSizes:
    """A vision encoder and what maps its output to the language model; ``patch``, ``image``, ``window`` are px a side.

    ``kind`` is transformers' ``model_type`` of the encoder, such as ``siglip_vision_model``. ``image`` is the side for
    which position embeddings are learned, or ``positions`` their number; ``temporal`` the frames of a patch;
    ``channels`` those of a pixel. Where attention is windowed, ``full_layers`` (from 0) attend to everything. Where
    the other layers have a convolution in its place, this is ``conv`` patches a side.

    Where every picture takes as many ``tiles``, which see each other, there is a table of positions for each of
    ``ratios`` shapes, and ``global_layers`` with gates come after the others.

    ``projector`` is its kind (see ``architectures.toml``), ``projector_mlp`` its inner width where it has one that
    follows from nothing else, ``output`` the width that it gives, ``merge`` how many patches a side it makes one token,
    ``features`` of how many of the encoder's layers it reads the outputs,
    ``deepstack`` the encoder's layers that have a projector of their own beside it. A projector that chooses among a
    table of visual words has ``words`` + ``indicators`` of them, of which it gives shares of the first only.
    One with convolutions is ``bridge`` wide between them.
    One whose own queries read the patches has a ``resampler``. ``radio`` is what RADIO has beside its patches.
    An encoder of convolutions has ``stages``; ``hidden`` is the width that comes out, for every ``patch`` px a side.
    An encoder whose output is ids of the language model's vocabulary has ``code`` sizes.

    There may be a second encoder: ``beside`` it one that sees the same picture at a size of its own, ``behind`` it one
    that reads what convolutions make of the first one's output.

    Traits: ``gated``, biases, ``class_token``, ``norms`` a layer, ``norm_bias``, ``pre_norm`` and ``post_norm``
    (norms before and after all layers), ``patch_bias``, ``qk_norm``, ``learned`` (positions are), ``layer_scale``
    (two scales a layer), ``pool_head`` (a head that pools the patches, which the language model never reads),
    ``mlp_is_output`` (the MLP is as wide as ``output``), ``mixed_positions`` (they are resized to the picture by a
    product with a matrix), ``rotary`` (positions turn queries and keys), ``turned_in_fp32`` (transformers does that
    in fp32, whatever the weights are), ``dense_mask`` (it makes a mask of every position against every other),
    ``relative`` (attention adds a term for each row and column between two patches, and windows at an edge are padded
    to the full size), ``merger`` (it has what merges two by two patches within it, which it does after layer
    ``merged_after``, or never), ``neck`` (what comes out goes through two convolutions to ``output``), ``folded`` (no
    attention: layers fold the pixels of a patch into ever fewer positions, until it is one, Inkling), ``across``
    (frames of a video see each other), ``scores`` (the class keeps the scores of all pairs while they attend),
    ``spare_patches`` (an encoder behind another holds an embedding of pixels that it never uses). ``experts`` is a
    group (``vtok.catalog.encoder_sizes``).
    """

    kind: str | None = None
    hidden: int | None = None
    layers: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    mlp: int | None = None
    patch: int | None = None
    temporal: int | None = None
    channels: int | None = None
    image: int | None = None
    positions: int | None = None
    tiles: int | None = None
    ratios: int | None = None
    global_layers: int | None = None
    merged_after: int | None = None
    window: int | None = None
    conv: int | None = None
    full_layers: tuple[int, ...] | None = None
    merge: int | None = None
    features: int | None = None
    projector: str | None = None
    projector_mlp: int | None = None
    output: int | None = None
    words: int | None = None
    indicators: int | None = None
    bridge: int | None = None
    resampler: ResamplerSizes | None = None
    radio: Radio | None = None
    code: CodeSizes | None = None
    deepstack: tuple[int, ...] | None = None
    stages: Stages | None = None
    gated: bool | None = None
    qkv_bias: bool | None = None
    output_bias: bool | None = None
    mlp_bias: bool | None = None
    class_token: bool | None = None
    norms: int | None = None
    norm_bias: bool | None = None
    pre_norm: bool | None = None
    post_norm: bool | None = None
    patch_bias: bool | None = None
    qk_norm: str | None = None
    learned: bool | None = None
    layer_scale: bool | None = None
    pool_head: bool | None = None
    mlp_is_output: bool | None = None
    mixed_positions: bool | None = None
    rotary: bool | None = None
    turned_in_fp32: bool | None = None
    dense_mask: bool | None = None
    across: bool | None = None
    relative: bool | None = None
    neck: bool | None = None
    merger: bool | None = None
    folded: bool | None = None
    experts: ExpertSizes | None = None
    scores: bool | None = None
    spare_patches: bool | None = None
    beside: VisionSizes | None = None
    behind: VisionSizes | None = None


S = TypeVar("S", bound="DataclassInstance")


def known(sizes: Any) -> dict[str, Any]:
    """The sizes that are known, by name, in their order; those of a group as a dict of its own."""
    values = {field.name: getattr(sizes, field.name) for field in fields(sizes)}
    return {name: known(one) if is_dataclass(one) else one for name, one in values.items() if one is not None}


def from_table(kind: type[S], table: Mapping[str, Any]) -> S:
    """The sizes in a table, whose lists become tuples and whose tables groups.

    ``TypeError`` for a name that there is not.
    """
    return kind(**{name: _value(kind, name, one) for name, one in table.items()})


def filled(sizes: S, others: S) -> S:
    """``sizes``, with what ``others`` tell where they say nothing, in groups too."""
    names = [one.name for one in fields(sizes)]
    return replace(sizes, **{name: _first(getattr(sizes, name), getattr(others, name)) for name in names})


def _first(one: Any, other: Any) -> Any:
    if is_dataclass(one) and other is not None:
        return filled(one, other)
    return other if one is None else one


def _value(kind: type, name: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _tuples(value)
    groups = [one for one in get_args(_types(kind).get(name)) if isinstance(one, type) and is_dataclass(one)]
    return from_table(groups[0], value) if groups else value


@cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
