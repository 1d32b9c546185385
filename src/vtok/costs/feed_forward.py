"""The MLP of a layer, or its experts with their router and what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass

from vtok.catalog.text_sizes import TextSizes
from vtok.costs.pieces import Matrix, Piece, Vector, Xielu, mlp, norm
from vtok.costs.unknown import need, need_of_layer


@dataclass(frozen=True)
class FeedForward:
    """What every position goes through, and what those of words and those of pictures go through beside it."""

    every: tuple[Piece, ...]
    words: tuple[Piece, ...] = ()
    visual: tuple[Piece, ...] = ()


def feed_forward(text: TextSizes, index: int, caches: bool) -> FeedForward:
    """What layer ``index`` has beside its mixer; ``caches`` is whether it has keys and values of its own."""
    hidden, gated, bias = need(text, "hidden"), text.gated is not False, bool(text.mlp_bias)
    if not _has_experts(text, index):
        inner = inner_width(text, index, caches)
        between = [norm(inner, bool(text.norm_bias))] * bool(text.inner_norm)
        return FeedForward((*mlp(hidden, inner, gated, bias), *between, *_scale(text)))
    if text.visual_expert_mlp:
        # ERNIE 4.5 VL: words and pictures choose among experts of their own, with a correction of each one's score.
        widths = need(text, "expert_mlp"), text.visual_expert_mlp
        words, visual = ((*_experts(text, width), Vector(need(text, "experts"))) for width in widths)
        return FeedForward(_beside(text), words, visual)
    return FeedForward((*_experts(text, need(text, "expert_mlp")), *_beside(text)))


def _experts(text: TextSizes, inner: int) -> list[Piece]:
    """A router, and experts of which it chooses some."""
    hidden, gated, bias = need(text, "hidden"), text.gated is not False, bool(text.mlp_bias)
    count, used = need(text, "experts"), need(text, "active_experts")
    outer = text.expert_hidden or hidden
    up = Matrix("mlp", outer, inner, bias, count, used)
    scored = count + (need(text, "shared_mlp") // inner if text.shared_routing else 0)
    pieces: list[Piece] = [Matrix("router", hidden, scored), *([up] * (2 if gated else 1))]
    pieces += [Matrix("down", inner, outer, bias, count, used)]
    if text.expert_hidden:  # matrices to and from the width of experts, and norms on both sides of these
        pieces += [Matrix("mlp", hidden, outer), Matrix("down", outer, hidden), norm(outer, count=2)]
    return pieces


def _beside(text: TextSizes) -> tuple[Piece, ...]:
    """What serves every position beside the experts that are chosen."""
    hidden, gated, bias = need(text, "hidden"), text.gated is not False, bool(text.mlp_bias)
    pieces = _scale(text)
    if text.parallel_mlp:
        # Three norms more, a scale of what the router reads, and one of each expert.
        pieces += [*mlp(hidden, need(text, "mlp"), gated, bias), Vector(4 * hidden + need(text, "experts"))]
    if text.shared_mlp or text.shared:
        pieces += mlp(hidden, need(text, "shared_mlp"), gated, bias)
    if text.shared_gate:
        pieces.append(Matrix("router", hidden, 1))
    return tuple(pieces)


def _scale(text: TextSizes) -> list[Piece]:
    """One number by which what comes out is multiplied, and the two of an activation that has its own."""
    return [*[Vector(1)] * bool(text.mlp_scale), *[Xielu()] * bool(text.xielu)]


def inner_width(text: TextSizes, index: int, caches: bool) -> int:
    """The inner width of the plain MLP in layer ``index``."""
    if text.layer_mlp:
        own: int = need_of_layer(text, "layer_mlp", index)
        return own
    inner: int = need(text, "mlp") if caches or not text.reused_mlp else text.reused_mlp
    return inner


def _has_experts(text: TextSizes, index: int) -> bool:
    if not text.experts:
        return False
    beyond = index - (text.dense_layers or 0)
    return beyond >= 0 and (index + 1) % (text.expert_every or 1) == 0
