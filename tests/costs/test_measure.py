"""Measuring this machine: in a time that is kept whatever torch does, and to what products really take."""

import json
import math
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from vtok.costs import by_torch, measure, timing


@pytest.fixture
def no_torch(monkeypatch):
    monkeypatch.setattr(measure, "by_torch", lambda seconds: [])


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still but for what work takes."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(timing, "time", made)
    return made


def takes(clock, *seconds):
    """Work that takes so many seconds, the last of them again and again."""
    left = list(seconds)

    def work():
        clock.now += left.pop(0) if len(left) > 1 else left[0]

    return work


def test_the_shortest_run_counts_and_not_the_first(clock):
    assert timing.best(takes(clock, 0.01, 0.03, 0.02, 0.04)) == pytest.approx(0.02)
    assert clock.now == pytest.approx(100.17, abs=0.04)


def test_no_run_goes_past_the_end(clock):
    assert timing.best(takes(clock, 0.01, 0.02), until=100.05) == pytest.approx(0.02)
    assert clock.now <= 100.07
    start = clock.now
    assert timing.best(takes(clock, 3.0), until=clock.now + 1) == 3.0
    assert clock.now == start + 3


def test_products_that_would_take_too_long_are_left_out(clock):
    def product(shape):
        return takes(clock, 2 * math.prod(shape) / 1e9)

    shapes = ((100, 100, 100), (200, 250, 100), (400, 250, 200), (4000, 1000, 1000))
    assert timing.rates(product, shapes) == pytest.approx([1e9, 1e9])
    assert timing.rates(product, shapes[:1]) == pytest.approx([1e9])
    assert len(timing.rates(product, shapes, until=clock.now + 0.05)) == 1


def test_a_real_measurement_makes_sense(no_torch):
    found = measure.measure()
    a = np.ones((512, 512), np.float32)
    slow = 2 * 512**3 / timing.best(lambda: a @ a)
    assert slow / 100 < found.rates["fp32"] < slow * 100  # other programs may have their turn in either
    assert 1e8 < found.bandwidth < 1e13
    assert found.memory > 2**28
    assert 0 < found.compute_attained[0] <= 1
    assert found.rates["fp16"] >= found.rates["fp32"]
    assert "numpy" in found.sources["rates"]
    assert "torch" not in found.sources["rates"]


def test_what_torch_measures_counts(monkeypatch):
    lines = [{"torch": "9", "kind": "cpu", "title": "", "memory": None}, {"number": "bf16", "rates": [3e15, 4e15]}]
    monkeypatch.setattr(measure, "by_torch", lambda seconds: lines)
    found = measure.measure()
    assert found.rates["bf16"] == 4e15
    assert found.compute_attained[0] <= 0.75
    assert "bf16 by torch 9" in found.sources["rates"]


def test_a_gpu_is_what_torch_says(monkeypatch):
    gpu = {"torch": "9", "kind": "gpu", "title": "A card", "memory": 2**34}
    lines = [gpu, {"number": "fp16", "rates": [5e13, 1e14]}, {"bandwidth": 5e11}]
    monkeypatch.setattr(measure, "by_torch", lambda seconds: lines)
    found = measure.measure()
    assert (found.title, found.kind, found.memory, found.bandwidth) == ("A card", "gpu", 2**34, 5e11)
    assert dict(found.rates) == {"fp16": 1e14}
    assert found.compute_attained == (0.5, 1.0)


@pytest.fixture
def child(monkeypatch):
    """Runs a program in place of the one that imports torch, on a machine without a GPU."""

    def use(program):
        start = subprocess.Popen
        monkeypatch.setattr(by_torch, "_may_have_gpu", lambda: False)
        monkeypatch.setattr(by_torch, "find_spec", lambda name: name)
        monkeypatch.setattr(
            by_torch.subprocess, "Popen", lambda command, **other: start([sys.executable, "-c", program], **other)
        )

    return use


def test_a_torch_that_takes_too_long_is_not_waited_for(child):
    child("import time; print('{\"kind\": \"cpu\"}', flush=True); print('{\"nu', end='', flush=True); time.sleep(60)")
    start = time.monotonic()
    assert by_torch.by_torch(1.0) == [{"kind": "cpu"}]
    assert time.monotonic() - start < 10


def test_a_torch_that_fails_is_as_none(child):
    child("raise SystemExit(3)")
    assert by_torch.by_torch(20.0) == []


def test_torch_itself(capsys):
    by_torch._main(1.0)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["torch"]
    rates = {line["number"]: line["rates"] for line in lines[1:] if "number" in line}
    assert set(rates) >= {"bf16", "fp32"}
    assert all(1e6 < rate < 1e17 for found in rates.values() for rate in found)


@pytest.fixture
def busy(monkeypatch):
    monkeypatch.setattr(timing.os, "getloadavg", lambda: (10.0**6, 0, 0), raising=False)


def test_a_busy_machine_is_told_of(no_torch, busy, monkeypatch):
    assert "other programs were busy" in measure.measure().note
    monkeypatch.setattr(timing.os, "getloadavg", lambda: (0.0, 0, 0))
    assert measure._disturbed() == ""


def test_on_a_busy_machine_a_thread_counts_for_all_cores(busy, monkeypatch, capsys):
    threads = []
    monkeypatch.setattr(by_torch, "cores", lambda: 7)
    monkeypatch.setattr("torch.set_num_threads", threads.append)
    monkeypatch.setattr(by_torch, "rates", lambda *shapes: [2e9, 3e9])
    by_torch._main(1.0)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert threads == [1]
    assert lines[1] == {"number": "bf16", "rates": [14e9, 21e9]}


def test_cores_are_no_more_than_threads():
    assert 1 <= timing.cores() <= os.cpu_count()
