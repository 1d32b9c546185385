"""What is asked: a request on a model and an engine, and the parts that every formula starts from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from vtok.catalog.architectures import complete_text
from vtok.catalog.checkpoints import Checkpoint
from vtok.catalog.devices import Device
from vtok.catalog.formats import Format
from vtok.catalog.text_sizes import TextSizes
from vtok.costs import language as languages
from vtok.costs import projector as projectors
from vtok.costs import towers
from vtok.costs.language import Language
from vtok.costs.projector import Projector
from vtok.costs.reduction import Cut, cut
from vtok.costs.request import Request
from vtok.costs.runtimes import Runtime
from vtok.costs.seeing import Seeing, handed, seeing
from vtok.costs.towers import Tower
from vtok.geometry.layout import Layout
from vtok.geometry.videos.clip import Encoding, VideoLayout


@dataclass(frozen=True)
class Asked:
    """A request; its parts raise ``UnknownFigureError`` where they rest on a figure that nobody tells.

    ``kv_bits`` are those of a number in the cache, ``opened`` the positions that it is made for where an engine takes
    them all at the start, None where it grows.
    """

    checkpoint: Checkpoint
    request: Request
    layouts: tuple[Layout | VideoLayout, ...]
    runtime: Runtime
    form: Format
    kv_bits: float
    device: Device | None = None
    opened: int | None = None

    @cached_property
    def cut(self) -> Cut:
        """What the budget leaves of the pictures; without a known number of layers, as if there were one."""
        return cut(self.request, self.layouts, self.text.layers or 1)

    @cached_property
    def text(self) -> TextSizes:
        """The sizes of the language model, and what all of its kind have."""
        return complete_text(self.checkpoint.text)

    @property
    def structural(self) -> int:
        """Positions beside the visual ones, which stay whatever is cut."""
        return sum(layout.structural for layout in self.layouts)

    @cached_property
    def tower(self) -> Tower:
        """The vision encoder."""
        return towers.tower(self.checkpoint.vision)

    @cached_property
    def projector(self) -> Projector:
        """What maps its output to the language model."""
        return projectors.projector(self.checkpoint.vision, self.text.hidden)

    @cached_property
    def language(self) -> Language:
        """The language model."""
        looked = "cross" in (self.text.attention or "")
        return languages.language(self.text, self.tower.looked(self.seen) if looked else 0)

    @cached_property
    def seen(self) -> Seeing:
        """What the encoder gets to see."""
        return self.seeing(self.layouts).shrunk(self.cut.encoder_share)

    @cached_property
    def handed(self) -> list[tuple[Projector, Seeing]]:
        """What the projector gets of that, by what it does with it where it does otherwise than with pictures."""
        found, words = [], self.request.text_tokens
        for way in dict.fromkeys(map(_way, self.layouts)):
            alike = [layout for layout in self.layouts if _way(layout) == way]
            vision = self.checkpoint.vision if way.merge is None else replace(self.checkpoint.vision, merge=way.merge)
            own = self.projector if way.merge is None else projectors.projector(vision, self.text.hidden)
            seen = handed(alike, self.tower.patch, self._padded, words)
            found.append((own, seen.shrunk(self.cut.encoder_share)))
        return found

    def seeing(self, layouts: Iterable[Layout | VideoLayout]) -> Seeing:
        """What the encoder gets to see of some of the pictures and videos."""
        return seeing(layouts, self.tower.patch, self._padded, self.request.text_tokens)

    @property
    def _padded(self) -> int | None:
        return self.tower.joined if self.tower.joined > 1 else None

    @cached_property
    def lengths(self) -> list[int]:
        """Positions of the prompt in each layer."""
        beside = self.structural + self.request.text_tokens
        return [self.cut.visual_at(layer.index) + beside for layer in self.language.layers]

    @property
    def visual(self) -> list[int]:
        """Those of them that are of pictures, with what a family inserts beside these."""
        return [self.cut.visual_at(layer.index) + self.structural for layer in self.language.layers]

    @property
    def read_again(self) -> int:
        """New tokens of the whole answer that are kept: all but the last, which is never read again."""
        return max(0, self.request.new_tokens - 1)

    @property
    def half_way(self) -> list[int]:
        """Positions in each layer half-way through the answer."""
        return [length + self.request.new_tokens // 2 for length in self.lengths]

    @property
    def at_the_end(self) -> list[int]:
        """Positions in each layer of which something is kept."""
        return [length + self.read_again for length in self.lengths]

    @property
    def cached(self) -> list[int]:
        """Positions in each layer's cache: those that were made at the start, or those that came to be."""
        return [max(length, self.opened or 0) for length in self.at_the_end]


def _way(layout: Layout | VideoLayout) -> Encoding:
    return layout.encoding if isinstance(layout, VideoLayout) else Encoding()
