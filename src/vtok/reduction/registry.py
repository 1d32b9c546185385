"""Methods by name: every file in ``methods/`` is one."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
import re
from dataclasses import fields
from typing import Any, get_args, get_type_hints

from vtok.errors import MethodError
from vtok.reduction import methods
from vtok.reduction.chain import Chain, Step, chain_of, layered
from vtok.reduction.method import Method, Stage


def names(*stages: Stage) -> tuple[str, ...]:
    """The names of all methods, sorted; only of those that act at ``stages`` where some are given."""
    known = sorted(_named(info.name) for info in pkgutil.iter_modules(methods.__path__))
    return tuple(name for name in known if not stages or method_class(name).stage in stages)


def method_class(name: str) -> type[Method]:
    """The class of the method called ``name``; raises ``MethodError`` with the nearest names when there is none."""
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(names())}"
        raise MethodError(f"there is no method {name!r}; {hint}")
    module = importlib.import_module(f"{methods.__name__}.{name.replace('+', '_plus')}")
    for found in vars(module).values():
        if inspect.isclass(found) and issubclass(found, Method) and found.__module__ == module.__name__:
            return found
    raise MethodError(f"the file of method {name!r} defines no method")


def parse_chain(spec: str | Method | Chain) -> Chain:
    """Methods one behind another, each with its budget and layer where wanted: ``visionzip:192 | fastv:64@2``.

    A budget is a number of tokens or a share (``25%``); a chain with one open takes it from elsewhere
    (``Chain.with_budget``). Raises ``MethodError`` and ``BudgetError`` for what cannot be read or contradicts itself.
    """
    if isinstance(spec, Method | Chain):
        return chain_of(spec)
    return Chain(tuple(_step(part) for part in spec.split("|")))


def parse(spec: str | Method) -> Method:
    """A method from its name, with parameters where wanted: ``random``, ``random(seed=3)``, ``fastv@2``.

    Raises ``MethodError`` for an unknown name or parameter, or a value of the wrong type.
    """
    if isinstance(spec, Method):
        return spec
    step = _step(spec)
    if step.budget is not None:
        raise MethodError(f"{spec!r} has a budget in it, where only a method is expected")
    return step.method


_STEP = re.compile(
    r"\s*(?P<name>[\w+-]+)\s*(?:\((?P<given>[^()]*)\))?\s*(?::\s*(?P<budget>[^@:|]+?))?\s*(?:@\s*(?P<layer>\d+))?\s*"
)


def _step(spec: str) -> Step:
    match = _STEP.fullmatch(spec)
    if match is None:
        raise MethodError(
            f"cannot read the method {spec!r}; write a name, such as visionzip, random(seed=3) or fastv:64@2"
        )
    method = _made(method_class(match["name"]), match["given"] or "")
    if match["layer"] is not None:
        method = layered(method, int(match["layer"]))
    budget = match["budget"]
    return Step(method, int(budget) if budget is not None and budget.isdecimal() else budget)


def _made(found: type[Method], given: str) -> Method:
    hints = get_type_hints(found)
    known = {field.name: hints[field.name] for field in fields(found)}
    values: dict[str, Any] = {}
    for part in filter(None, given.split(",")):
        key, _, text = (piece.strip() for piece in part.partition("="))
        if key not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes no parameters"
            raise MethodError(f"{found.name} has no parameter {key!r}; {takes}")
        values[key] = _value(found.name, key, text, known[key])
    return found(**values)


def _value(method: str, key: str, text: str, hint: Any) -> Any:
    # Of "int | None" the number is what can be written.
    kind = next((one for one in get_args(hint) if one is not type(None)), hint)
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (ValueError, KeyError):
        raise MethodError(f"{method} takes a {kind.__name__} as {key}, not {text!r}") from None


def _named(file: str) -> str:
    return file.replace("_plus", "+")
