"""What a device is to a cost: so much memory, so fast to read it, so many operations a second.

Which there are, with the source of each figure, is in ``devices.toml``.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from vtok.errors import UsageError

_GB = 2**30


@dataclass(frozen=True)
class Device:
    """One device. ``memory`` is in bytes, ``bandwidth`` in bytes/s; None where no source tells.

    ``rates`` are dense matrix rates in FLOP/s by type of number ("fp32", "fp16", "bf16", "fp8", "int8"), without
    sparsity.
    ``kind`` is what it is: "gpu" with memory of its own, "unified" where it shares the system's, "cpu". Of a memory
    that is shared, ``memory`` is what the GPU may take as the system comes, and ``installed`` all of it.
    ``compute_attained`` and ``bandwidth_attained`` are the shares of ``rates`` and ``bandwidth`` that real programs
    reach, from the least to the most, where that was measured on this device; None takes those of its kind.
    ``price`` is in US dollars at launch.
    """

    name: str
    memory: int | None = None
    bandwidth: float | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    kind: str = "gpu"
    title: str = ""
    aliases: tuple[str, ...] = ()
    compute_attained: tuple[float, float] | None = None
    bandwidth_attained: tuple[float, float] | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    installed: int | None = None
    price: int | None = None
    note: str = ""

    @property
    def of_apple(self) -> bool:
        """Whether it is one of Apple's, which MLX runs on, and kernels made for CUDA do not."""
        return self.title.startswith("Apple ")


@cache
def devices() -> tuple[Device, ...]:
    """Every device of the catalog, one for each size of memory, in the catalog's order."""
    data = tomllib.loads(files("vtok.catalog").joinpath("devices.toml").read_text(encoding="utf-8"))
    architectures = {entry["name"]: entry for entry in data["architecture"]}
    sharings = {entry["name"]: entry for entry in data["sharing"]}
    return tuple(
        device
        for entry in data["device"]
        for device in _devices(entry, architectures[entry["architecture"]], sharings.get(entry.get("sharing", "")))
    )


def find_device(name: str) -> Device:
    """The device called ``name``: its name or an alias; case, blanks and underscores aside.

    Raises ``UsageError``, which tells the nearest names, for an unknown one.
    """
    found = _by_name().get(_plain(name))
    if found is None:
        raise UsageError(f"there is no device {name!r}{_nearest(name)}; see all with: vtok devices")
    return found


def _devices(entry: dict[str, Any], architecture: dict[str, Any], sharing: dict[str, Any] | None) -> Iterator[Device]:
    sizes = entry.get("memories", [entry.get("memory")])
    several = "memories" in entry
    for index, size in enumerate(sizes):
        aliases = tuple(entry.get("aliases", ()))
        if several:
            # A name without a size is the first of its sizes.
            aliases = (entry["name"], *aliases) if index == 0 else ()
        yield Device(
            name=f"{entry['name']}-{size}gb" if several else entry["name"],
            title=f"{entry['title']}, {size} GB" if several else entry["title"],
            aliases=aliases,
            memory=_usable(size, sharing),
            installed=size * _GB,
            bandwidth=entry["bandwidth"] * 1e9,
            rates=_rates(entry, architecture),
            kind=architecture["kind"],
            price=entry.get("price"),
            note=entry.get("note", sharing["note"] if sharing else ""),
            sources={
                "device": entry["source"],
                "rates": "; ".join(filter(None, (entry.get("rates_source"), architecture.get("source")))),
                **({"memory": sharing["source"]} if sharing else {}),
            },
        )


def _rates(entry: dict[str, Any], architecture: dict[str, Any]) -> dict[str, float]:
    derived = {
        number: entry["units"] * entry["clock"] * 1e6 * rate for number, rate in architecture.get("rates", {}).items()
    }
    # What a maker publishes goes before units x clock x FLOP a clock.
    return derived | {number: rate * 1e12 for number, rate in entry.get("rates", {}).items()}


def _usable(size: int, sharing: dict[str, Any] | None) -> int:
    if sharing is None:
        return size * _GB
    part, whole = next(share for most, *share in sharing["parts"] if size <= most)
    return int(size * _GB * part // whole)


@cache
def _by_name() -> dict[str, Device]:
    return {_plain(name): device for device in devices() for name in (device.name, *device.aliases)}


def _plain(name: str) -> str:
    plain = name.casefold().replace("_", "-").replace(" ", "-")
    for maker in ("nvidia-", "geforce-", "amd-", "radeon-", "intel-"):
        if plain.startswith(maker) and plain != maker:
            plain = plain.removeprefix(maker)
    return plain


def _nearest(name: str) -> str:
    wanted, names = _plain(name), list(_by_name())
    # What people leave out is the size, or the series before the number.
    begun = [one for one in names if one.startswith(wanted)] or [one for one in names if wanted in one]
    near = list(dict.fromkeys(begun[:3] + difflib.get_close_matches(wanted, names, n=3, cutoff=0.6)))[:4]
    return f"; did you mean {', '.join(near)}?" if near else ""
