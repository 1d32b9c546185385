"""``vtok devices``: which devices vtok knows, and where their figures are from."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer
from rich.table import Table

from vtok.catalog.devices import Device, devices
from vtok.cli import common
from vtok.cli.sheet import Sheet, print_sheet, printable
from vtok.cli.units import gib
from vtok.costs.here import HERE, device_called, is_measured, this_machine
from vtok.errors import UsageError

_SEVERAL = re.compile(r"[1-9]\d*\s*x\s*[a-z].*", re.IGNORECASE)
_SIZE = re.compile(r"([1-9]\d{0,3})\s*gi?b?", re.IGNORECASE)

EPILOG = """Examples:

vtok devices

vtok devices 3060

vtok devices m4 max

vtok devices show rtx-3060-12gb

vtok devices show here

vtok devices measure
"""


def list_devices(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILTER] | show DEVICE | measure", help="A part of a name; or show and a device; or measure."
        ),
    ] = None,
    as_json: common.JsonOption = False,
) -> None:
    """List the devices that vtok knows, or show all of one: memory, bandwidth, rates, and where each is from.

    The device [b]here[/b] is this machine, measured in five seconds when it is first asked for and kept from then on;
    [b]measure[/b] measures it anew. Rates are dense matrix rates without sparsity, added up in 32 bits.
    """
    words = words or []
    if words == ["show"]:
        raise UsageError("show which device? Name one, such as: vtok devices show rtx-4060")
    if words[:1] == ["show"]:
        _show(named(" ".join(words[1:])), as_json)
        return
    if words == ["measure"]:
        with common.notes.status("measuring this machine ..."):
            one = this_machine(fresh=True)
        _show(one, as_json)
        return
    found = [one for one in devices() if all(_matches(one, word) for word in " ".join(words).split())]
    if not found:
        raise UsageError(f"no device matches {' '.join(words)!r}; see all with: vtok devices")
    if as_json:
        common.print_json([device_data(one) for one in found])
        return
    sheet = Sheet("devices", ["device", "memory", "bandwidth", "fp16", "int8", "sold as"])
    for one in found:
        sheet.rows.append([one.name, _memory(one), *_speeds(one), one.title])
    print_sheet(sheet)


def named(name: str) -> Device:
    """The device called ``name``, with a word about it where this machine is measured first.

    A size such as 8GB is a device of which nothing but its memory is known, so that what fits can be asked.
    """
    size = _SIZE.fullmatch(name.strip())
    if size:
        # Cards and memory modules are sold in powers of two, whatever is printed on the box.
        memory = int(size[1]) * 2**30
        title = f"a device of {size[1]} GB"
        return Device(title, memory=memory, installed=memory, title=title)
    several = _SEVERAL.fullmatch(name.strip())
    if several:
        raise UsageError(
            f"{name!r} is several devices, and times are known of one; whether it fits into the memory of all "
            f"together is asked by a size, such as --device 320GB"
        )
    if name.casefold() != HERE or is_measured():
        return device_called(name)
    with common.notes.status("measuring this machine, once ..."):
        found = device_called(name)
    common.notes.print(printable(_measured(found)), soft_wrap=True, highlight=False, markup=False)
    return found


def _measured(one: Device) -> str:
    """What was measured, in a line."""
    rates = ", ".join(f"{_rate(one, number)} in {number}" for number in one.rates)
    kept = one.note or "kept until vtok devices measure"
    return f"{one.sources['device']}: {rates}, {_speeds(one)[0]}; {kept}"


def _matches(one: Device, word: str) -> bool:
    return any(word.casefold() in name.casefold() for name in (one.name, *one.aliases, one.title))


def _memory(one: Device) -> str:
    if one.memory is None:
        return "unknown"
    whole = f" of {gib(one.installed)}" if one.installed and one.installed > one.memory else ""
    return f"{gib(one.memory)}{whole}"


def _speeds(one: Device) -> list[str]:
    bandwidth = "unknown" if one.bandwidth is None else f"{one.bandwidth / 1e9:,.0f} GB/s"
    return [bandwidth, *(_rate(one, number) for number in ("fp16", "int8"))]


def _rate(one: Device, number: str) -> str:
    rate = one.rates.get(number)
    unit = "TOP/s" if number == "int8" else "TFLOP/s"
    return "-" if rate is None else f"{rate / 1e12:,.3g} {unit}" if rate < 1e15 else f"{rate / 1e12:,.0f} {unit}"


def _show(one: Device, as_json: bool) -> None:
    if as_json:
        common.print_json(device_data(one))
        return
    table = Table(title=one.name, title_justify="left", show_header=False)
    table.add_column("", no_wrap=True)
    table.add_column("", overflow="fold")
    table.add_row("sold as", one.title)
    if one.aliases:
        table.add_row("also called", ", ".join(one.aliases))
    table.add_row("memory", _memory(one))
    table.add_row("bandwidth", _speeds(one)[0])
    for number in one.rates:
        table.add_row(number, _rate(one, number))
    if one.price:
        table.add_row("price at launch", f"${one.price:,}")
    if one.note:
        table.add_row("note", one.note)
    table.add_section()
    for what, source in one.sources.items():
        table.add_row(f"source of {what}", source)
    common.console.print(table)


def device_data(one: Device) -> dict[str, Any]:
    """A device as plain data: bytes, bytes/s, FLOP/s, US dollars."""
    return {
        "device": one.name,
        "title": one.title,
        "aliases": list(one.aliases),
        "kind": one.kind,
        "memory": one.memory,
        "installed": one.installed,
        "bandwidth": one.bandwidth,
        "rates": dict(one.rates),
        "price": one.price,
        "note": one.note,
        "sources": dict(one.sources),
    }


list_devices.__doc__ = common.help_text(list_devices, EPILOG)
