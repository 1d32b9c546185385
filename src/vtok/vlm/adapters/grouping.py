"""Which of the encoder's units (tiles, pictures, prompts) make up one picture.

What the encoder gives is a list of units, each a run of rows. A rule turns their sizes into pictures, each a list of
unit indices in order, by what stands between the placeholders in the prompts (b, n). Without prompts all are one.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from vtok.errors import ModelError


def by_gap(units: Sequence[int], ids: Tensor | None, image_token: int, gap: int) -> list[list[int]]:
    """Tiles whose placeholders stand at most ``gap`` other tokens apart are one picture."""
    if ids is None:
        return [list(range(len(units)))]
    spans: list[list[int]] = []
    for row, start, stop in runs(ids, image_token):
        if spans and spans[-1][0] == row and start - spans[-1][2] <= gap:
            spans[-1][1:] = [spans[-1][1] + stop - start, stop]
        else:
            spans.append([row, stop - start, stop])
    return _filled(units, [count for _, count, _ in spans])


def by_last_marker(units: Sequence[int], ids: Tensor | None, image_token: int) -> list[list[int]]:
    """Tiles with a marker each, the thumbnail last: a picture ends at the marker that its prompt's last tile has."""
    if ids is None:
        return [list(range(len(units)))]
    found = runs(ids, image_token)
    last = {row: int(ids[row, start - 1]) for row, start, _ in found}
    counts, open_count = [], 0
    for row, start, stop in found:
        open_count += stop - start
        if int(ids[row, start - 1]) == last[row]:
            counts.append(open_count)
            open_count = 0
    return _filled(units, counts)


def runs(ids: Tensor, image_token: int) -> list[tuple[int, int, int]]:
    """(prompt, start, stop) of every unbroken run of placeholders in (b, n) ``ids``, in reading order."""
    found: list[tuple[int, int, int]] = []
    for row, column in (ids == image_token).nonzero().tolist():
        if found and found[-1][0] == row and found[-1][2] == column:
            found[-1] = (row, found[-1][1], column + 1)
        else:
            found.append((row, column, column + 1))
    return found


def _filled(units: Sequence[int], counts: Sequence[int]) -> list[list[int]]:
    """Units, in order, for pictures of ``counts`` rows."""
    groups: list[list[int]] = []
    index = 0
    for count in counts:
        group: list[int] = []
        while count > 0 and index < len(units):
            group.append(index)
            count -= units[index]
            index += 1
        groups.append(group)
    if index != len(units) or [sum(units[one] for one in group) for group in groups] != list(counts):
        raise ModelError(
            f"the prompts show pictures of {list(counts)} placeholders, which the encoder's {list(units)} rows do not "
            "fill one by one; use the processor that belongs to this model"
        )
    return groups
