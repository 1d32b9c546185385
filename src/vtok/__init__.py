"""vtok knows, fits and cuts the visual tokens of the vision-language model you run.

``import vtok`` needs numpy and Pillow only; what needs torch is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from vtok.errors import MissingExtraError, VtokError

if TYPE_CHECKING:
    from vtok.catalog.counting import count, count_many, layout, video_layout
    from vtok.costs.cost import cost
    from vtok.fitting.clip import fit_video
    from vtok.fitting.fit import fit
    from vtok.fitting.many import fit_many
    from vtok.vlm.context import reduce
    from vtok.vlm.pipeline import load

__version__ = "0.1.0"
__all__ = [
    "VtokError",
    "__version__",
    "cost",
    "count",
    "count_many",
    "fit",
    "fit_many",
    "fit_video",
    "layout",
    "load",
    "reduce",
    "video_layout",
]

#: Public names that are loaded when they are first used, some of which need an extra, and where they are.
_LAZY = {
    "cost": "vtok.costs.cost",
    "count": "vtok.catalog.counting",
    "count_many": "vtok.catalog.counting",
    "fit": "vtok.fitting.fit",
    "fit_many": "vtok.fitting.many",
    "fit_video": "vtok.fitting.clip",
    "layout": "vtok.catalog.counting",
    "load": "vtok.vlm.pipeline",
    "reduce": "vtok.vlm.context",
    "video_layout": "vtok.catalog.counting",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'vtok' has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(_LAZY[name]), name)
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"vtok.{name}", "hf", str(error.name)) from error
