"""The way of one request, stage by stage: what each stage gave, the sequence as a map, where each word looked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vtok.errors import MethodError
from vtok.reduction.method import Method
from vtok.reduction.method import Stage as When
from vtok.reduction.registry import parse_chain
from vtok.vlm.attention import record
from vtok.vlm.loaded import Picture
from vtok.vlm.looks import REGIONS, Word, looking_words
from vtok.vlm.pipeline import VLM
from vtok.vlm.sequence import Run, runs_of
from vtok.vlm.stages import Answer


@dataclass(frozen=True)
class Stage:
    """One tensor on the way: its shape, dtype, and the mean, least and largest L2 norm of its last dimension."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    norms: tuple[float, float, float]


@dataclass(frozen=True)
class Trace:
    """Everything that was seen on the way from the pictures to the answer."""

    stages: tuple[Stage, ...]
    runs: tuple[Run, ...]
    words: tuple[Word, ...]
    answer: Answer

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "question": self.answer.question,
            "text": self.answer.text,
            "ledger": self.answer.ledger.to_dict(),
            "stages": [asdict(stage) for stage in self.stages],
            "sequence": [asdict(run) for run in self.runs],
            "regions": list(REGIONS),
            "words": [asdict(word) for word in self.words],
        }


@torch.no_grad()
def trace(
    vlm: VLM,
    pictures: Sequence[Picture],
    question: str,
    method: str | Method | None = None,
    budget: int | str | None = None,
    max_new_tokens: int = 32,
) -> Trace:
    """Ask ``question`` and keep what every stage gave; attention is computed for the generated rows alone.

    Raises what ``VLM.ask`` raises.
    """
    chain = None if method is None else parse_chain(method)
    if chain is not None and chain.at(When.LAYERS):
        raise MethodError(
            f"a trace follows words through every layer, where {chain} takes tokens out of some; "
            "trace a method that acts before the language model"
        )
    stages: list[Stage] = []
    prepared = [vlm.prepare(picture) for picture in pictures]
    for one in prepared:
        stages += [stage(name, value) for name, value in one.inputs.items() if value.is_floating_point()]
    cuts = []
    for one in prepared:
        with _watching(vlm.adapter.stages(vlm.model), stages):
            cuts.append(vlm.cut(one, method, budget, question))
    stages += [stage("visual tokens, after the cut", cut.reduced.vectors) for cut in cuts]
    prompt = vlm.interleave(cuts, [question])
    language = vlm.adapter.language_model(vlm.model)
    layers = [layer.self_attn for layer in language.layers]  # type: ignore[union-attr]  # a module's attributes are untyped
    with record(language, layers, row=-1) as recorder:
        answer = vlm.generate(cuts, question, max_new_tokens)
    runs = tuple(runs_of(vlm, prompt, cuts))
    return Trace(tuple(stages), runs, tuple(looking_words(vlm, prompt, cuts, answer, recorder.weights)), answer)


def stage(name: str, value: Tensor) -> Stage:
    """Shape, dtype and norms of one tensor; pixels have their norm a pixel, over the colours."""
    vectors = value.float()
    if value.ndim >= 3 and value.shape[-3] == 3 and name == "pixel_values":
        vectors = vectors.movedim(-3, -1)
    norms = vectors.norm(dim=-1)
    spread = float(norms.mean()), float(norms.min()), float(norms.max())
    return Stage(name, tuple(value.shape), str(value.dtype).removeprefix("torch."), spread)


@contextmanager
def _watching(modules: dict[str, nn.Module], stages: list[Stage]) -> Iterator[None]:
    noted: set[str] = set()

    def note(name: str) -> Any:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            # What is merged before the projector goes through it once more.
            label = f"{name}, after merging" if name in noted else name
            noted.add(name)
            stages.append(stage(label, output if torch.is_tensor(output) else output[0]))

        return hook

    hooks = [module.register_forward_hook(note(name)) for name, module in modules.items()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
