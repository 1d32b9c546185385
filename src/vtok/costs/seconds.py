"""Seconds by a roofline (Williams, Waterman, Patterson 2009): the larger of the time to compute and the time to move.

No program reaches a device's peaks, so each time is a range, from the share of the peaks that good programs reach to
the share that others do. Where nothing was measured: 40 to 73 % of the matrix rate (FlashAttention-2, arXiv:2307.08691,
reports 50 to 73 % for attention alone and 225 of 312 TFLOP/s for whole models; what is below is our margin) and 60 to
92 % of the bandwidth (assumed, not read anywhere). ``calibrated`` puts measured shares in their place.
"""

from __future__ import annotations

from dataclasses import replace

from vtok.catalog.devices import Device
from vtok.catalog.formats import Format
from vtok.costs.result import Range
from vtok.costs.unknown import UnknownFigureError

#: The least and the most share of the peak that programs reach, where a device was not measured.
COMPUTE, BANDWIDTH = (0.40, 0.73), (0.60, 0.92)
#: By how much a measured share is taken to vary with the shape of the work.
SPREAD = 0.2


def rate_of(device: Device, form: Format) -> float:
    """The device's matrix rate in FLOP/s for the numbers that ``form`` computes in; raises ``UnknownFigureError``.

    A device that has no rate for bf16 computes in fp16, and the other way round; one without either in fp32.
    """
    others = {"bf16": ("fp16", "fp32"), "fp16": ("bf16", "fp32")}
    names = (form.compute, *others.get(form.compute, ("bf16", "fp16")))
    found = next((device.rates[name] for name in names if name in device.rates), None)
    if found is None:
        raise UnknownFigureError(f"device.rates.{form.compute}")
    return found


def roofline(device: Device, form: Format, least_flops: int, most_flops: int, moved: int) -> Range:
    """Seconds for ``least_flops`` in the best of kernels and ``most_flops`` in plain ones, while ``moved`` bytes move.

    Raises ``UnknownFigureError`` for a device whose rate or bandwidth no source tells.
    """
    rate = rate_of(device, form)
    if device.bandwidth is None:
        raise UnknownFigureError("device.bandwidth")
    compute, bandwidth = device.compute_attained or COMPUTE, device.bandwidth_attained or BANDWIDTH
    low = max(least_flops / (rate * compute[1]), moved / (device.bandwidth * bandwidth[1]))
    high = max(most_flops / (rate * compute[0]), moved / (device.bandwidth * bandwidth[0]))
    return Range(low, high)


def calibrated(device: Device, compute: float, bandwidth: float) -> Device:
    """``device`` with the shares of its peaks that were measured on it, as ranges of 20 % either way around them."""
    return replace(
        device,
        compute_attained=(compute / (1 + SPREAD), compute * (1 + SPREAD)),
        bandwidth_attained=(bandwidth / (1 + SPREAD), bandwidth * (1 + SPREAD)),
    )
