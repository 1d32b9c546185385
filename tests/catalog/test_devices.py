"""Devices: every entry makes sense and is sourced, rates are those that vendors publish, names find one device."""

import pytest

from vtok.catalog.devices import devices, find_device
from vtok.errors import UsageError

GB = 2**30

# TFLOP/s (TOP/s for int8) as vendors publish them: dense, added up in 32 bits. NVIDIA whitepapers: GA102 V1 and V2, Ada
# v2.1, Turing, GA100; data sheets in github.com/winston-zhang-orz/gpu-specs; AMD GPUOpen and github.com/ROCm/ROCm,
# docs/conceptual/gpu-arch; the pages that devices.toml names.
PUBLISHED = [
    ("rtx-3090", "fp16", 71),
    ("rtx-3090", "fp32", 35.6),
    ("rtx-4090", "bf16", 165.2),
    ("rtx-4090", "fp8", 330.3),
    ("rtx-4090", "int8", 660.6),
    ("rtx-5090", "fp16", 209.5),
    ("rtx-2080-ti", "fp16", 53.8),
    ("rtx-2080-ti", "int8", 215.2),
    ("titan-rtx", "fp16", 130.5),
    ("a6000", "bf16", 154.8),
    ("a40", "bf16", 149.7),
    ("t4", "fp16", 65),
    ("t4", "int8", 130),
    ("a100", "bf16", 312),
    ("v100", "fp16", 125),
    ("l4", "bf16", 121),
    ("h100", "bf16", 989.4),
    ("h100-pcie", "bf16", 756.5),
    ("h100", "fp8", 1978.9),
    ("h100", "fp32", 66.9),
    ("h200", "bf16", 989.4),
    ("b200", "bf16", 2250),
    ("rtx-pro-6000", "bf16", 503.8),
    ("rtx-pro-6000", "int8", 1010),
    ("dgx-spark", "bf16", 125),
    ("rx-7900-xtx", "fp16", 122.8),
    ("rx-9070-xt", "fp8", 389),
    ("mi60", "int8", 58.9),
    ("mi100", "fp16", 184.6),
    ("mi100", "bf16", 92.3),
    ("mi250", "fp16", 362.1),
    ("mi250x", "fp16", 383),
    ("mi300x", "fp16", 1307.4),
    ("mi300x", "fp8", 2614.9),
    ("arc-a770", "fp16", 157.3),
    ("arc-b580", "int8", 218.7),
    ("m2-max", "fp16", 13.6),
    ("m1-max", "fp16", 10.6),
    ("strix-halo", "fp16", 59.4),
    ("agx-orin", "int8", 85),
]


@pytest.mark.parametrize(("name", "number", "published"), PUBLISHED)
def test_rates_are_those_that_vendors_publish(name, number, published):
    assert find_device(name).rates[number] / 1e12 == pytest.approx(published, rel=0.01)


def test_a_rate_that_the_maker_publishes_goes_before_the_product():
    assert find_device("h100").rates["bf16"] == 989.4e12
    assert find_device("h100").rates["fp32"] == 132 * 1980e6 * 256
    assert "glennklockwood" in find_device("h100").sources["rates"]


def test_there_are_many():
    assert len(devices()) >= 200


@pytest.mark.parametrize("one", devices(), ids=lambda one: one.name)
def test_an_entry_makes_sense(one):
    assert one.title
    assert one.sources["device"]
    assert one.sources["rates"]
    assert one.kind in ("gpu", "unified", "cpu")
    assert 2 * GB <= one.memory <= one.installed <= 512 * GB
    assert (one.memory < one.installed) == ("memory" in one.sources)
    assert 30e9 < one.bandwidth < 9e12
    assert set(one.rates) <= {"fp32", "fp16", "bf16", "fp8", "int8"}
    assert one.rates["fp16"] >= one.rates["fp32"]
    # A card of 4 GB and one of 180 GB need between a tenth and two thousand operations to keep a byte busy.
    assert 0.1 < one.rates["fp16"] / one.bandwidth < 2000


def test_a_name_finds_one_device():
    seen = {}
    for one in devices():
        for name in (one.name, *one.aliases):
            assert seen.setdefault(name, one.name) == one.name, name
            assert find_device(name) is one


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("3060", "rtx-3060-12gb"),
        ("RTX 3060 12GB", "rtx-3060-12gb"),
        ("NVIDIA GeForce RTX 4090", "rtx-4090"),
        ("m3_max", "m3-max-48gb"),
        ("M3-Max-36GB", "m3-max-36gb"),
        ("Radeon RX 7900 XTX", "rx-7900-xtx"),
    ],
)
def test_names_as_people_write_them(said, meant):
    assert find_device(said).name == meant


def test_what_a_mac_gives_its_gpu():
    assert find_device("m1-16gb").memory == 16 * GB * 2 // 3
    assert find_device("m3-max-64gb").memory == 48 * GB
    assert find_device("m3-max-64gb").installed == 64 * GB


@pytest.mark.parametrize(
    ("name", "near"), [("rtx-3060-12g", "rtx-3060-12gb"), ("5070-ti-supr", "5070-ti"), ("rtx-30", "rtx-30")]
)
def test_unknown_names_tell_the_nearest(name, near):
    with pytest.raises(UsageError, match=f"no device '{name}'.*{near}.*vtok devices"):
        find_device(name)


def test_a_name_like_nothing():
    with pytest.raises(UsageError, match="there is no device 'zzzzzzzz'; see all"):
        find_device("zzzzzzzz")
