"""The sizes of a vision encoder and of its projector; what no source tells is None (``vtok.catalog.sizes``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vtok.catalog.code_sizes import CodeSizes
from vtok.catalog.encoder_sizes import ExpertSizes, Radio
from vtok.catalog.resampler_sizes import ResamplerSizes
from vtok.catalog.stage_sizes import Stages


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

    part: ClassVar[str] = "vision"
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
