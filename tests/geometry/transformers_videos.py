"""What transformers does with videos: the frames that it samples, the size of each, and the text that it writes."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from transformers_source import Sides, bare, rules

torch = pytest.importorskip("torch")


class Metadata(SimpleNamespace):
    """Stands in for transformers' ``VideoMetadata``."""

    def __getitem__(self, key):
        return getattr(self, key)

    @property
    def timestamps(self):
        return [index / self.fps for index in self.frames_indices]


def metadata(clip, indices=None):
    made = {"total_num_frames": clip.frames, "fps": clip.fps, "duration": clip.seconds, "frames_indices": indices}
    return Metadata(**made)


@cache
def classes(module, kind):
    """The class in the file of ``kind`` in the folder ``module``, without its bases."""
    # Two of them take the function for the size from the file for pictures.
    first = [f"{module}/image_processing_{module}"] if module in ("ernie4_5_vl_moe", "minimax_m3_vl") else []
    found = rules(*first, f"{module}/{kind}_{module}", torch=torch)
    ending = "VideoProcessor" if kind == "video_processing" else "Processor"
    return [one for name, one in vars(found).items() if name.endswith(ending)][-1]


def video_class(module, **attributes):
    """A video processor without its constructor run; ``module`` is its folder."""
    cls = classes(module, "video_processing")
    attributes = {"num_frames": None, "fps": None, **attributes}
    sizes = {key: Sides(**value) if key == "size" else value for key, value in attributes.items()}
    return bare(cls, **sizes)


def sampled(module, clip, kwargs, **attributes):
    """The indices that the class in ``module`` samples; None where it refuses."""
    processor = video_class(module, **attributes)
    try:
        return [int(index) for index in processor.sample_frames(metadata(clip), **kwargs)]
    except (ValueError, ZeroDivisionError, RuntimeError):
        return None


def uniform(clip, num_frames=None, fps=None):
    """``default_sample_indices_fn``; None where it refuses."""
    from transformers.video_utils import default_sample_indices_fn

    try:
        return default_sample_indices_fn(metadata(clip), num_frames=num_frames, fps=fps).tolist()
    except ValueError:
        return None


def patches(module, frames, width, height, **attributes):
    """Patches of a whole video of ``frames`` sampled frames, by the class's own count; None where it refuses."""
    processor = bare(classes(module, "video_processing"), **attributes)
    try:
        return processor.get_num_of_video_patches(frames, height, width, {})
    except ValueError:
        return None


def written(module, clip, indices, grid, **attributes):
    """What the processor in ``module`` puts in place of a video whose steps have ``grid`` (steps, rows, columns)."""
    video = SimpleNamespace(merge_size=1, temporal_patch_size=attributes.pop("per", 1), max_fps=2)
    video.frame_timestamp_format = "Time: {timestamp:.1f}s"
    processor = bare(
        classes(module, "processing"), video_processor=video, video_token="<v>", image_token="<v>", **attributes
    )
    inputs = {
        "video_grid_thw": [np.array(grid)],
        "video_metadata": [metadata(clip, list(indices))],
        "pixel_values_videos": [np.zeros((len(indices), 3, 1, 1))],
        "pixel_values": np.zeros((1, len(indices), 3, 1, 1)),
        "num_soft_tokens_per_video": [grid[1] * grid[2]],
        "video_grids": [torch.tensor(grid)],
        "num_chunks_per_video": [grid[0]],
    }
    if module == "kimi_k25":
        inputs["video_grid_thw"] = np.array([[1, *grid[1:]]] * grid[0])
    if module == "minimax_m3_vl":
        inputs["video_grid_thw"] = torch.tensor([grid])
    return processor.replace_video_token(inputs, 0)
