"""What an engine does with memory and context that the model itself does not settle, each with where it was read.

transformers 5.24: cache_utils.py (a sliding layer keeps window - 1 positions; latent attention keeps the latent and the
rotary key: models/deepseek_v3/modeling_deepseek_v3.py). vLLM keeps the latent too, and whole blocks of 16 positions.
llama.cpp pads a cache to 256 positions and gives sliding layers the window and one micro-batch of 512.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtok.errors import UsageError


@dataclass(frozen=True)
class Runtime:
    """One engine. ``context`` is the window that it opens where nobody says otherwise; None is the model's own.

    A cache is padded to a multiple of ``pad`` positions. Where attention slides, it keeps the window plus ``slack``
    positions. ``whole`` says whether it takes the cache of the whole window at the start.
    """

    name: str
    context: int | None = None
    pad: int = 1
    slack: int = 0
    whole: bool = False

    def kept(self, positions: int, window: int | None) -> int:
        """Positions that the cache of a layer holds, of ``positions`` that passed."""
        padded = -(-positions // self.pad) * self.pad
        if window is None:
            return padded
        return min(padded, -(-(window + self.slack) // self.pad) * self.pad)


RUNTIMES = {
    "transformers": Runtime("transformers", slack=-1),
    "vllm": Runtime("vllm", pad=16),
    "llama.cpp": Runtime("llama.cpp", pad=256, slack=512, whole=True),
    "ollama": Runtime("ollama", context=4096, pad=256, slack=512, whole=True),
}


def find_runtime(name: str | None) -> Runtime:
    """The engine called ``name``, transformers where none is; ``UsageError`` for an unknown one."""
    if name is None:
        return RUNTIMES["transformers"]
    if name not in RUNTIMES:
        raise UsageError(f"there is no runtime {name!r}; expected one of {', '.join(RUNTIMES)}")
    return RUNTIMES[name]
