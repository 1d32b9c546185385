"""The sizes of an encoder of convolutions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stages:
    """An encoder of convolutions: its ``form``, the channels of its ``stem``, ``widths`` and ``blocks`` of its stages.

    Blocks are in the notation of ``architectures.toml``.
    """

    form: str | None = None
    stem: int | None = None
    widths: tuple[int, ...] | None = None
    blocks: tuple[str, ...] | None = None
