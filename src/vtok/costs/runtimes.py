"""What an engine does with memory and context that the model itself does not settle, each with where it was read.

- transformers 5.24, cache_utils.py: a sliding layer keeps window - 1 positions; for every new token a new tensor is
  made of the old cache and the new position, so that the cache is read, written, and read by attention. What a Python
  process with torch 2.13 and transformers takes by itself, 401 MiB, was measured on a CPU (``benchmarks/cost.py``
  prints it); the CUDA context with torch's kernels, 781 MB, is what pytorch #34323 saw in nvidia-smi.
  Attention that its fused kernels cannot do (a class with _supports_sdpa = False) keeps tables of all scores.
- vLLM keeps whole blocks of 16 positions.
- llama.cpp, src/llama-kv-cache-iswa.cpp: caches are padded to 256 positions, and a sliding layer has the window and
  one micro-batch of 512; src/llama-context.cpp reserves a buffer for a micro-batch whose every position has its logits
  and its last hidden state, in fp32 (its logs say 304.00 MiB for Qwen2.5-7B: 512 x (152,064 + 3,584) x 4 bytes);
  src/llama-arch.cpp leaves the embedding, and those of the layers, in the host's memory; tools/mtmd/mtmd-helper.cpp
  encodes and evaluates the chunks of a prompt, a picture each, one after the other. src/llama-kv-cache.cpp takes all
  cells of the context when it is made; where none is asked for, common/fit.cpp shrinks the context to what fits.
- Ollama runs llama.cpp's graphs; discover/gpu.go and gpu_darwin.go set 457 MiB of a card and 512 MiB of unified memory
  aside, which is taken for llama.cpp too. docs/context-length.mdx: its context is 4,096 tokens below 24 GiB of GPU
  memory, 32,768 below 48 GiB, 262,144 above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vtok.errors import UsageError

GIB, MIB = 2**30, 2**20


@dataclass(frozen=True)
class Runtime:
    """One engine.

    A cache is padded to a multiple of ``pad`` positions, and keeps the window plus ``slack`` positions where attention
    slides; for a new token it goes over it ``passes`` times. ``micro_batch`` positions of a prompt are worked on at
    once, None for all. ``host_embedding`` says whether the embedding stays out of a GPU's memory, ``activation`` how
    many bytes a number between layers has where the weights do not decide, ``one_by_one`` whether it encodes one
    picture after the other, ``whole`` whether it takes the cache of the whole window at the start, where that was
    asked for or is its own. ``contexts`` are the windows that it opens by itself, each for devices of less than so
    many bytes, the first for none; none means the model's own. ``tables`` says whether it keeps tables of scores where
    its fused attention does not do what the model wants. ``overhead`` is in bytes, by kind of device.
    """

    name: str
    pad: int = 1
    slack: int = 0
    passes: int = 1
    micro_batch: int | None = None
    host_embedding: bool = False
    activation: int | None = None
    one_by_one: bool = False
    whole: bool = False
    tables: bool = False
    contexts: tuple[tuple[float, int], ...] = ()
    overhead: Mapping[str, int] = field(default_factory=dict)

    def kept(self, positions: int, window: int | None) -> int:
        """Positions that the cache of a layer holds, of ``positions`` that passed."""
        padded = -(-positions // self.pad) * self.pad
        if window is None:
            return padded
        return min(padded, -(-(window + self.slack) // self.pad) * self.pad)

    def context(self, memory: int | None) -> int | None:
        """The window that it opens where nobody says otherwise, on a device of ``memory`` bytes."""
        return next((window for below, window in self.contexts if (memory or 0) < below), None)


_TORCH = {"gpu": 781 * 10**6, "cpu": 401 * MIB, "unified": 401 * MIB}
_CARD = {"gpu": 457 * MIB, "unified": 512 * MIB}
_OLLAMA_CONTEXTS = ((24 * GIB, 4096), (48 * GIB, 32768), (float("inf"), 262144))
_LLAMA = Runtime(
    "llama.cpp",
    pad=256,
    slack=512,
    micro_batch=512,
    host_embedding=True,
    activation=4,
    one_by_one=True,
    whole=True,
    overhead=_CARD,
)

RUNTIMES = {
    one.name: one
    for one in (
        Runtime("transformers", slack=-1, passes=3, tables=True, overhead=_TORCH),
        Runtime("vllm", pad=16, overhead=_TORCH),
        _LLAMA,
        replace(_LLAMA, name="ollama", contexts=_OLLAMA_CONTEXTS),
    )
}


def find_runtime(name: str | None) -> Runtime:
    """The engine called ``name``, transformers where none is; ``UsageError`` for an unknown one."""
    if name is None:
        return RUNTIMES["transformers"]
    if name not in RUNTIMES:
        raise UsageError(f"there is no runtime {name!r}; expected one of {', '.join(RUNTIMES)}")
    return RUNTIMES[name]
