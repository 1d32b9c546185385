"""Budgets: the most visual tokens an image may take, as a number or as a share."""

from __future__ import annotations

from vtok.errors import BudgetError


def tokens(budget: int | str | None, count: int, fixed: bool = False) -> int:
    """How many of ``count`` tokens ``budget`` allows: a number (``144``), a share (``"25%"``), or None for all.

    A budget is the most an image may take, so one above ``count`` allows all of them. Where every picture is
    ``count`` tokens whatever its size (``fixed``), a number above it is a mistake. A share is rounded down, to no less
    than one token. Raises ``BudgetError`` for zero, a negative number, one above a fixed count, or what cannot be read.
    """
    if budget is None:
        return count
    share = isinstance(budget, str) and budget.strip().endswith("%")
    text = str(budget).strip().removesuffix("%")
    try:
        value = float(text) if share else int(text)
    except ValueError:
        raise BudgetError(
            f"cannot read the budget {budget!r}; write a number of tokens, such as 144, or a share, such as 25%"
        ) from None
    if not 0 < value < float("inf"):
        raise BudgetError(f"a budget of {budget} keeps no visual token; it must be at least 1 (or above 0%)")
    if share and value > 100:
        raise BudgetError(f"a budget of {budget} is more than everything; a share goes up to 100%")
    if fixed and not share and value > count:
        raise BudgetError(
            f"a budget of {budget} is more than there is: every picture is {count} visual tokens in this model; "
            f"leave the budget out to keep them all"
        )
    return max(1, int(count * value / 100)) if share else min(int(value), count)
