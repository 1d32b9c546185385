"""The lists of devices and formats for the documentation, made from the data so that none can differ."""

from __future__ import annotations

from vtok.catalog.devices import Device, devices
from vtok.catalog.formats import cache_formats, formats
from vtok.catalog.pages import filled, rewrite

_GB = 2**30


def devices_table() -> str:
    """A Markdown table: a row a device, with memory, bandwidth, dense rates, price at launch, and the source."""
    rows = [
        "| device | sold as | memory, GiB | GB/s | fp16 | int8 | launch | source |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for one in devices():
        cells = (
            f"`{one.name}`",
            one.title,
            _memory(one),
            f"{(one.bandwidth or 0) / 1e9:,.0f}",
            _rate(one, "fp16"),
            _rate(one, "int8"),
            f"${one.price:,}" if one.price else "",
            one.sources["device"],
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def formats_table() -> str:
    """A Markdown table: a row a format of weights, with bits a weight of most matrices, and who reads it."""
    rows = ["| weights | also | bits | read by | source |", "|---|---|---:|---|---|"]
    for one in formats():
        also = ", ".join(f"`{name}`" for name in one.aliases)
        rows.append(f"| `{one.name}` | {also} | {one.bits:.4g} | {', '.join(one.runtimes)} | {one.source} |")
    return "\n".join(rows)


def cache_table() -> str:
    """A Markdown table: a row a format of the KV cache."""
    rows = ["| KV cache | also | bits | of | source |", "|---|---|---:|---|---|"]
    for one in cache_formats():
        also = ", ".join(f"`{name}`" for name in one.aliases)
        rows.append(f"| `{one.name}` | {also} | {one.bits:g} | {', '.join(one.runtimes)} | {one.source} |")
    return "\n".join(rows)


def with_tables(page: str) -> str:
    """``page`` with its lists renewed; raises ``ValueError`` without marks for them."""
    return filled(page, {"devices": devices_table(), "formats": formats_table(), "caches": cache_table()})


def _memory(one: Device) -> str:
    usable, installed = (one.memory or 0) / _GB, (one.installed or 0) / _GB
    return f"{usable:.3g}" if usable == installed else f"{usable:.3g} of {installed:.3g}"


def _rate(one: Device, number: str) -> str:
    return f"{one.rates[number] / 1e12:,.4g}" if number in one.rates else ""


if __name__ == "__main__":
    rewrite(with_tables)
