"""Pictures, patches and layers for the tests of methods, drawn from a seed."""

import torch
from torch import Tensor

from vtok.reduction.in_layer import InLayer
from vtok.reduction.seen import Patches, Seen


def drawer(seed: int, dtype: torch.dtype = torch.float32, constant: bool = False):
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Tensor:
        made = torch.ones(*shape) if constant else torch.randn(*shape, generator=generator)
        return made.to(dtype)

    return drawn


def seen(
    rows: int = 6,
    columns: int = 6,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    constant: bool = False,
    frames: int = 0,
) -> Seen:
    """One picture with everything that a method may ask for; a video of ``frames`` frames where that is not 0."""
    drawn, count = drawer(seed, dtype, constant), rows * columns * max(1, frames)
    attention = torch.zeros(2, count) if constant else drawn(2, count).float().softmax(-1)
    return Seen(
        (1, count) if frames else (rows, columns),
        vectors=drawn(count, 8),
        features=drawn(count, 5),
        cls_attention=attention,
        keys=drawn(2, count, 4),
        first_attention=attention.flip(-1),
        received_attention=attention,
        text=drawn(7, 8),
        blocks=((rows, columns),) * frames,
        video=frames > 0,
    )


def tiled(seed: int = 0) -> Seen:
    """A thumbnail of 4 x 4 tokens before two rows of two tiles of 4 x 4, put together."""
    made = seen(10, 8, seed)
    return Seen(**{**vars(made), "grid": (1, 80), "blocks": ((4, 4), (8, 8)), "thumbnail": 0})


def in_layer(count: int = 36, seed: int = 0, dtype: torch.dtype = torch.float32, constant: bool = False) -> InLayer:
    """``count`` visual tokens at the entry of layer 2 of 8."""
    drawn = drawer(seed, dtype, constant)
    attention = torch.zeros(2, 3, count) if constant else drawn(2, 3, count).float().softmax(-1)
    return InLayer(
        2, 8, drawn(count, 8), torch.arange(count), attention, drawn(2, count, 4), drawn(7, 8), drawn(2, 7, 4)
    )


def patches(rows: int = 6, columns: int = 6, seed: int = 0, dtype: torch.dtype = torch.float32) -> Patches:
    """Patches of which most repeat each other."""
    drawn = drawer(seed)
    return Patches((rows, columns), (drawn(rows * columns, 12) > 1.8).to(dtype))
