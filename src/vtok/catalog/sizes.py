"""Sizes as tables and as dataclasses: those of a language model, of a vision encoder, and of what either has.

What no source tells is None. What all models of one architecture have alike (biases, norms, gates) is in
``architectures.toml`` under the ``kind``, so that a checkpoint names its kind and its own figures only. A figure of its
own goes before that of the kind. Sizes that belong together are a group, a small dataclass, which is a table within the
table of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

S = TypeVar("S", bound="DataclassInstance")


def known(sizes: Any) -> dict[str, Any]:
    """The sizes that are known, by name, in their order; those of a group as a dict of its own."""
    values = {field.name: getattr(sizes, field.name) for field in fields(sizes)}
    return {name: known(one) if is_dataclass(one) else one for name, one in values.items() if one is not None}


def from_table(kind: type[S], table: Mapping[str, Any]) -> S:
    """The sizes in a table, whose lists become tuples and whose tables groups.

    ``TypeError`` for a name that there is not.
    """
    return kind(**{name: _value(kind, name, one) for name, one in table.items()})


def filled(sizes: S, others: S) -> S:
    """``sizes``, with what ``others`` tell where they say nothing, in groups too."""
    names = [one.name for one in fields(sizes)]
    return replace(sizes, **{name: _first(getattr(sizes, name), getattr(others, name)) for name in names})


def _first(one: Any, other: Any) -> Any:
    if is_dataclass(one) and other is not None:
        return filled(one, other)
    return other if one is None else one


def _value(kind: type, name: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _tuples(value)
    groups = [one for one in get_args(_types(kind).get(name)) if isinstance(one, type) and is_dataclass(one)]
    return from_table(groups[0], value) if groups else value


@cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
