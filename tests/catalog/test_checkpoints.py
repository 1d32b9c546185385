"""The catalog: every entry is usable and sourced, every name finds one checkpoint, the oracle's settings have names."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import vtok
from vtok.catalog.checkpoints import Checkpoint, checkpoints, find_checkpoint, names_of
from vtok.catalog.sizes import known
from vtok.errors import UsageError

COUNTS = Path(__file__).parents[1] / "data" / "counts"
STEMS = sorted(path.stem for path in COUNTS.glob("*.json"))
MISCOUNTED = {("mistral-small-3.1", 1008, 1): 37}


@pytest.mark.parametrize("stem", STEMS)
def test_every_oracle_is_a_name_and_agrees(stem):
    rows = json.loads((COUNTS / f"{stem}.json").read_text())["rows"]
    widths, heights = np.array([row[:2] for row in rows]).T
    expected = [MISCOUNTED.get((stem, *row[:2]), -1 if row[2] is None else row[2]) for row in rows]
    assert vtok.count_many(widths, heights, model=stem, errors="mask").tolist() == expected


def test_there_are_many():
    assert len(checkpoints()) >= 80


@pytest.mark.parametrize("one", checkpoints(), ids=lambda one: one.name)
def test_an_entry_makes_sense(one):
    assert one.family.layout(640, 480).total > 0
    assert one.family.count_many(np.array([640]), np.array([480])).tolist() == [one.family.layout(640, 480).total]
    assert one.sources["settings"]
    sized = known(one.text) or known(one.vision) or one.context
    assert bool(sized) == ("sizes" in one.sources)
    assert bool(one.parameters) == ("parameters" in one.sources)
    figures = [value for sizes in (one.text, one.vision) for value in known(sizes).values()]
    assert all(value > 0 for value in figures if isinstance(value, int) and not isinstance(value, bool))
    text = one.text
    if text.heads and text.kv_heads:
        assert text.heads % text.kv_heads == 0
    # Only what differs from the family is written down.
    assert all(
        getattr(Checkpoint("", "", one.family_name).family, key) != one.all_settings[key] for key in one.settings
    )
    for name, settings in one.variants.items():
        assert find_checkpoint(name).settings == {**one.settings, **settings}


def test_a_name_finds_one_checkpoint():
    seen = {}
    for one in checkpoints():
        for name in (*names_of(one), *one.variants):
            assert seen.setdefault(name.casefold(), one.name) == one.name, name
    assert find_checkpoint("qwen/QWEN2.5-vl-7b-instruct").name == "qwen2.5-vl-7b"
    assert find_checkpoint("Qwen2.5-VL-7B-Instruct").name == "qwen2.5-vl-7b"


@pytest.mark.parametrize(
    ("name", "near"),
    [("qwen2.5-vl-7", "qwen2.5-vl-7b"), ("lava-1.5", "llava-1.5"), ("smolvlm", "smolvlm-2.2b"), ("gema3", "gemma3")],
)
def test_unknown_names_tell_the_nearest(name, near):
    with pytest.raises(UsageError, match=f"no model '{name}'.*{near}"):
        find_checkpoint(name)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("MiniCPM-V 2.6", "minicpm-v-2.6"),
        ("Gemma 3n E4B", "gemma-3n-e4b"),
        ("gemma3:4b", "gemma-3-4b"),
        ("qwen2.5vl:7b", "qwen2.5-vl-7b"),
    ],
)
def test_names_as_people_and_ollama_write_them(name, found):
    assert find_checkpoint(name).name == found


def test_no_two_names_are_alike_but_for_hyphens():
    letters = {}
    for one in checkpoints():
        for name in (*names_of(one), *one.variants):
            owner = letters.setdefault(re.sub(r"[-_: ]", "", name.casefold()), one.name)
            assert owner == one.name


def test_a_name_like_nothing():
    with pytest.raises(UsageError, match=r"there is no model 'zzzzzzzz'; see all with: vtok models$"):
        find_checkpoint("zzzzzzzz")


def test_what_everyone_knows():
    assert vtok.count((336, 336), model="llava-1.5-7b") == 576
    assert vtok.count((896, 896), model="gemma3") == 256
    # 1,024 tokens of 28 px make 896 x 896 px.
    assert vtok.count((896, 896), model="qwen2.5-vl-7b") == 1024
    assert vtok.count((10, 10), model="llama3.2-vision") == 1
