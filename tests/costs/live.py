"""Numbers that live at once while something runs: storages that operators make, and that nothing holds any longer."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Live(TorchDispatchMode):
    """``most`` numbers in fp32 that lived at once, ``held`` (weights, inputs) not among them."""

    def __init__(self, held: Iterable[torch.Tensor]) -> None:
        super().__init__()
        self.most = self._now = 0
        self._known = {tensor.untyped_storage()._cdata for tensor in held}

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self._take(tensor.untyped_storage())
        return made

    def _take(self, storage: torch.UntypedStorage) -> None:
        if storage._cdata in self._known or not storage.nbytes():
            return
        self._known.add(storage._cdata)
        self._now += storage.nbytes() // 4
        self.most = max(self.most, self._now)
        weakref.finalize(storage, self._give, storage._cdata, storage.nbytes() // 4)

    def _give(self, place: int, numbers: int) -> None:
        self._known.discard(place)
        self._now -= numbers
