"""The MLP of a layer, or its experts with their router and what stands beside them."""

from __future__ import annotations

from vtok.catalog.sizes import TextSizes
from vtok.costs.pieces import Matrix, Piece, Vector, mlp, norm
from vtok.costs.unknown import need


def feed_forward(text: TextSizes, index: int, caches: bool) -> list[Piece]:
    """What layer ``index`` has beside its mixer; ``caches`` is whether it has keys and values of its own."""
    hidden, gated, bias = need(text, "hidden"), text.gated is not False, bool(text.mlp_bias)
    scale: list[Piece] = [Vector(1)] * bool(text.mlp_scale)
    if not _has_experts(text, index):
        return [*mlp(hidden, _inner(text, index, caches), gated, bias), *scale]
    count, used, inner = need(text, "experts"), need(text, "active_experts"), need(text, "expert_mlp")
    outer = text.expert_hidden or hidden
    up = Matrix("mlp", outer, inner, bias, count, used)
    scored = count + (need(text, "shared_mlp") // inner if text.shared_routing else 0)
    pieces: list[Piece] = [Matrix("router", hidden, scored), *([up] * (2 if gated else 1)), *scale]
    pieces += [Matrix("down", inner, outer, bias, count, used)]
    if text.expert_hidden:  # matrices to and from the width of experts, and norms on both sides of these
        pieces += [Matrix("mlp", hidden, outer), Matrix("down", outer, hidden), norm(outer, count=2)]
    if text.parallel_mlp:
        # Three norms more, a scale of what the router reads, and one of each expert.
        pieces += [*mlp(hidden, need(text, "mlp"), gated, bias), Vector(4 * hidden + count)]
    if text.shared_mlp or text.shared:
        pieces += mlp(hidden, need(text, "shared_mlp"), gated, bias)
    if text.shared_gate:
        pieces.append(Matrix("router", hidden, 1))
    return pieces


def _inner(text: TextSizes, index: int, caches: bool) -> int:
    if text.layer_mlp:
        return text.layer_mlp[index]
    inner: int = need(text, "mlp") if caches or not text.reused_mlp else text.reused_mlp
    return inner


def _has_experts(text: TextSizes, index: int) -> bool:
    if not text.experts:
        return False
    beyond = index - (text.dense_layers or 0)
    return beyond >= 0 and (index + 1) % (text.expert_every or 1) == 0
