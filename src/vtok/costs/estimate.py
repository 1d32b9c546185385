"""One request on one model, engine and device: every formula of this room with its arguments filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from vtok.catalog.architectures import keeps_every_layer
from vtok.catalog.checkpoints import Checkpoint
from vtok.catalog.devices import Device
from vtok.catalog.formats import Format
from vtok.costs import flops, memory, traffic, weights
from vtok.costs.kv_cache import kv_bytes, state_bytes
from vtok.costs.language import Language, language
from vtok.costs.projector import Projector, projector
from vtok.costs.reduction import Cut, cut
from vtok.costs.request import Request
from vtok.costs.result import Memory, Range, Seconds, Work
from vtok.costs.runtimes import Runtime
from vtok.costs.seconds import roofline
from vtok.costs.seeing import Seeing, seeing
from vtok.costs.tower import Tower, tower
from vtok.costs.unknown import Ledger, UnknownFigureError, need
from vtok.geometry.layout import Layout

T = TypeVar("T")


@dataclass(frozen=True)
class Estimate:
    """The formulas for one request. What rests on a figure that nobody tells is None, and the figure is in ``missing``.

    ``kv_bits`` are those of a number in the cache, ``opened`` the positions that it is made for where an engine takes
    them all at the start, None where it grows.
    """

    checkpoint: Checkpoint
    request: Request
    layouts: tuple[Layout, ...]
    runtime: Runtime
    form: Format
    kv_bits: float
    device: Device | None = None
    opened: int | None = None
    _ledger: Ledger = field(default_factory=Ledger)

    @property
    def missing(self) -> tuple[str, ...]:
        """The figures that were missing so far."""
        return self._ledger.missing

    @cached_property
    def cut(self) -> Cut:
        """What the budget leaves of the pictures; without a known number of layers, as if there were one."""
        return cut(self.request, self.layouts, self.checkpoint.text.layers or 1)

    @property
    def structural(self) -> int:
        """Positions beside the visual ones, which stay whatever is cut."""
        return sum(layout.structural for layout in self.layouts)

    def memory(self) -> Memory:
        """Bytes by part, at the end of the answer for the caches, at the highest point for activations."""
        form, take, batch = self.form, self._ledger.take, self.request.batch
        return Memory(
            vision=take(lambda: weights.tower_bytes(self._tower, form)),
            projector=take(lambda: weights.projector_bytes(self._projector, form)),
            language=take(lambda: weights.language_bytes(self._language, form)),
            embedding=take(self._embedding),
            head=take(lambda: weights.head_bytes(self._language, form)),
            kv_cache=take(lambda: kv_bytes(self._language, self._cached, self.kv_bits, self.runtime, batch)),
            states=take(lambda: state_bytes(self._language, form.activation, batch)),
            activations=take(self._activations),
            logits=take(lambda: memory.logits_bytes(self._language, form.activation, batch, self.runtime.micro_batch)),
            overhead=take(self._overhead),
        )

    def flops(self) -> Work:
        """FLOPs by part."""
        take, batch = self._ledger.take, self.request.batch
        return Work(
            vision=take(lambda: batch * self._vision_flops(self._seen)),
            projector=take(lambda: batch * flops.projection(self._projector, self._seen, self._tower.class_tokens)),
            linear=take(lambda: flops.prefill_linear(self._language, self._lengths, batch)),
            attention=take(lambda: flops.prefill_attention(self._language, self._lengths, batch)),
            head=take(lambda: flops.head(self._language, 1, batch)),
            decode=take(lambda: flops.decode(self._language, self._half_way, batch)),
        )

    def moved(self) -> Work:
        """Bytes moved by part; what attention moves is within ``linear``'s projections."""
        take, form, batch = self._ledger.take, self.form, self.request.batch
        return Work(
            vision=take(lambda: traffic.vision(self._tower, self._seen, form)),
            projector=take(lambda: traffic.projection(self._projector, self._seen, form)),
            linear=take(lambda: traffic.prefill(self._language, self._lengths, form, batch)),
            attention=take(lambda: kv_bytes(self._language, self._lengths, self.kv_bits, self.runtime, batch)),
            head=take(lambda: self._language.head.bytes_in(form)),
            decode=take(
                lambda: traffic.decode(self._language, self._half_way, form, self.kv_bits, self.runtime, batch)
            ),
        )

    def seconds(self) -> Seconds:
        """Ranges of seconds by part; ``decode`` is one token half-way through the answer."""
        take = self._ledger.take
        work, moved, new = self.flops(), self.moved(), self.request.new_tokens
        return Seconds(
            vision=take(lambda: self._time(_known(work.vision), _known(work.vision), _known(moved.vision))),
            projector=take(lambda: self._time(_known(work.projector), _known(work.projector), _known(moved.projector))),
            prefill=take(lambda: self._prefill_time(work, moved)),
            decode=take(lambda: self._time(_known(work.decode), _known(work.decode), _known(moved.decode))),
            new_tokens=new,
        )

    def _prefill_time(self, work: Work, moved: Work) -> Range:
        linear, head = _known(work.linear), _known(work.head)
        least = flops.attention_needed(self._language, self._lengths, self.request.batch)
        mixed = self._time(least, _known(work.attention), _known(moved.attention))
        return self._time(linear, linear, _known(moved.linear)) + mixed + self._time(head, head, _known(moved.head))

    def _time(self, least: int, most: int, moved: int) -> Range:
        if self.device is None:
            raise UnknownFigureError("device")
        return roofline(self.device, self.form, least, most, moved)

    @cached_property
    def _tower(self) -> Tower:
        return tower(self.checkpoint.vision)

    @cached_property
    def _projector(self) -> Projector:
        return projector(self.checkpoint.vision, self.checkpoint.text.hidden)

    @cached_property
    def _language(self) -> Language:
        return language(self.checkpoint.text)

    @cached_property
    def _seen(self) -> Seeing:
        seen = seeing(self.layouts, need(self.checkpoint.vision, "patch"))
        return seen.shrunk(self.cut.encoder_share)

    def _vision_flops(self, seen: Seeing) -> int:
        return flops.vision_linear(self._tower, seen) + flops.vision_attention(self._tower, seen)

    @cached_property
    def _lengths(self) -> list[int]:
        """Positions of the prompt in each layer."""
        beside = self.structural + self.request.text_tokens
        return [self.cut.visual_at(index) + beside for index in range(len(self._language.layers))]

    @property
    def _half_way(self) -> list[int]:
        return [length + self.request.new_tokens // 2 for length in self._lengths]

    @property
    def _at_the_end(self) -> list[int]:
        """The last new token is never read again, so that nothing of it is kept."""
        return [length + max(0, self.request.new_tokens - 1) for length in self._lengths]

    @property
    def _cached(self) -> list[int]:
        """Positions in each layer's cache: those that were made at the start, or those that came to be."""
        return [max(length, self.opened or 0) for length in self._at_the_end]

    def _embedding(self) -> int:
        on_card = self.device is None or self.device.kind == "gpu"
        host = self.runtime.host_embedding and on_card
        if host and not self._language.tied:
            return 0
        return weights.embedding_bytes(self._language, self.form)

    def _activations(self) -> int:
        number, batch = self.runtime.activation or self.form.activation, self.request.batch
        if self.runtime.micro_batch:
            return self._encoder_buffer(number) + self._buffer(number, self.runtime.micro_batch)
        reading = memory.language_activations(self._language, self._lengths, number, batch) + self._kept(number)
        if not self.layouts:
            return reading
        encoding = batch * memory.vision_activations(self._tower, self._seen, number)
        return max(reading, encoding - self._not_yet())

    def _not_yet(self) -> int:
        """What of the cache is not there while pictures are encoded, in an engine whose cache grows with the answer."""
        if self.runtime.name != "transformers":
            return 0
        return kv_bytes(self._language, self._at_the_end, self.kv_bits, self.runtime, self.request.batch)

    @property
    def _at_once(self) -> list[Seeing]:
        """What the encoder works on at the same time: all pictures of a request, or each by itself."""
        if not self.runtime.one_by_one:
            return [self._seen]
        patch, share = need(self.checkpoint.vision, "patch"), self.cut.encoder_share
        return [seeing((layout,), patch).shrunk(share) for layout in set(self.layouts)]

    def _kept(self, number: int) -> int:
        """What the encoder leaves behind while the prompt is read."""
        if self.runtime.name != "transformers":
            return 0
        every = keeps_every_layer(self.checkpoint.vision.projector)
        return self.request.batch * memory.kept_after_encoding(self._tower, self._seen, number, every)

    def _encoder_buffer(self, number: int) -> int:
        """The encoder's buffer in an engine that has one of its own, for the largest of what it works on at once."""
        if not self.layouts:
            return 0
        each = (memory.encoder_buffer(self._tower, self._projector, seen, number) for seen in self._at_once)
        return max(each)

    def _buffer(self, number: int, micro: int) -> int:
        """What the buffer of a micro-batch holds beside logits, in whose place the tensors of a layer come."""
        logits = memory.logits_bytes(self._language, number, 1, micro)
        lengths = [min(length, micro) for length in self._lengths]
        inside = memory.language_activations(self._language, lengths, number)
        return max(inside - logits, micro * number * self._language.hidden)

    def _overhead(self) -> int:
        found = self.runtime.overhead.get(self.device.kind) if self.device else None
        if found is None:
            raise UnknownFigureError(f"what {self.runtime.name} takes for itself on this kind of device")
        return found


def _known(value: int | None) -> int:
    """A part that is None has its figure in the ledger already."""
    if value is None:
        raise UnknownFigureError("")
    return value
