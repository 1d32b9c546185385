"""Every error that vtok raises on purpose, in one place.

::

    VtokError                     what was met, what was expected, what to do next
    ├── ImageError                a picture that cannot be opened or is over a limit
    ├── ModelError                a checkpoint directory or a model that cannot be used
    │   └── UnknownKindError      a checkpoint of a kind that vtok has no rule for
    ├── MethodError               an unknown method, or one that cannot do what was asked
    ├── UsageError                an argument that makes no sense; the command line exits with 2
    │   └── BudgetError           a budget of zero or less, or one that cannot be read
    └── MissingExtraError         a part of vtok whose dependencies are not installed

Each message is one line that a person can act on. The command line prints it to stderr without a traceback.
"""

from __future__ import annotations


class VtokError(Exception):
    """Base of all errors that vtok raises on purpose; ``exit_code`` is what the command line ends with."""

    exit_code = 1


class ImageError(VtokError):
    """A picture that cannot be opened, decoded, or that is over a limit."""


class ModelError(VtokError):
    """A checkpoint directory or a loaded model that cannot be used."""


class UnknownKindError(ModelError):
    """A checkpoint of a kind that vtok has no rule for; something else may know how to count for it."""


class MethodError(VtokError):
    """An unknown reduction method, or one that cannot do what was asked of it."""


class UsageError(VtokError):
    """An argument that makes no sense, whatever the files and the model are."""

    exit_code = 2


class BudgetError(UsageError):
    """A budget that is zero, negative, or that cannot be read."""


class MissingExtraError(VtokError):
    """A part of vtok whose optional dependencies are not installed."""

    def __init__(self, what: str, extra: str, missing: str) -> None:
        super().__init__(
            f'{what} needs {missing}, which is not installed. Install it with: pip install "vtok[{extra}]"'
        )
