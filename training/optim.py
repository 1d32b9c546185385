"""Muon for the hidden matrices, AdamW for everything else, and a schedule over a budget of minutes."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

RUNS = Path(__file__).parent / "runs"


class Optimizers:
    """Both optimizers behind one ``step``; matrices inside layers go to Muon, the rest to AdamW.

    ``rates`` gives each module its full rates, (Muon, AdamW).
    """

    def __init__(self, rates: Sequence[tuple[nn.Module, float, float]]) -> None:
        hidden: list[dict[str, Any]] = []
        rest: list[dict[str, Any]] = []
        for module, muon, adam in rates:
            named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
            inside = [p for name, p in named if p.ndim == 2 and ".layers." in f".{name}"]
            outside = [p for name, p in named if not (p.ndim == 2 and ".layers." in f".{name}")]
            hidden += [{"params": inside, "lr": muon}] * bool(inside)
            rest += [{"params": outside, "lr": adam}] * bool(outside)
        self.each: list[torch.optim.Optimizer] = [torch.optim.AdamW(rest, betas=(0.9, 0.98), weight_decay=0.01)]
        if hidden:
            self.each.append(torch.optim.Muon(hidden, weight_decay=0.01))
        self.rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in self.each]
        self.parameters = [p for group in hidden + rest for p in group["params"]]

    def step(self, factor: float) -> None:
        """One step at ``factor`` times the full rates; gradients are clipped and cleared."""
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for optimizer, rates in zip(self.each, self.rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict[str, Any]]:
        return [optimizer.state_dict() for optimizer in self.each]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        for optimizer, state in zip(self.each, states, strict=True):
            optimizer.load_state_dict(state)


class Clock:
    """How far a stage is in its minutes: constant rate for the share ``hold``, then linear to zero.

    Minutes and not steps, so that a stage ends when it was meant to on whatever machine it runs; the time spent
    is saved with the weights, so a stage that was broken off goes on where it stood.
    """

    def __init__(self, minutes: float, hold: float = 0.5) -> None:
        self.budget, self.spent, self.last, self.hold = minutes * 60, 0.0, time.monotonic(), hold

    def tick(self) -> float:
        """Add the time since the last tick; returns the share of the budget that is spent, 0 to 1."""
        now = time.monotonic()
        self.spent, self.last = self.spent + now - self.last, now
        return min(1.0, self.spent / self.budget)

    def factor(self, share: float, warm: float = 0.01) -> float:
        """What the full rates are multiplied by at ``share`` of the budget."""
        return min(1.0, share / warm + 0.02, (1 - share) / (1 - self.hold) + 1e-3)


class Checkpoint:
    """A stage's weights, optimizers and clock in one file under ``training/runs``, written every minute."""

    def __init__(self, stage: str, modules: dict[str, nn.Module], optimizers: Optimizers, clock: Clock) -> None:
        self.path, self.modules, self.optimizers, self.clock = RUNS / f"{stage}.pt", modules, optimizers, clock
        self.step, self.saved = 0, time.monotonic()

    def resume(self) -> bool:
        """Take up an earlier run of this stage; False when there is none."""
        if not self.path.exists():
            return False
        state = torch.load(self.path, weights_only=True)
        for name, module in self.modules.items():
            module.load_state_dict(state["modules"][name])
        self.optimizers.load_state_dict(state["optimizers"])
        self.step, self.clock.spent = state["step"], state["spent"]
        return True

    def save(self, now: bool = False) -> None:
        if not now and time.monotonic() - self.saved < 60:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimizers": self.optimizers.state_dict(),
            "step": self.step,
            "spent": self.clock.spent,
        }
        part = self.path.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.path)
        self.saved = time.monotonic()
