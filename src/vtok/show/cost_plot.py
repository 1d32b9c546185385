"""What requests cost, as a plot for a talk: memory by part against the device, and the time to the first token."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from vtok.costs.result import Cost, Range
from vtok.errors import MissingExtraError, UsageError

ENDINGS = (".png", ".svg", ".html")
# Okabe and Ito's colours, which people tell apart however they see colours.
_MEMORY = (("weights", "#0072b2"), ("KV cache", "#e69f00"), ("activations", "#cc79a7"), ("engine", "#999999"))
_TIME = (("vision encoder", "#009e73"), ("projector", "#f0e442"), ("reading the prompt", "#56b4e9"))
_AXES = {"budget": "visual tokens a picture, at most", "new": "tokens of the answer", "text": "tokens of text"}
_GIB = 2**30


def write_plot(costs: Sequence[Cost], labels: Sequence[str], title: str, path: Path, key: str = "") -> None:
    """Draw ``costs`` side by side to ``path``: PNG, SVG, or a page that stands by itself.

    ``labels`` stand under them, and ``key`` says what they are. Raises ``UsageError`` for another ending,
    ``MissingExtraError`` without matplotlib.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"cannot draw to {path.name!r}; expected a name that ends in {', '.join(ENDINGS)}")
    figure = _figure(costs, labels, title, key)
    if ending == ".html":
        path.write_text(_page(_svg(figure), costs, labels, title), encoding="utf-8")
    elif ending == ".svg":
        path.write_text(_svg(figure), encoding="utf-8")
    else:
        figure.savefig(path, dpi=200)


def _figure(costs: Sequence[Cost], labels: Sequence[str], title: str, key: str) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("a plot", "plot", "matplotlib") from None
    timed = [cost for cost in costs if cost.seconds and cost.seconds.first_token]
    figure = Figure(figsize=(10 if timed else 5.5, 4.2), layout="constrained")
    axes = figure.subplots(1, 2 if timed else 1, squeeze=False)[0]
    _memory(axes[0], costs, labels)
    if timed:
        _times(axes[1], costs, labels)
    for one in axes:
        one.set_xlabel(_AXES.get(key, key))
    figure.suptitle(title, fontsize=11)
    return figure


def _memory(axes: Any, costs: Sequence[Cost], labels: Sequence[str]) -> None:
    below = [0.0] * len(costs)
    parts = [_bytes(cost) for cost in costs]
    for index, (name, colour) in enumerate(_MEMORY):
        heights = [part[index] / _GIB for part in parts]
        axes.bar(labels, heights, bottom=below, label=name, color=colour, width=0.62)
        below = [low + height for low, height in zip(below, heights, strict=True)]
    there = {cost.device_memory for cost in costs if cost.device_memory}
    if len(there) == 1:
        limit = there.pop() / _GIB
        axes.axhline(limit, color="#d55e00", linestyle="--", linewidth=1.4, label=f"{limit:.0f} GiB there are")
    axes.set_ylim(top=axes.get_ylim()[1] * 1.28)
    _dress(axes, "memory, GiB")


def _times(axes: Any, costs: Sequence[Cost], labels: Sequence[str]) -> None:
    below = [0.0] * len(costs)
    for index, (name, colour) in enumerate(_TIME):
        heights = [_middles(cost)[index] for cost in costs]
        axes.bar(labels, heights, bottom=below, label=name, color=colour, width=0.62)
        below = [low + height for low, height in zip(below, heights, strict=True)]
    firsts = [cost.seconds.first_token if cost.seconds else None for cost in costs]
    spans = [first or Range(0, 0) for first in firsts]
    less = [max(0.0, top - one.low) for top, one in zip(below, spans, strict=True)]
    more = [max(0.0, one.high - top) for top, one in zip(below, spans, strict=True)]
    axes.errorbar(
        labels, below, yerr=[less, more], fmt="none", ecolor="#333333", capsize=4, label="fast to slow programs"
    )
    axes.set_ylim(top=axes.get_ylim()[1] * 1.28)
    _dress(axes, "first token after, s")


def _dress(axes: Any, label: str) -> None:
    axes.set_ylabel(label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="x", rotation=20 if max(len(tick.get_text()) for tick in axes.get_xticklabels()) > 9 else 0)
    axes.legend(fontsize=7.5, frameon=False, ncols=2, loc="upper left")


def _bytes(cost: Cost) -> tuple[int, int, int, int]:
    memory = cost.memory
    rest = (memory.activations or 0) + (memory.logits or 0) + (memory.states or 0)
    return memory.weights or 0, memory.kv_cache or 0, rest, memory.overhead or 0


def _middles(cost: Cost) -> tuple[float, float, float]:
    took = cost.seconds
    parts = (took.vision, took.projector, took.prefill) if took else (None, None, None)
    vision, projector, prefill = (part.middle if part else 0.0 for part in parts)
    return vision, projector, prefill


def _svg(figure: Any) -> str:
    import matplotlib

    text = io.StringIO()
    # The same request gives the same file: no date, no random names.
    with matplotlib.rc_context({"svg.hashsalt": "vtok"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _page(svg: str, costs: Sequence[Cost], labels: Sequence[str], title: str) -> str:
    inner = re.sub(r"^.*?(?=<svg)", "", svg, count=1, flags=re.DOTALL)
    rows = "".join(
        f"<tr><th>{escape(label)}</th><td>{cost.context.visual:,}</td><td>{_gib(cost.memory.total)}</td>"
        f"<td>{_seconds(cost)}</td></tr>"
        for label, cost in zip(labels, costs, strict=True)
    )
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>'
        "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#222}"
        "svg{width:100%;height:auto}figure{margin:0}table{border-collapse:collapse;margin-top:1rem}"
        "td,th{padding:.2rem .9rem;text-align:right;border-bottom:1px solid #ddd}th:first-child{text-align:left}"
        f"</style></head><body><figure>{inner}<figcaption>{escape(title)}. Bars of time are the middle of the range "
        "that the lines show; memory is what is taken at its highest.</figcaption></figure>"
        "<table><tr><th></th><th>visual tokens</th><th>memory</th><th>first token after</th></tr>"
        f"{rows}</table></body></html>\n"
    )


def _gib(value: int | None) -> str:
    return "unknown" if value is None else f"{value / _GIB:.1f} GiB"


def _seconds(cost: Cost) -> str:
    first = cost.seconds.first_token if cost.seconds else None
    return "unknown" if first is None else f"{first.low:.2f} to {first.high:.2f} s"
