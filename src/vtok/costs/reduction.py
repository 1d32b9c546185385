"""What cutting visual tokens leaves where: positions in each layer of the language model, and work for the encoder.

A cut before the language model shortens every layer; at layer K it leaves the layers before K whole, so that their
cache and their work stay. Choosing tokens costs at most one row of attention, or a product of n vectors with each
other, which is not counted. The encoder works on the whole picture, except for methods that shrink the picture itself.
A method that acts inside the encoder is counted as one right after it: its encoder costs less than is said here.

Sources of the schedules: FastV, arXiv:2403.06764, 4.1; VTW, arXiv:2405.05803, 4; PyramidDrop, arXiv:2410.17247, 3;
DART, arXiv:2502.11494, 4.1. They are those of ``vtok.reduction``'s methods; a test compares them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vtok.costs.request import Request
from vtok.errors import UsageError
from vtok.geometry.budget import tokens
from vtok.geometry.layout import Layout
from vtok.geometry.videos.clip import VideoLayout

#: Methods that shrink the picture or leave patches out, so that the encoder has less to do.
BEFORE_THE_ENCODER = ("downsample", "pixelprune")

Plan = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Cut:
    """``before`` and ``after`` are the visual tokens of each picture; ``plan`` says from which layer how many stay.

    ``after`` is what enters the language model's last layer. ``encoder_share`` is the part of the patches that the
    encoder still sees.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    plan: Plan
    encoder_share: float = 1.0

    def visual_at(self, layer: int) -> int:
        """Visual tokens of all pictures in layer ``layer`` (from 0)."""
        left = sum(self.before)
        for start, keep in self.plan:
            if layer >= start:
                left = keep
        return left


def cut(request: Request, layouts: tuple[Layout | VideoLayout, ...], layers: int) -> Cut:
    """What the request's budget leaves of its pictures and videos in a language model of so many ``layers``.

    Raises ``BudgetError`` for a budget that cannot be read, ``UsageError`` for a layer that the model does not have.
    """
    before = tuple(layout.content for layout in layouts)
    name, layer = _method(request)
    if request.budget is None and name != "vtw":
        return Cut(before, before, ())
    kept = [tokens(request.budget, count) if count else 0 for count in before]
    plans = [_plan(name, layer, keep, count, layers) for keep, count in zip(kept, before, strict=True)]
    starts = [start for start, _ in plans[0]] if plans else []
    plan = tuple((start, sum([one[index][1] for one in plans])) for index, start in enumerate(starts))
    after = tuple(int(one[-1][1]) for one in plans)
    shrinks = name in BEFORE_THE_ENCODER and any(before)
    share = sum(after) / sum(before) if shrinks else 1.0
    return Cut(before, after, plan, share)


def _method(request: Request) -> tuple[str, int | None]:
    """The name without parameters and the layer, which may be written behind an @ too."""
    name, _, at = (request.method or "").partition("@")
    layer = request.layer
    if at:
        if not at.strip().isdigit():
            raise UsageError(f"cannot read the layer in {request.method!r}; write a number, such as fastv@2")
        layer = int(at)
    return name.partition("(")[0].strip(), layer


def _plan(name: str, layer: int | None, keep: int, count: int, layers: int) -> Plan:
    made = (
        SCHEDULES.get(name, _at_once)(keep, count, layers)
        if layer is None
        else ((layer, 0 if name == "vtw" else keep),)
    )
    last = made[-1][0]
    if last >= layers:
        raise UsageError(f"there is no layer {last} to cut tokens at; this model has layers 0 to {layers - 1}")
    return made


def _at_once(keep: int, count: int, layers: int) -> Plan:
    return ((0, keep),)


def _after_two(keep: int, count: int, layers: int) -> Plan:
    return ((2, keep),)


def _half_way(keep: int, count: int, layers: int) -> Plan:
    return ((layers // 2, 0),)


def _in_quarters(keep: int, count: int, layers: int) -> Plan:
    """The same share at each of three steps, so that ``keep`` are left after the last."""
    share = (keep / count) ** (1 / 3) if count else 1.0
    steps = [round(count * share**step) for step in (1, 2)]
    return tuple((layers * stage // 4, left) for stage, left in zip((1, 2, 3), (*steps, keep), strict=True))


#: At which layer which methods cut where nobody says otherwise; all others cut before the language model.
SCHEDULES: dict[str, Callable[[int, int, int], Plan]] = {
    "fastv": _after_two,
    "dart": _after_two,
    "vtw": _half_way,
    "pyramiddrop": _in_quarters,
}
