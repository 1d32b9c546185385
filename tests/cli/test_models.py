"""``vtok models``."""

import json
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from vtok.catalog.checkpoints import checkpoints
from vtok.cli import main
from vtok.errors import UsageError


def run(*words):
    return CliRunner().invoke(main.app, ["models", *words])


def test_all_are_listed():
    assert len(json.loads(run("--json").stdout)) == len(checkpoints())
    assert run().exit_code == 0


def test_filters():
    found = json.loads(run("gemma-3", "4b", "--json").stdout)
    assert {one["model"] for one in found} == {"gemma-3-4b", "gemma-3n-e4b"}
    assert run("gemma 3n", "--json").stdout == run("gemma", "3n", "--json").stdout != run("gemma", "--json").stdout
    assert "qwen2.5-vl-7b" in run("SMART").stdout
    assert "show" not in run("QWEN").stdout


def test_one_is_shown_with_its_sources():
    text = run("show", "qwen2.5-vl").stdout
    for part in (
        "Qwen/Qwen2.5-VL-7B-Instruct",
        "max_pixels 12845056",
        "128,000 tokens",
        "layers 28",
        "source of sizes",
    ):
        assert part in text
    data = json.loads(run("show", "gemma4", "--json").stdout)
    assert data["variants"]["gemma4-70"] == {"max_tokens": 70}


def test_in_what_numbers_it_says_where_something_is():
    assert re.search(r"says where in\W+px xy", run("show", "qwen2.5-vl-7b").stdout)
    assert json.loads(run("show", "paligemma2-3b-448", "--json").stdout)["says_where_in"] == "0-1024 yx"
    assert json.loads(run("show", "gemma-3-4b", "--json").stdout)["says_where_in"] is None


def test_how_videos_are_taken_is_shown():
    text = run("show", "qwen3-vl-8b").stdout
    assert "fps 2, least 4, most 768" in text
    assert "source of videos" in text
    assert "video_processing_qwen3_vl.py" in text
    assert json.loads(run("show", "qwen3-vl-8b", "--json").stdout)["video"]["max_pixels"] == 25165824
    assert json.loads(run("show", "llava-1.5-7b", "--json").stdout)["video"] == {}


def test_closed_models_are_marked():
    assert "what the maker publishes, for comparison only" in " ".join(run("gpt-4o").stdout.split())
    assert "for comparison only" not in run("qwen2.5").stdout
    assert "OpenAI publishes how it counts, and no weights" in run("show", "gpt-4o").stdout
    closed = {one["model"]: one["closed"] for one in json.loads(run("--json").stdout)}
    assert closed["claude-4"] is True
    assert closed["qwen2.5-vl-7b"] is False


@pytest.mark.parametrize("words", [["zzzz"], ["show"], ["show", "zzzz"], ["show", "gemma3", "pixtral"]])
def test_wrong_usage(words):
    assert isinstance(run(*words).exception, UsageError)


def test_what_can_be_reduced_needs_no_torch():
    data = json.loads(run("--reducible", "--json").stdout)
    assert len(data) >= 60
    assert {
        "name": "Qwen2_5_VLForConditionalGeneration",
        "model_type": "qwen2_5_vl",
        "proof": "masked",
        "grid": True,
        "videos": True,
    } in data
    assert "Qwen3VLForConditionalGeneration" in run("--reducible", "qwen3").stdout
    assert "Llava" not in run("--reducible", "qwen3").stdout
    assert isinstance(run("--reducible", "zzzz").exception, UsageError)
    code = "import sys, vtok.cli.models; assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
