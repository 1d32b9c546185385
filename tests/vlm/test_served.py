"""How many classes each method can serve: a prompt with a picture is run through every one of them."""

from collections.abc import Hashable
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest
import torch

import vtok
from tests import zoo
from tests.zoo.videos import prompts_with_videos
from vtok.errors import MethodError, VtokError
from vtok.reduction.chain import Chain, Step
from vtok.reduction.in_layer import LayerMethod
from vtok.reduction.method import Method, Stage
from vtok.reduction.registry import layered, method_class, names, parse
from vtok.vlm.block import Reduction
from vtok.vlm.families import reducible, served
from vtok.vlm.served import filled

WITH_VIDEOS = {one.name for one in reducible() if one.videos}
DOCS = Path(__file__).parents[2] / "docs" / "methods.md"


def shaped(name: str) -> Method:
    """The method as it acts in two layers, of which the models here have no more."""
    found = method_class(name)
    known = {field.name for field in fields(found)}
    if "layer" in known:
        return layered(found(), 1)
    return parse(f"{name}(stages=2)") if "stages" in known else found()


def acts(method: Method, folder: str) -> bool:
    """Whether a prompt runs through this class with fewer tokens by ``method``: with a picture, or what it is for."""
    tiny = zoo.build(folder)
    if method.video and zoo.classes()[folder] not in WITH_VIDEOS:
        return False
    try:
        with torch.no_grad(), vtok.reduce(tiny.model, method, "50%" if method.takes_budget else None):
            tiny.model(**(prompts_with_videos(tiny, [[(4, 4, 4)]]) if method.video else tiny.inputs([[(4, 4)]])))
    except VtokError:
        return False
    return True


def alike(method: Method) -> Hashable:
    """Methods that look at the same things at the same place are served by the same classes."""
    ahead = isinstance(method, LayerMethod) and method.looks_ahead
    needs = (method.needs, frozenset(method.stand_ins.items()), method.reads_grid, method.video, ahead)
    return (method.stage, *needs) if method.stage in (Stage.TOKENS, Stage.LAYERS) else method.name


@cache
def counted() -> dict[str, int]:
    listed = {one.name for one in reducible()}
    folders = [folder for folder in zoo.names() if zoo.classes()[folder] in listed]
    found: dict[Hashable, int] = {}
    for method in map(shaped, names()):
        if alike(method) not in found:
            found[alike(method)] = sum(acts(method, folder) for folder in folders)
    return {name: found[alike(shaped(name))] for name in names()}


def test_the_counts_in_the_list_are_those_of_the_models() -> None:
    now = "\n".join(f'"{name}" = {count}' for name, count in counted().items())
    assert served() == counted(), f"put into reducible.toml, below [methods]:\n{now}"


def test_a_method_that_reads_nothing_serves_all_and_one_for_videos_those_with_videos() -> None:
    assert served()["divprune"] == len(reducible())
    assert served()["evs"] == len(WITH_VIDEOS)
    assert served()["hired"] < served()["fastervlm"]
    with pytest.raises(MethodError, match="CLS"):
        Reduction(zoo.build("llava_onevision").model, Chain((Step(method_class("hired")(), 4),)))


def test_the_docs_are_up_to_date() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert text == filled(text), "run: python -m vtok.vlm.served docs/methods.md"
    assert all(f"| `{name}` |" in text for name in names())
