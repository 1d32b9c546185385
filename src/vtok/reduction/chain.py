"""Methods one behind another: ``visionzip:192 | fastv:64@2``, each with its budget and its layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from vtok.errors import BudgetError, MethodError
from vtok.reduction import budget as budgets
from vtok.reduction.method import Method, Stage

Budget = int | str | None


@dataclass(frozen=True)
class Step:
    """One method of a chain; ``budget`` is a number, a share of the image's tokens, or None where it is left open."""

    method: Method
    budget: Budget = None

    @property
    def open(self) -> bool:
        """Whether it still waits for a budget."""
        return self.budget is None and self.method.needs_budget

    @property
    def layer(self) -> int | None:
        """Where it acts in the language model, as far as that is fixed without knowing the model."""
        return getattr(self.method, "layer", None)

    def __str__(self) -> str:
        budget = "" if self.budget is None else f":{str(self.budget).strip()}"
        layer = "" if self.layer is None else f"@{self.layer}"
        return f"{self.method.spelled(frozenset({'layer'}))}{budget}{layer}"


@dataclass(frozen=True)
class Chain:
    """Methods in the order in which they act; what contradicts itself is refused when it is made."""

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            raise MethodError(
                "there is no method; write one, such as visionzip, or several: visionzip:192 | fastv:64@2"
            )
        for step in self.steps:
            _check_step(step)
        for first, second in zip(self.steps, self.steps[1:], strict=False):
            _check_pair(first, second)
        if sum(step.open for step in self.steps) > 1:
            names = " and ".join(step.method.name for step in self.steps if step.open)
            raise BudgetError(f"{names} have no budgets of their own; write them, such as visionzip:192 | fastv:64@2")

    @property
    def open(self) -> bool:
        """Whether one of its steps still waits for a budget."""
        return any(step.open for step in self.steps)

    @property
    def early(self) -> bool:
        """Whether one of its steps changes what the encoder does."""
        return any(step.method.stage.rank < Stage.TOKENS.rank for step in self.steps)

    def at(self, stage: Stage) -> tuple[Step, ...]:
        """The steps that act at ``stage``."""
        return tuple(step for step in self.steps if step.method.stage is stage)

    def with_budget(self, budget: Budget, otherwise: Budget = None) -> Chain:
        """The chain whose open step has ``budget``, or ``otherwise`` where ``budget`` is None.

        Raises ``BudgetError`` where a budget is given and no step waits for it, or one is missing.
        """
        if not self.open:
            return self._closed(budget)
        wanted = otherwise if budget is None else budget
        if wanted is None:
            raise BudgetError(f"{self} needs a budget: a number of tokens, such as 144, or a share, such as 25%")
        budgets.tokens(wanted, 1)
        return Chain(tuple(replace(step, budget=wanted) if step.open else step for step in self.steps))

    def _closed(self, budget: Budget) -> Chain:
        if budget is None:
            return self
        if len(self.steps) == 1 and self.steps[0].budget is None and self.steps[0].method.takes_budget:
            return Chain((replace(self.steps[0], budget=budget),))
        raise BudgetError(f"{self} leaves no budget open, so one of {budget} beside it has no place; leave one out")

    def keeps(self, count: int, fixed: bool = False) -> tuple[int, ...]:
        """How many of an image's ``count`` tokens each step may leave at most; see ``budget.tokens`` for ``fixed``.

        A method that decides by itself may leave as many as come to it, one that withdraws all leaves none. Raises
        ``BudgetError`` where a later step may leave more than an earlier one.
        """
        left, allowed = count, []
        for step in self.steps:
            most = 0 if not step.method.takes_budget else budgets.tokens(step.budget, count, fixed)
            if most > left and step.budget is not None and left < count:
                raise BudgetError(f"in {self}, {step.method.name} may leave {most} tokens, but only {left} come to it")
            left = min(left, most)
            allowed.append(left)
        return tuple(allowed)

    def __str__(self) -> str:
        return " | ".join(map(str, self.steps))


def chain_of(method: Method | Chain | Sequence[Step], budget: Budget = None) -> Chain:
    """A chain from one method and its budget, or from steps; a chain as it is."""
    if isinstance(method, Chain):
        return method
    return Chain((Step(method, budget),)) if isinstance(method, Method) else Chain(tuple(method))


def _check_step(step: Step) -> None:
    method = step.method
    if step.budget is None:
        return
    if not method.takes_budget:
        raise BudgetError(f"{method.name} leaves no visual token, so it takes no budget; leave :{step.budget} out")
    budgets.tokens(step.budget, 1)


def _check_pair(first: Step, second: Step) -> None:
    one, other = first.method, second.method
    if one.stage.rank > other.stage.rank:
        raise MethodError(
            f"{one.name} acts {one.stage.value}, {other.name} {other.stage.value}: write {other.name} before {one.name}"
        )
    if one.stage is other.stage and one.stage in (Stage.PIXELS, Stage.PATCHES, Stage.TOWER):
        raise MethodError(f"{one.name} and {other.name} both act {one.stage.value}; take one of them")
    if not one.takes_budget:
        raise MethodError(f"{one.name} leaves no visual token, so {other.name} behind it has nothing to do")
    if first.layer is not None and second.layer is not None and first.layer >= second.layer:
        raise MethodError(
            f"{one.name}@{first.layer} | {other.name}@{second.layer}: layers must ascend from method to method"
        )
    if isinstance(first.budget, int) and isinstance(second.budget, int) and first.budget < second.budget:
        raise BudgetError(
            f"{other.name}:{second.budget} behind {one.name}:{first.budget}: budgets must not grow on the way"
        )


def layered(method: Method, layer: int) -> Method:
    """``method`` acting at ``layer``; raises ``MethodError`` where that means nothing to it."""
    if "layer" not in {field.name for field in fields(method)}:
        raise MethodError(f"{method.name} does not act at one layer, so @{layer} has no place behind it")
    changed: Method = replace(method, layer=layer)  # type: ignore[call-arg]  # only methods that have the field
    return changed
