"""Endless streams of scenes: sample ``i`` of a stream depends on the seed and ``i`` alone, so runs can be resumed."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from training.scene import Scene, dense, sparse

#: CLIP's mean and standard deviation, as transformers' CLIP image processor uses them.
MEAN = torch.tensor((0.48145466, 0.4578275, 0.40821073)).view(3, 1, 1)
STD = torch.tensor((0.26862954, 0.26130258, 0.27577711)).view(3, 1, 1)


def pixel_values(scene: Scene) -> torch.Tensor:
    """The picture as the model takes it: ``(3, 336, 336)`` float32, normalised."""
    pixels = torch.from_numpy(scene.draw()).permute(2, 0, 1).float() / 255
    return (pixels - MEAN) / STD


def labelled(scene: Scene) -> dict[str, torch.Tensor]:
    """Pixels, patch labels and presence of one scene."""
    labels = {name: torch.from_numpy(grid) for name, grid in scene.labels().items()}
    return {"pixels": pixel_values(scene), "present": torch.from_numpy(scene.presence()), **labels}


def page(rng: random.Random, test: bool = False) -> dict[str, torch.Tensor]:
    """Seven dense pages to three sparse scenes: what the encoder learns to read from."""
    return labelled(dense(rng, test) if rng.random() < 0.7 else sparse(rng, test))


class _Stream(Dataset[Any]):
    def __init__(self, make: Callable[[random.Random], Any], seed: int) -> None:
        self.make, self.seed = make, seed

    def __getitem__(self, index: int) -> Any:
        return self.make(random.Random(self.seed * 1_000_003 + index))


class _Count(Sampler[int]):
    def __init__(self, start: int) -> None:
        self.start = start

    def __iter__(self) -> Iterator[int]:
        index = self.start
        while True:
            yield index
            index += 1


def batches(
    make: Callable[[random.Random], Any], seed: int, size: int, step: int, collate: Any = None
) -> Iterator[Any]:
    """Batches of ``size`` samples from batch ``step`` on, drawn by one worker process beside the training."""
    torch.multiprocessing.set_sharing_strategy("file_system")
    return iter(
        DataLoader(
            _Stream(make, seed), size, sampler=_Count(step * size), num_workers=1, prefetch_factor=8, collate_fn=collate
        )
    )
