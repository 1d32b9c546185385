"""``vtok devices``."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from vtok.catalog.devices import Device, devices
from vtok.cli import main
from vtok.cli.units import parse_bytes, parse_seconds, seconds
from vtok.costs import here
from vtok.errors import UsageError


def run(*words):
    return CliRunner().invoke(main.app, ["devices", *words])


def test_all_are_listed():
    assert len(json.loads(run("--json").stdout)) == len(devices())
    assert run().stdout.count("\n") >= len(devices())


def test_filters():
    assert {one["device"] for one in json.loads(run("rtx", "3060", "12", "--json").stdout)} == {"rtx-3060-12gb"}
    assert {one["device"] for one in json.loads(run("m4 max", "128", "--json").stdout)} == {"m4-max-128gb"}
    assert "25.5 TFLOP/s" in run("3060").stdout


def test_one_is_shown_with_its_sources():
    text = run("show", "RTX 3060").stdout
    for part in ("12.0 GiB", "360 GB/s", "$329", "techpowerup.com"):
        assert part in text
    data = json.loads(run("show", "m2-max", "--json").stdout)
    assert data["memory"] == data["installed"] * 2 // 3


def test_this_machine_is_measured_once_and_says_what(tmp_path, monkeypatch):
    made = Device("here", 2**30, 4e10, {"fp32": 2e11}, "cpu", "one", sources={"device": "measured here in 3 s"})
    monkeypatch.setattr(here.platformdirs, "user_cache_dir", lambda name: str(tmp_path))
    monkeypatch.setattr(here, "measure", lambda: replace(made, compute_attained=(0.5, 1), bandwidth_attained=(0.8, 1)))
    words = ("cost", "--size", "640x480", "--model", "qwen2.5-vl-7b", "--device", "here", "--json")
    first, second = (CliRunner().invoke(main.app, words) for _ in range(2))
    assert "measured here in 3 s: 0.2 TFLOP/s in fp32, 40 GB/s" in first.stderr
    assert second.stderr == ""
    assert json.loads(second.stdout) == json.loads(first.stdout)


@pytest.mark.parametrize("name", ["8xH100", "2 x RTX 4090"])
def test_several_devices_are_asked_about_by_their_memory(name):
    assert "such as --device 320GB" in str(run("show", name).exception)


@pytest.mark.parametrize("words", [["zzzz"], ["show"], ["show", "zzzz"]])
def test_wrong_usage(words):
    assert isinstance(run(*words).exception, UsageError)


@pytest.mark.parametrize(
    ("text", "size"), [("8GiB", 8 * 2**30), ("8g", 8 * 2**30), ("8GB", 8 * 10**9), ("1.5 TiB", 3 * 2**39), ("7", 7)]
)
def test_bytes_as_people_write_them(text, size):
    assert parse_bytes(text) == size


def test_seconds_as_people_write_them():
    assert parse_seconds("800ms") == pytest.approx(0.8)
    assert parse_seconds("1.5") == parse_seconds("1.5s") == 1.5
    assert [seconds(value) for value in (0.0123, 0.5, 3.14, 250.0)] == ["12 ms", "500 ms", "3.1 s", "250 s"]
    assert [seconds(value) for value in (599.0, 600.0, 35999.0, 780282.0)] == ["599 s", "10 min", "600 min", "217 h"]


@pytest.mark.parametrize("text", ["", "much", "-1GiB", "0s", "8 parsecs", "9" * 40])
def test_what_is_no_quantity(text):
    for parse in (parse_bytes, parse_seconds):
        with pytest.raises(UsageError, match="cannot read"):
            parse(text)
