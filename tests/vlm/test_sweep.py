"""Every method for pictures on every class that is listed: held against the oracle, or refused in words."""

from typing import Any

import pytest

import vtok
from tests import zoo
from tests.vlm.proof import held, inputs_of, recurrent
from tests.vlm.test_inside import hold
from vtok.errors import VtokError
from vtok.reduction.method import Stage
from vtok.reduction.registry import method_class, names
from vtok.vlm.families import refused

SERVED = [name for name in zoo.names() if zoo.classes()[name] not in refused()]
#: At a layer that two-layer models have, and without merging, which the oracle cannot follow inside the layers.
AT = {
    "dart": "dart(layer=1, visual=1, textual=1):3", "fastv": "fastv:3@1", "horizon": "horizon:3@1",
    "keynorm": "keynorm:3@1", "pyramiddrop": "pyramiddrop(stages=2):3", "sparsevlm": "sparsevlm(recycled=0):3",
    "vtw": "vtw@1",
}  # fmt: skip


def refusal(model: Any, spec: str) -> str | None:
    """Why a method cannot act on a class; None when it can."""
    try:
        with vtok.reduce(model, spec):
            return None
    except VtokError as error:
        return str(error)


@pytest.mark.slow
@pytest.mark.parametrize("method", [name for name in names(Stage.TOKENS) if not method_class(name).video])
def test_methods_before_the_language_model(method: str) -> None:
    served = 0
    for name in SERVED:
        tiny = zoo.build(name)
        if refusal(tiny.model, f"{method}:60%") is not None:
            continue
        try:
            held(tiny.model, inputs_of(tiny), f"{method}:60%", None)
        except VtokError as error:
            if "rows and columns" not in str(error) and "leaves at least" not in str(error):
                raise
            continue
        except AssertionError as error:
            raise AssertionError(f"{method} on {name}: {error}") from error
        served += 1
    assert served, "served nowhere"


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(AT))
def test_methods_inside_the_language_model(method: str) -> None:
    assert sorted(AT) == list(names(Stage.LAYERS))
    served = 0
    for name in SERVED:
        tiny = zoo.build(name)
        if refusal(tiny.model, AT[method]) is not None:
            assert recurrent(tiny.model), name
            continue
        try:
            hold(tiny, inputs_of(tiny), AT[method], 3)
        except AssertionError as error:
            raise AssertionError(f"{method} on {name}: {error}") from error
        served += 1
    assert served >= 60
