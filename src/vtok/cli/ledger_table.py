"""The ledger for people: a table, with a column an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from vtok.vlm.ledger import Ledger
    from vtok.vlm.stages import Answer


def ledger_table(answers: Sequence[Answer]) -> Table:
    """One column an answer; with two, a third says what the second saves against the first."""
    ledgers = [answer.ledger for answer in answers]
    table = Table(title="Ledger", title_justify="left")
    table.add_column("")
    for ledger in ledgers:
        table.add_column(_heading(ledger), justify="right")
    compared = len(ledgers) == 2
    if compared:
        table.add_column("saved", justify="right", style="green")
    table.add_row("answer", *(answer.text for answer in answers), *[""] * compared)
    table.add_section()
    for index, image in enumerate(ledgers[0].images):
        cells = [f"{one.images[index].after} of {one.images[index].before}" for one in ledgers]
        saved = _saved([one.images[index].after for one in ledgers])
        name = f"visual tokens, {image.name}" if len(ledgers[0].images) > 1 else "visual tokens"
        table.add_row(name, *cells, *[saved] * compared)
    rows: list[tuple[str, Callable[[Ledger], float | None], Callable[[float], str]]] = [
        ("text tokens", lambda one: one.text_tokens, lambda value: f"{value:.0f}"),
        ("KV cache", lambda one: one.kv_bytes, human_bytes),
        ("preprocess", lambda one: one.seconds.preprocess, milliseconds),
        ("encode", lambda one: one.seconds.encode, milliseconds),
        ("reduce", lambda one: one.seconds.reduce, milliseconds),
        ("prefill", lambda one: one.seconds.prefill, milliseconds),
        ("first token after", lambda one: one.seconds.first_token, milliseconds),
        ("each token after", lambda one: one.seconds.per_token, milliseconds),
    ]
    for name, read, write in rows:
        values = [read(one) for one in ledgers]
        known = [value for value in values if value is not None]
        quiet = name in ("text tokens", "preprocess", "reduce", "each token after")
        saved = "" if quiet or len(known) < 2 else _saved(known)
        table.add_row(name, *("-" if v is None else write(v) for v in values), *[saved] * compared)
    return table


def _heading(ledger: Ledger) -> str:
    return "every token" if ledger.method is None else f"{ledger.method}, {ledger.budget}"


def _saved(values: Sequence[float]) -> str:
    if len(values) < 2 or not values[0]:
        return ""
    return f"{1 - values[1] / values[0]:.0%}"


def human_bytes(value: float) -> str:
    """Bytes in the largest unit that leaves a whole number in front: ``1.7 MiB``."""
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.2f} GiB"


def milliseconds(value: float) -> str:
    """Seconds as ``12.3 ms`` or ``4.56 s``."""
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
