"""What ``vtok.cost`` answers with. A part that rests on a figure that no source tells is None, which means unknown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from vtok.costs.request import Request


def total(*parts: int | None) -> int | None:
    """The sum; None where one of the parts is."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


@dataclass(frozen=True)
class Range:
    """From ``low`` to ``high``, in the unit of whoever holds it."""

    low: float
    high: float

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def times(self, factor: float) -> Range:
        """Both ends times ``factor``."""
        return Range(self.low * factor, self.high * factor)

    @property
    def middle(self) -> float:
        """The geometric mean of both ends: as many times over the one as under the other."""
        return float((self.low * self.high) ** 0.5)


@dataclass(frozen=True)
class Context:
    """Positions of one sequence: ``visual`` after the cut and ``visual_before`` it, ``structural`` beside them, words.

    ``frames`` are those that are taken of all videos. ``window`` is the most that the model and the runtime take,
    ``window_of`` says whose limit that is; None where no source tells.
    """

    visual: int
    visual_before: int
    structural: int
    text: int
    new: int
    window: int | None = None
    window_of: str = ""
    frames: int = 0

    @property
    def prompt(self) -> int:
        """Positions that are read before the first new token."""
        return self.visual + self.structural + self.text

    @property
    def total(self) -> int:
        """Positions of the prompt and of the answer."""
        return self.prompt + self.new

    @property
    def overflow(self) -> int:
        """By how many positions the window is too short; 0 where all fits or no window is known."""
        return max(0, self.total - self.window) if self.window is not None else 0


@dataclass(frozen=True)
class Memory:
    """Bytes by part. ``language`` is the language model without its embedding and its head.

    ``states`` are those of linear attention and short convolutions, ``activations`` the most that live at once beside
    weights and caches, ``logits`` the buffer of the head's output, ``overhead`` what the runtime takes for itself.
    """

    vision: int | None
    projector: int | None
    language: int | None
    embedding: int | None
    head: int | None
    kv_cache: int | None
    states: int | None
    activations: int | None
    logits: int | None
    overhead: int | None

    @property
    def weights(self) -> int | None:
        """All weights."""
        return total(self.vision, self.projector, self.language, self.embedding, self.head)

    @property
    def beside_engine(self) -> int | None:
        """Everything at its highest but what the engine takes for itself, which no source may tell."""
        return total(self.weights, self.kv_cache, self.states, self.activations, self.logits)

    @property
    def total(self) -> int | None:
        """Everything at its highest."""
        return total(self.beside_engine, self.overhead)


@dataclass(frozen=True)
class Work:
    """One quantity by part of the way: FLOPs (a multiplication and an addition are two), or bytes moved.

    ``linear`` and ``attention`` are those of the prefill through all layers, ``head`` the output head's for the last
    position, ``decode`` one new token's, all of them for the whole batch.
    """

    vision: int | None
    projector: int | None
    linear: int | None
    attention: int | None
    head: int | None
    decode: int | None

    @property
    def prefill(self) -> int | None:
        """The language model's part until the first token."""
        return total(self.linear, self.attention, self.head)

    @property
    def first_token(self) -> int | None:
        """Everything until the first token."""
        return total(self.vision, self.projector, self.prefill)


@dataclass(frozen=True)
class Seconds:
    """Seconds by part, each a range; ``decode`` is one token's."""

    vision: Range | None
    projector: Range | None
    prefill: Range | None
    decode: Range | None
    new_tokens: int

    @property
    def first_token(self) -> Range | None:
        """From the pixels to the first token."""
        parts = [part for part in (self.vision, self.projector, self.prefill) if part is not None]
        return sum(parts[1:], parts[0]) if len(parts) == 3 else None

    @property
    def total(self) -> Range | None:
        """To the end of the answer, whose first token the prefill makes."""
        if self.first_token is None or self.decode is None:
            return None
        return self.first_token + self.decode.times(max(0, self.new_tokens - 1))


@dataclass(frozen=True)
class Cost:
    """What a request costs. ``missing`` names the figures that no source tells and that something here rests on.

    ``device``, ``seconds`` and ``fits`` are None without a device.
    """

    request: Request
    model: str
    device: str | None
    runtime: str
    weights: str
    kv: str
    context: Context
    memory: Memory
    flops: Work
    moved: Work
    seconds: Seconds | None
    device_memory: int | None
    missing: tuple[str, ...]

    @property
    def over(self) -> int:
        """By how many bytes it is more than the device has, without what is not known of it; 0 where it is not."""
        least = self.memory.beside_engine if self.memory.total is None else self.memory.total
        return max(0, least - self.device_memory) if least is not None and self.device_memory is not None else 0

    @property
    def fits(self) -> bool | None:
        """Whether memory and context suffice; None where that is not known."""
        if self.context.overflow or self.over:
            return False
        return None if self.device_memory is None or self.memory.total is None else True

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, sums included."""
        data = asdict(self)
        data["context"] |= {"total": self.context.total, "overflow": self.context.overflow}
        data["memory"] |= {"weights": self.memory.weights}
        data["memory"] |= {"beside_engine": self.memory.beside_engine, "total": self.memory.total}
        for name, work in (("flops", self.flops), ("moved", self.moved)):
            data[name] |= {"prefill": work.prefill, "first_token": work.first_token}
        if self.seconds is not None:
            sums = {"first_token": self.seconds.first_token, "total": self.seconds.total}
            data["seconds"] |= {name: part and asdict(part) for name, part in sums.items()}
        return {**data, "fits": self.fits}
