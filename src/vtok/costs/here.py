"""``--device here``: this machine, measured once and kept in the user's cache folder."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

import platformdirs

from vtok.catalog.devices import Device, find_device
from vtok.costs.measure import measure

HERE = "here"
_MOST_BYTES = 2**16


def device_called(name: str) -> Device:
    """The device of the catalog called ``name``, or this machine where it is ``here``.

    Raises ``UsageError``, which tells the nearest names, for an unknown one.
    """
    return this_machine() if name.casefold() == HERE else find_device(name)


def this_machine(fresh: bool = False) -> Device:
    """This machine, as it was measured earlier or, with ``fresh`` or where it was not, as it is now."""
    path = cache_file()
    known = None if fresh else _read(path)
    if known is None:
        known = measure()
        if not known.note:  # what was disturbed is not kept
            _write(path, known)
    return known


def is_measured() -> bool:
    """Whether this machine was measured, so that asking for it takes no time."""
    return _read(cache_file()) is not None


def cache_file() -> Path:
    """Where the measurement is kept."""
    return Path(platformdirs.user_cache_dir("vtok")) / "here.json"


def _machine() -> list[str]:
    """What changes when the file comes from another machine."""
    return [platform.node(), platform.machine(), str(os.cpu_count())]


def _read(path: Path) -> Device | None:
    """What was kept; None where it is missing, broken or of another machine, which is then measured."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("machine") != _machine():
            return None
        return Device(**{**data, "aliases": (), **{key: _pair(data[key]) for key in _PAIRS}})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


_PAIRS = ("compute_attained", "bandwidth_attained")


def _pair(value: Any) -> tuple[float, float]:
    low, high = (float(one) for one in value)
    return low, high


def _write(path: Path, device: Device) -> None:
    """Keep a measurement; without a folder to write to it is made anew each time, which is no fault."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps({"machine": _machine(), **asdict(device)}), encoding="utf-8")
        draft.replace(path)
    except OSError:
        pass
