"""The list of classes that are served is what the proofs say, no more and no less."""

from pathlib import Path

import pytest
import transformers

from tests import zoo
from tests.vlm.proof import prove
from vtok.errors import ModelError
from vtok.vlm import families
from vtok.vlm.families import Reducible, filled, reducible, refused

#: The list is what holds with one version; with another it may be more or less.
pytestmark = pytest.mark.skipif(
    not transformers.__version__.startswith(f"{families.tested_with()}."),
    reason="the list was made with another transformers",
)
DOCS = Path(__file__).parents[2] / "docs" / "families.md"
LISTED = {one.name: one for one in reducible()}


@pytest.mark.parametrize("folder", zoo.names())
def test_a_class_is_listed_when_its_proof_holds_and_only_then(folder: str) -> None:
    name = zoo.classes()[folder]
    if name in refused():
        with pytest.raises(ModelError, match="has a generate of its own"):
            prove(folder)
        return
    assert LISTED[name] == Reducible(**prove(folder))


def test_every_class_is_listed_or_refused_with_a_reason() -> None:
    assert {*LISTED, *refused()} == set(zoo.classes().values())
    assert not LISTED.keys() & refused().keys()
    assert sum(one.proof == "masked" for one in reducible()) >= 60
    for folder, reason in zoo.EXCUSED.items():
        assert refused()[zoo.classes()[folder]] == reason


def test_the_docs_are_made_from_the_list() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert filled(text) == text
