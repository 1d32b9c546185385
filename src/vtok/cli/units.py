"""Bytes and seconds, written for people and read from what they type."""

from __future__ import annotations

import re

from vtok.errors import UsageError

_BYTES = {"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_BYTES |= {"tib": 2**40, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SECONDS = {"ms": 1e-3, "s": 1, "": 1, "sec": 1, "min": 60, "m": 60}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]*)")


def gib(size: int) -> str:
    """Bytes in GiB with one decimal, or in MiB below one GiB."""
    return f"{size / 2**30:,.1f} GiB" if size >= 2**30 else f"{size / 2**20:,.0f} MiB"


def seconds(value: float) -> str:
    """Seconds in three digits, in milliseconds below one second, and in minutes and hours from ten of each on."""
    for length, unit in ((3600, "h"), (60, "min")):
        if value >= 10 * length:
            return f"{value / length:,.0f} {unit}"
    if value < 0.0995:
        return f"{value * 1e3:.2g} ms"
    if value < 0.995:
        return f"{value * 1e3:.0f} ms"
    return f"{value:.1f} s" if value < 99.95 else f"{value:,.0f} s"


def parse_bytes(text: str) -> int:
    """``8GiB``, ``8GB`` or ``8g`` as bytes; raises ``UsageError`` for anything else."""
    return round(_parse(text, _BYTES, "an amount of memory, such as 8GiB"))


def parse_seconds(text: str) -> float:
    """``1.5s``, ``1500ms`` or ``1.5`` as seconds; raises ``UsageError`` for anything else."""
    return _parse(text, _SECONDS, "a time, such as 1.5s or 800ms")


def _parse(text: str, units: dict[str, float], expected: str) -> float:
    match = _QUANTITY.fullmatch(text.strip())
    unit = match and units.get(match[2].casefold())
    if not match or not unit or len(text) > 30 or float(match[1]) <= 0:
        raise UsageError(f"cannot read {text[:40]!r}; expected {expected}")
    return float(match[1]) * unit
