"""Rows and columns of text on a terminal, or as plain text where there are too many rows for a table or no terminal."""

from __future__ import annotations

from dataclasses import dataclass, field

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from vtok.cli import common

#: A table of more rows takes seconds to draw, and nobody looks at its lines.
MOST_DRAWN = 500


@dataclass
class Sheet:
    """A title, headings, rows of cells, rows that sum up, and a caption; short rows are filled with blanks.

    The first column is text and stands to the left, the others are numbers and stand to the right.
    """

    title: str
    headings: list[str]
    rows: list[list[str]] = field(default_factory=list)
    footer: list[list[str]] = field(default_factory=list)
    caption: str = ""


def print_sheet(sheet: Sheet) -> None:
    """Print a sheet on stdout: a table on a terminal, else columns divided by blanks, nothing folded or cut."""
    if common.console.is_terminal and len(sheet.rows) <= MOST_DRAWN:
        common.console.print(_table(sheet))
    else:
        typer.echo(plain(sheet))


def printable(text: str) -> str:
    """``text`` in one line, whatever a file is called: a question mark for each character that moves the cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def plain(sheet: Sheet) -> str:
    """A sheet as aligned text."""
    lines = [_filled(sheet, cells) for cells in (sheet.headings, *sheet.rows, *sheet.footer)]
    widths = [max(len(cells[column]) for cells in lines) for column in range(len(sheet.headings))]
    text = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in lines
    ]
    return "\n".join([sheet.title, *text, *([sheet.caption] if sheet.caption else [])])


def _table(sheet: Sheet) -> Table:
    table = Table(
        title=sheet.title,
        title_justify="left",
        caption=sheet.caption or None,
        caption_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for column, heading in enumerate(sheet.headings):
        if column:
            table.add_column(heading, justify="right", overflow="fold")
        else:
            table.add_column(heading, overflow="fold", min_width=10)
    for cells in sheet.rows:
        table.add_row(*map(escape, _filled(sheet, cells)))
    table.add_section()
    for cells in sheet.footer:
        table.add_row(*map(escape, _filled(sheet, cells)), style="bold")
    return table


def _filled(sheet: Sheet, cells: list[str]) -> list[str]:
    number = len(sheet.headings)
    return [printable(cell) for cell in [*cells, *[""] * (number - len(cells))][:number]]
