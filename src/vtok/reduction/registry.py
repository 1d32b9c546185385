"""Methods by name: every file in ``methods/`` is one."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
import re
from dataclasses import fields
from typing import Any

from vtok.errors import MethodError
from vtok.reduction import methods
from vtok.reduction.method import Method


def names() -> tuple[str, ...]:
    """The names of all methods, sorted."""
    return tuple(sorted(info.name for info in pkgutil.iter_modules(methods.__path__)))


def method_class(name: str) -> type[Method]:
    """The class of the method called ``name``; raises ``MethodError`` with the nearest names when there is none."""
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(names())}"
        raise MethodError(f"there is no method {name!r}; {hint}")
    module = importlib.import_module(f"{methods.__name__}.{name}")
    for found in vars(module).values():
        if inspect.isclass(found) and issubclass(found, Method) and found.__module__ == module.__name__:
            return found
    raise MethodError(f"the file of method {name!r} defines no method")


def parse(spec: str | Method) -> Method:
    """A method from its name, with parameters where wanted: ``random``, ``random(seed=3)``.

    Raises ``MethodError`` for an unknown name or parameter, or a value of the wrong type.
    """
    if isinstance(spec, Method):
        return spec
    match = re.fullmatch(r"\s*([\w+-]+)\s*(?:\((.*)\))?\s*", spec)
    if match is None:
        raise MethodError(f"cannot read the method {spec!r}; write a name, such as visionzip, or random(seed=3)")
    found = method_class(match[1])
    known = {field.name: type(field.default) for field in fields(found)}
    values: dict[str, Any] = {}
    for part in filter(None, (match[2] or "").split(",")):
        key, _, text = (piece.strip() for piece in part.partition("="))
        if key not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes no parameters"
            raise MethodError(f"{found.name} has no parameter {key!r}; {takes}")
        values[key] = _value(found.name, key, text, known[key])
    return found(**values)


def _value(method: str, key: str, text: str, kind: type) -> Any:
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (ValueError, KeyError):
        raise MethodError(f"{method} takes a {kind.__name__} as {key}, not {text!r}") from None
