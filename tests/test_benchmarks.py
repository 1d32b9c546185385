"""The benchmarks run, with sizes so few that they measure nothing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


def run(*words):
    if not FOLDER.exists():
        pytest.skip("a distribution without its benchmarks")
    pytest.importorskip("transformers")
    result = subprocess.run([sys.executable, *words], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_counting():
    printed = run("count.py", "--quick", "--only", "qwen2.5-vl", "internvl", "gemma3", "llava-1.5")
    rows = [line for line in printed.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + 4
    assert "50" in printed.splitlines()[0]


def test_prefill():
    printed = run("prefill.py", "--rounds", "1", "--layers", "1", "--hidden", "128", "--device", "cpu")
    rows = [line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("| ")]
    assert [row[0].strip() for row in rows[1:]] == ["64", "128", "192", "288"]
    assert all(float(row[3]) > 0 for row in rows[1:])


@pytest.mark.slow
def test_tokenizers():
    printed = run("cost_codes.py", "--px", "128", "--only", "chameleon")
    rows = [line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("| ")]
    assert [row[1].strip() for row in rows[1:]] == ["1", "2"]
    assert all(abs(float(row[4].strip().rstrip("%"))) < 8 for row in rows[1:])


def test_legibility():
    pytest.importorskip("skimage")
    pytest.importorskip("font_roboto")
    printed = run("legibility.py", "--pages", "1")
    rows = [line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + 5
    assert all(float(row[3].strip().rstrip("%")) < 30 for row in rows[1:])
    assert printed.count("false alarms: 0 of") == 2


def test_sharing():
    pytest.importorskip("skimage")
    pytest.importorskip("font_roboto")
    printed = run("share.py", "--pages", "2", "--photographs", "3")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines() if line.startswith("| ")]
    errors = [float(row[2]) for row in rows if row[0] in ("photographs", "pages")]
    assert len(errors) == 2
    assert max(errors) < 0.05
    equal, ours = ([float(row[-1]) for row in rows if row[1] == name] for name in ("equal", "vtok"))
    assert all(better >= worse - 0.05 for better, worse in zip(ours, equal, strict=True))
    assert sum(ours) > sum(equal)


def test_selection():
    printed = run(
        "selection.py", "--rounds", "1", "--device", "cpu", "--largest", "576", "--only", "divprune", "fastv", "evs"
    )
    rows = [line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("| ")]
    assert {row[0].strip() for row in rows[1:]} == {"divprune", "fastv", "evs"}
    assert all(float(cell) > 0 for row in rows[1:] for cell in row[1:])


def test_fitting():
    pytest.importorskip("sklearn")
    printed = run("fit.py", "--rounds", "1", "--megapixels", "0.5", "--budget", "100")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines() if line.startswith("| ")]
    assert len(rows) >= 1 + 4
    assert all(float(row[1]) > 0 for row in rows[1:])
    mean, worst = re.search(r"([\d.]+) in the mean, (\d+) at worst", printed).groups()
    assert float(mean) < 2
    assert float(worst) < 30


@pytest.mark.slow
def test_cost():
    printed = run("cost.py", "--quick", "--only", "llava-1.5", "internvl3")
    rows = [line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("| ")]
    assert [row[0].strip() for row in rows[1:]] == ["llava-1.5", "internvl3"]
    assert all(float(row[2]) > 0 for row in rows[1:])


@pytest.mark.slow
@pytest.mark.parametrize("model", ["llava", "qwen"])
def test_reducing(model):
    words = ("--width", "256" if model == "llava" else "896", "--layers", "2", "--rounds", "1", "--device", "cpu")
    printed = run("reduce.py", "--model", model, *words, "--methods", "uniform", "fastv@1")
    rows = [line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("| ")]
    assert [row[0].strip() for row in rows[1:8]] == ["uniform"] * 3 + ["fastv@1"] * 3 + ["no reduction"]
    assert all(float(row[5]) > 0 for row in rows[1:7])
    assert [row[0].strip() for row in rows[9:]] == ["11 %", "22 %", "33 %", "100 %"]
