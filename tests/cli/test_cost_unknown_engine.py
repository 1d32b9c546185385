"""``vtok cost`` where no source tells what an engine takes for itself: the rest is told, and nothing is guessed."""

import json

import pytest
from test_cost import run, said

from vtok.costs.runtimes import RUNTIMES
from vtok.errors import VtokError

CPU = ("--model", "qwen2.5-vl-7b", "--weights", "q4_k_m", "--device", "ryzen-9-7950x-32gb")


@pytest.fixture(autouse=True)
def unknown():
    assert "cpu" not in RUNTIMES["llama.cpp"].overhead, "it is known now: take another engine"


def test_the_rest_is_told():
    text = said("--size", "640x480", *CPU)
    assert "Whether it fits is unknown: it takes " in text
    assert "beside what llama.cpp takes for itself. The first token waits" in text
    memory = json.loads(said("--size", "640x480", *CPU, "--json"))["memory"]
    parts = ("weights", "kv_cache", "states", "activations", "logits")
    assert memory["total"] is None
    assert memory["beside_engine"] == sum(memory[part] for part in parts)


def test_what_is_too_much_without_the_engine_is_too_much():
    words = ("--size", "640x480", "--model", "qwen2.5-vl-72b", *CPU[2:])
    found = json.loads(said(*words, "--json"))
    assert found["fits"] is False
    over = (found["memory"]["beside_engine"] - found["device_memory"]) / 2**30
    text = said(*words)
    assert f"Memory binds: it takes {over:.1f} GiB more than" in text
    assert "beside what llama.cpp takes for itself." in text


def test_what_rests_on_it_cannot_be_solved_by_the_device_but_by_memory():
    error = run(*CPU, "--solve", "pages").exception
    assert isinstance(error, VtokError)
    assert "no source tells what llama.cpp takes for itself" in str(error)
    text = said(*CPU[:4], "--solve", "pages", "--memory", "8GiB")
    assert " GiB of memory, beside the engine itself" in text
    found = json.loads(said(*CPU[:4], "--solve", "pages", "--memory", "8GiB", "--json"))["solutions"][0]
    pages = found["pictures"]
    assert found["cost"]["memory"]["beside_engine"] <= 8 * 2**30
    more = json.loads(said("--size", "1241x1755", "--images", pages + 1, *CPU[:4], "--json"))
    assert more["memory"]["beside_engine"] > 8 * 2**30
