"""``--device here``: measured in seconds, kept, and measured anew where what was kept is of no use."""

import json

import pytest

from vtok.catalog.devices import Device, find_device
from vtok.costs import here
from vtok.costs.cost import cost
from vtok.errors import UsageError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(here.platformdirs, "user_cache_dir", lambda name: str(tmp_path / name))
    return tmp_path / "vtok"


@pytest.fixture
def measured(monkeypatch):
    made = []

    def fake():
        made.append(1)
        return Device("here", 2**30, 1e9, {"fp32": 1e9, "fp16": 2e9}, "cpu", "one", (), (0.5, 1.0), (0.8, 1.0))

    monkeypatch.setattr(here, "measure", fake)
    return made


def test_it_is_measured_once_and_kept(folder, measured):
    assert not here.is_measured()
    first = here.this_machine()
    assert here.is_measured()
    assert here.this_machine() == first
    assert here.device_called("HERE") == first
    assert len(measured) == 1
    here.this_machine(fresh=True)
    assert len(measured) == 2
    assert [path.name for path in folder.iterdir()] == ["here.json"]


def test_what_was_disturbed_is_not_kept(folder, monkeypatch):
    made = Device("here", 2**30, 1e9, {"fp32": 1e9}, "cpu", "one", (), (0.5, 1.0), (0.8, 1.0), note="busy")
    monkeypatch.setattr(here, "measure", lambda: made)
    assert here.this_machine() is made
    assert not here.is_measured()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"machine": 3}', "x" * 2**17, '{"machine": null, "name": 3}'])
def test_a_broken_file_is_measured_anew(folder, measured, text):
    folder.mkdir()
    (folder / "here.json").write_text(text)
    assert here.this_machine().title == "one"


def test_another_machine_is_measured_anew(folder, measured):
    here.this_machine()
    data = json.loads((folder / "here.json").read_text())
    (folder / "here.json").write_text(json.dumps({**data, "machine": ["elsewhere", "arm", "2"]}))
    here.this_machine()
    assert len(measured) == 2


def test_without_a_folder_to_write_to(folder, measured):
    folder.write_text("a file where the folder should be")
    assert here.this_machine().title == "one"


def test_other_names_are_the_catalog_s(folder):
    assert here.device_called("3060") is find_device("3060")
    with pytest.raises(UsageError, match="did you mean"):
        here.device_called("rtx-306")


def test_a_cost_takes_a_device_by_name(folder, measured):
    by_name = cost((640, 480), "qwen2.5-vl-7b", "3060", weights="awq")
    assert by_name == cost((640, 480), "qwen2.5-vl-7b", find_device("rtx-3060-12gb"), weights="awq")
    assert cost((640, 480), "qwen2.5-vl-7b", "here").device == "here"
