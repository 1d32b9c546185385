"""Budgets: numbers and shares."""

import pytest

from vtok.errors import BudgetError
from vtok.geometry.budget import tokens


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (None, 576),
        (144, 144),
        ("144", 144),
        (" 144 ", 144),
        ("25%", 144),
        ("0.1%", 1),
        ("100%", 576),
        (9999, 576),
        (1, 1),
    ],
)
def test_what_a_budget_allows(budget: int | str | None, expected: int) -> None:
    assert tokens(budget, 576) == expected


@pytest.mark.parametrize("budget", [0, -5, "0", "0%", "-3%", "nan%", "inf%", "many", "12.5", "", "%", "150%"])
def test_what_makes_no_sense_is_refused(budget: int | str) -> None:
    with pytest.raises(BudgetError):
        tokens(budget, 576)


def test_a_number_above_a_fixed_count_is_a_mistake() -> None:
    assert tokens(576, 576, fixed=True) == 576
    assert tokens("100%", 576, fixed=True) == 576
    with pytest.raises(BudgetError, match="every picture is 576 visual tokens"):
        tokens(577, 576, fixed=True)
