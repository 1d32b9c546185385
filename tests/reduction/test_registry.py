"""Methods by name."""

import dataclasses

import pytest

from vtok.errors import MethodError
from vtok.reduction.registry import method_class, names, parse


def test_the_first_methods_are_there() -> None:
    assert {"random", "uniform", "pool", "downsample", "visionzip"} <= set(names())


@pytest.mark.parametrize("name", names())
def test_every_method_says_what_it_is(name: str) -> None:
    found = method_class(name)
    assert found.name == name
    assert found.summary
    assert found.source
    assert dataclasses.is_dataclass(found)
    assert str(found()) == name


def test_parameters_are_read_and_printed() -> None:
    method = parse("random(seed=3)")
    assert str(method) == "random(seed=3)"
    assert parse(str(method)) == method
    assert str(parse("visionzip(contextual=0.25, mean=true)")) == "visionzip(contextual=0.25, mean=True)"
    assert parse(method) is method


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("visionzap", "did you mean visionzip"),
        ("qqq", "there are: "),
        ("random(sed=3)", "it takes seed"),
        ("uniform(a=1)", "it takes no parameters"),
        ("random(seed=x)", "takes a int as seed"),
        ("visionzip(mean=maybe)", "takes a bool"),
        ("visionzip(contextual=1.5)", "from 0 up to 1"),
        ("random(", "cannot read the method"),
        ("", "cannot read the method"),
    ],
)
def test_what_cannot_be_read_is_explained(spec: str, said: str) -> None:
    with pytest.raises(MethodError, match=said.replace("(", r"\(")):
        parse(spec)
