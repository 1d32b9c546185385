"""Which frames of a video to show, and how large, within a budget.

1. Up to ``CANDIDATES`` frames, evenly spaced, are read and shrunk to thumbnails of 32 x 32 grey cells.
2. *Near duplicates* go first: a frame none of whose cells differs by more than ``ALIKE`` grey levels from the frame
   that was kept before it. Noise and compression average out over the pixels of a cell: to 3 levels at most in an
   H.264 clip of 320 x 240 px with noise of 6 levels, and to less in larger ones. A word that appears, or a hand that
   moves, changes some cell by more than 6. The first frame and the last one always stay.
3. *Number against size.* A frame that is not shown is still told of by its neighbour that is: it is worth what that
   neighbour is, times the SSIM of their thumbnails (Z. Wang et al., IEEE TIP 13, 2004). So the objective of
   ``vtok.fitting.share`` is the same here: the sum of weight x log(worth) over all distinct frames is made greatest,
   the weight of each being the time it stands for. Frames are given up one at a time, the one that costs least first,
   and for each number that is left all are shown at the largest size within the budget; the best number wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vtok.errors import BudgetError
from vtok.fitting.choose import Choice
from vtok.fitting.survey import Survey

Floats = NDArray[np.float64]
#: Frames that are looked at, at most. An hour is seen every 14 seconds.
CANDIDATES = 256
#: Grey levels by which a cell of a thumbnail must differ for a frame to be another one.
ALIKE = 6.0
_CELLS, _WINDOW = 32, 8
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_LEAST = 0.01


@dataclass(frozen=True)
class Reel:
    """Frames to show, by their numbers ascending, all at the size of one ``choice``.

    ``seen`` frames were looked at, of which ``distinct`` were no near duplicates.
    """

    frames: tuple[int, ...]
    choice: Choice
    seen: int
    distinct: int

    @property
    def tokens(self) -> int:
        """Tokens of all frames together, each a picture of its own."""
        return len(self.frames) * self.choice.tokens


def candidates(frames: int, most: int = CANDIDATES) -> list[int]:
    """Numbers of up to ``most`` of a video's frames, evenly spaced, the first and the last among them."""
    return (
        np.unique(np.rint(np.linspace(0, frames - 1, min(frames, max(2, most)))).astype(int)).tolist() if frames else []
    )


def thumbnail(frame: Image.Image) -> Floats:
    """A frame as 32 x 32 means of grey, (32, 32)."""
    return np.asarray(frame.convert("L").resize((_CELLS, _CELLS), Image.Resampling.BOX), np.float64)


def drop_near_duplicates(thumbnails: Sequence[Floats], alike: float = ALIKE) -> list[int]:
    """Which of the frames stay, by their place; the first and the last always do."""
    kept: list[int] = []
    for place, one in enumerate(thumbnails):
        if not kept or place == len(thumbnails) - 1 or np.abs(one - thumbnails[kept[-1]]).max() > alike:
            kept.append(place)
    return kept


def plan(
    frames: Sequence[int],
    thumbnails: Sequence[Floats],
    surveys: Sequence[Survey],
    rungs: Sequence[Choice],
    budget: int,
    most: int | None = None,
) -> Reel:
    """Which of ``frames``, at least two where there are two, to show at which size within ``budget`` tokens.

    ``thumbnails`` has one a frame; ``surveys`` are those of a few of them, and ``rungs`` the sizes that a frame can
    take, the cheapest first (``vtok.fitting.survey.ladder``). At most ``most`` frames are shown. Raises ``BudgetError``
    where even two at the smallest size are over the budget.
    """
    places = drop_near_duplicates(thumbnails)
    worth = [float(np.mean([np.log(survey.worth(one)) for survey in surveys])) for one in rungs]
    weights = np.diff([*places, len(frames)]) / len(frames)
    order = _giving_up([thumbnails[place] for place in places], weights)
    best: tuple[float, list[int], Choice] | None = None
    for shown, lost in order:
        fits = [index for index, one in enumerate(rungs) if len(shown) * one.tokens <= budget]
        if not fits or (most is not None and len(shown) > max(2, most)):
            continue
        rung = max(fits, key=lambda index: worth[index])
        if best is None or worth[rung] - lost > best[0]:
            best = worth[rung] - lost, shown, rungs[rung]
    if best is None:
        least = min(len(places), 2) * rungs[0].tokens
        raise BudgetError(
            f"the first and the last frame of {frames[-1] + 1:,} take at least {least:,} tokens together, "
            f"and the budget is {budget:,}"
        )
    _, shown, choice = best
    return Reel(tuple(frames[places[one]] for one in shown), choice, len(frames), len(places))


def _giving_up(thumbnails: Sequence[Floats], weights: Iterable[float]) -> list[tuple[list[int], float]]:
    """For each number of frames, from all to two: which stay, and the weighted log that those given up have lost."""
    number = len(thumbnails)
    loss = -np.log(np.maximum(_ssim(np.stack(thumbnails)), _LEAST))
    weight = np.fromiter(weights, float, number)
    left = list(range(number))
    found: list[tuple[list[int], float]] = [(list(left), 0.0)]
    while len(left) > 2:
        costs = [_cost(loss, weight, left, place) for place in range(1, len(left) - 1)]
        left.pop(1 + int(np.argmin(costs)))
        found.append((list(left), _lost(loss, weight, left)))
    return found


def _cost(loss: Floats, weight: Floats, left: list[int], place: int) -> float:
    """What giving up the frame at one place costs: it and those told of by it go over to its neighbours."""
    before, here, after = left[place - 1 : place + 2]
    among = np.arange(before + 1, after)
    told = np.minimum(np.where(among < here, loss[among, before], loss[among, after]), loss[among, here])
    then = np.minimum(loss[among, before], loss[among, after])
    return float((weight[among] * (then - told)).sum())


def _lost(loss: Floats, weight: Floats, left: list[int]) -> float:
    """The weighted loss of all frames, each told of by the better of the shown ones beside it."""
    every = np.arange(len(weight))
    after = np.minimum(np.searchsorted(left, every), len(left) - 1)
    before = np.maximum(after - 1, 0)
    shown = np.asarray(left)
    beside = np.minimum(loss[every, shown[before]], loss[every, shown[after]])
    beside[shown] = 0.0
    return float((weight * beside).sum())


def _ssim(thumbnails: Floats) -> Floats:
    """Mean SSIM of each pair of thumbnails, over windows of 8 x 8 cells."""
    number, side = len(thumbnails), _CELLS // _WINDOW
    windows = thumbnails.reshape(number, side, _WINDOW, side, _WINDOW).transpose(1, 3, 0, 2, 4)
    cells = windows.reshape(side * side, number, _WINDOW * _WINDOW)
    mean = cells.mean(axis=2)
    varied = cells - mean[:, :, None]
    shared = varied @ varied.transpose(0, 2, 1) / varied.shape[2]
    variance = np.diagonal(shared, axis1=1, axis2=2)
    light = (2 * mean[:, :, None] * mean[:, None] + _C1) / (mean[:, :, None] ** 2 + mean[:, None] ** 2 + _C1)
    structure = (2 * shared + _C2) / (variance[:, :, None] + variance[:, None] + _C2)
    found: Floats = (light * structure).mean(axis=0)
    return found
