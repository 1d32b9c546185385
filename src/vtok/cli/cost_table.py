"""``vtok cost`` for people: where context, time and memory go, and the memory as a bar against the device's."""

from __future__ import annotations

from collections.abc import Sequence

from vtok.catalog.devices import Device
from vtok.cli.sheet import Sheet
from vtok.cli.units import gib, seconds
from vtok.costs.result import Cost, Range

UNKNOWN = "unknown"
_WIDTH = 48
# One letter a kind of byte, which a terminal without colours shows as well.
_LETTERS = (("weights", "#"), ("KV cache", "="), ("activations", "~"), ("engine", ":"))


def path_sheet(cost: Cost, device: Device | None) -> Sheet:
    """A row a part of the way to the answer: what it works on, its FLOPs, and on a device its time."""
    sheet = Sheet("on the way", ["part", "tokens", "work", "time"] if device else ["part", "tokens", "work"])
    context, work, took = cost.context, cost.flops, cost.seconds
    cut = f" of {context.visual_before:,}" if context.visual != context.visual_before else ""
    rows: list[tuple[str, str, int | None, Range | None]] = [
        ("vision encoder", "", work.vision, took.vision if took else None),
        ("projector", f"{context.visual:,}{cut}", work.projector, took.projector if took else None),
        ("reading the prompt", f"{context.prompt:,}", work.prefill, took.prefill if took else None),
    ]
    for name, tokens, flops, time in rows:
        sheet.rows.append([name, tokens, _flops(flops), span(time)])
    sheet.footer.append(["first token after", "", _flops(work.first_token), span(first_token(cost))])
    sheet.footer.append(["each token after", "1", _flops(work.decode), span(each_token(cost))])
    if took:
        sheet.footer.append([f"an answer of {context.new:,} after", f"{context.total:,}", "", span(took.total)])
    return sheet


def memory_sheet(cost: Cost, device: Device | None) -> Sheet:
    """A row a kind of byte, the sum, and what the device has."""
    memory = cost.memory
    sheet = Sheet("memory", ["part", "bytes"])
    rows = [
        ("vision encoder", memory.vision),
        ("projector", memory.projector),
        ("language model", memory.language),
        ("embedding", memory.embedding),
        ("output head", memory.head),
        (f"KV cache, {cost.kv}", memory.kv_cache),
        ("other states", memory.states),
        ("activations", memory.activations),
        ("logits", memory.logits),
        ("the engine itself", memory.overhead),
    ]
    if device is None:
        # What an engine takes for itself is a matter of the device.
        rows.pop()
    sheet.rows = [[name, size(value)] for name, value in rows if value != 0]
    sheet.footer.append(["all of it" if device else "all but the engine", _sum([value for _, value in rows])])
    if device:
        sheet.footer.append([f"there is on {device.name}", size(device.memory)])
    return sheet


def bar(cost: Cost) -> str:
    """The memory by kind as a bar against the device's; empty where one of them is not known."""
    memory, there = cost.memory, cost.device_memory
    if there is None or memory.total is None:
        return ""
    rest = (memory.activations or 0) + (memory.logits or 0) + (memory.states or 0)
    parts = (memory.weights or 0, memory.kv_cache or 0, rest, memory.overhead or 0)
    whole = max(there, memory.total)
    line, filled = "", 0
    for (_, letter), part in zip(_LETTERS, parts, strict=True):
        filled += part
        line += letter * (round(filled / whole * _WIDTH) - len(line))
    end = round(there / whole * _WIDTH)
    line = line.ljust(_WIDTH, ".")
    line = f"[{line[:end]}]{line[end:]}"
    legend = "  ".join(f"{letter} {name}" for name, letter in _LETTERS)
    return f"{line}  {gib(memory.total)} of {gib(there)}\n {legend}  . free"


#: From here on a share of the window is said in times.
_MANY_TIMES = 10


def context_line(cost: Cost) -> str:
    """How many positions the request takes, and of which window."""
    context = cost.context
    parts = [(context.visual, "visual"), (context.structural, "structural"), (context.text, "text")]
    made = " + ".join(f"{number:,} {name}" for number, name in (*parts, (context.new, "answer")) if number)
    line = f"context: {made} = {context.total:,} tokens"
    if context.window is None:
        return f"{line}; how many the model takes is {UNKNOWN}"
    share = context.total / context.window
    whose = "" if context.window_of == "asked for" else f" of {context.window_of}"
    often = f"{share:.1%} of" if share < _MANY_TIMES else f"{share:,.0f} times"
    return f"{line}, {often} the {context.window:,}{whose or ' asked for'}"


def first_token(cost: Cost) -> Range | None:
    """Seconds to the first token, where they are known."""
    return cost.seconds.first_token if cost.seconds else None


def each_token(cost: Cost) -> Range | None:
    """Seconds for each further token, where they are known."""
    return cost.seconds.decode if cost.seconds else None


def span(time: Range | None) -> str:
    """A range of seconds, both ends where they differ."""
    if time is None:
        return UNKNOWN
    low, high = seconds(time.low), seconds(time.high)
    if high.endswith(" min") and low.endswith(" s"):
        low = f"{time.low / 60:.1f} min"
    return low if low == high else f"{low} to {high}"


def size(value: int | None) -> str:
    """Bytes, or that nobody knows."""
    return UNKNOWN if value is None else gib(value)


def _sum(values: Sequence[int | None]) -> str:
    """The sum, or the least that it can be where a part is not known."""
    known = sum(value for value in values if value is not None)
    if None not in values:
        return gib(known)
    return f"at least {gib(known)}" if known else UNKNOWN


def _flops(value: int | None) -> str:
    if value is None:
        return UNKNOWN
    for unit, name in ((1e15, "PFLOP"), (1e12, "TFLOP"), (1e9, "GFLOP")):
        if value >= unit:
            return f"{value / unit:,.1f} {name}"
    return f"{value / 1e6:,.1f} MFLOP"
