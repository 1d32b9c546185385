"""The counting rules of an installed transformers, run from its source without its optional dependencies.

Most image processors import torchvision at their top, though the rules from size to count are plain arithmetic. So
the modules are loaded with their imports and base classes left out.
"""

import __future__

import ast
import collections
import functools
import importlib.util
import itertools
import math
import re
import time
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest


class Sides(SimpleNamespace):
    """Stands in for transformers' ``SizeDict``."""

    __hash__ = object.__hash__


_DECORATORS = {"lru_cache", "staticmethod", "property"}
_PLAIN = {
    "math": math,
    "re": re,
    "time": time,
    "itertools": itertools,
    "np": np,
    "lru_cache": functools.lru_cache,
    "reduce": functools.reduce,
    "defaultdict": collections.defaultdict,
    "MultiModalData": SimpleNamespace,
    "BatchFeature": lambda data, **_: data,
    "SizeDict": Sides,
    "logger": MagicMock(),
    "PILImageResampling": MagicMock(),
}


class _RulesOnly(SourceFileLoader):
    def source_to_code(self, data, path, **_):
        tree = ast.parse(data)
        tree.body = [node for node in map(_plain, tree.body) if node]
        flags = __future__.annotations.compiler_flag
        return compile(ast.fix_missing_locations(tree), path, "exec", flags=flags, dont_inherit=True)

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)


def rules(*modules, torch=None):
    """Functions and classes of modules such as ``aria/processing_aria``, in one namespace, without their bases."""
    models = Path(importlib.util.find_spec("transformers").origin).parent / "models"
    names = dict(_PLAIN, torch=torch)
    for module in modules:
        path = models / f"{module}.py"
        if not path.exists():
            pytest.skip(f"this transformers has no {module}")
        loader = _RulesOnly(module.replace("/", "_"), str(path))
        made = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
        vars(made).update(names)
        loader.exec_module(made)
        names = {name: value for name, value in vars(made).items() if not name.startswith("__")}
    return SimpleNamespace(**names)


def bare(cls, **attributes):
    """An instance without its constructor run, with ``attributes`` set."""
    made = cls.__new__(cls)
    made._merge_kwargs = lambda **_: {"images_kwargs": dict(getattr(cls, "images_kwargs", {}))}
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def _plain(node):
    if isinstance(node, ast.FunctionDef):
        node.decorator_list = [call for call in node.decorator_list if _name(call) in _DECORATORS]
        return node
    if isinstance(node, ast.ClassDef):
        node.bases, node.keywords, node.decorator_list = [], [], []
        node.body = [inner for inner in map(_plain, node.body) if inner] or [ast.Pass()]
        return node
    if isinstance(node, ast.Assign):
        try:
            ast.literal_eval(node.value)
        except ValueError:
            return None
        return node
    return node if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant) else None


def _name(node):
    node = node.func if isinstance(node, ast.Call) else node
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
