"""One request on one model, engine and device: every formula of this room with its arguments filled in."""

from __future__ import annotations

from dataclasses import dataclass, field

from vtok.catalog.formats import Format
from vtok.costs import flops, memory, traffic, weights
from vtok.costs.asked import Asked
from vtok.costs.kv_cache import kv_bytes, state_bytes
from vtok.costs.peak import activations
from vtok.costs.result import Memory, Range, Seconds, Work
from vtok.costs.seconds import roofline
from vtok.costs.unknown import Ledger, UnknownFigureError


@dataclass(frozen=True)
class Estimate(Asked):
    """The formulas for one request. What rests on a figure that nobody tells is None, and it is in ``missing``."""

    _ledger: Ledger = field(default_factory=Ledger)

    @property
    def missing(self) -> tuple[str, ...]:
        """The figures that were missing so far."""
        return self._ledger.missing

    def memory(self) -> Memory:
        """Bytes by part, at the end of the answer for the caches, at the highest point for activations."""
        form, take, batch = self.form, self._ledger.take, self.request.batch
        return Memory(
            vision=take(lambda: weights.tower_bytes(self.tower, form)),
            projector=take(lambda: weights.projector_bytes(self.projector, form)),
            language=take(lambda: weights.language_bytes(self.language, form)),
            embedding=take(self._embedding),
            head=take(lambda: weights.head_bytes(self.language, form)),
            kv_cache=take(lambda: self._kv(self.cached, self.read_again)),
            states=take(lambda: state_bytes(self.language, form.activation, batch)),
            activations=take(lambda: activations(self)),
            logits=take(lambda: memory.logits_bytes(self.language, form.activation, batch, self.runtime.micro_batch)),
            overhead=take(self._overhead),
        )

    def flops(self) -> Work:
        """FLOPs by part."""
        take, batch = self._ledger.take, self.request.batch
        return Work(
            vision=take(lambda: batch * self.tower.flops(self.seen)),
            projector=take(lambda: batch * self._projected()),
            linear=take(lambda: flops.prefill_linear(self.language, self.lengths, batch, self.visual)),
            attention=take(lambda: flops.prefill_attention(self.language, self.lengths, batch)),
            head=take(lambda: flops.head(self.language, 1, batch)),
            decode=take(lambda: flops.decode(self.language, self.half_way, batch, self.request.new_tokens // 2)),
        )

    def moved(self) -> Work:
        """Bytes moved by part; what attention moves is within ``linear``'s projections."""
        take, form, batch = self._ledger.take, self.form, self.request.batch
        return Work(
            vision=take(lambda: traffic.vision(self.tower, self.seen, form)),
            projector=take(lambda: traffic.projection(self.projector, self.handed, form, self.tower.class_tokens)),
            linear=take(lambda: traffic.prefill(self.language, self.lengths, form, batch, self.visual)),
            attention=take(lambda: self._kv(self.lengths, 0)),
            head=take(lambda: self.language.head.bytes_in(form)),
            decode=take(self._decoded),
        )

    def _kv(self, lengths: list[int], new: int) -> int:
        return kv_bytes(self.language, lengths, self.kv_bits, self.runtime, self.request.batch, new)

    def _decoded(self) -> int:
        batch, new = self.request.batch, self.request.new_tokens // 2
        return traffic.decode(self.language, self.half_way, self.form, self.kv_bits, self.runtime, batch, new)

    def seconds(self) -> Seconds:
        """Ranges of seconds by part; ``decode`` is one token half-way through the answer."""
        take = self._ledger.take
        work, moved, new = self.flops(), self.moved(), self.request.new_tokens
        return Seconds(
            vision=take(lambda: self._vision_time(_known(work.vision), _known(moved.vision))),
            projector=take(lambda: self._time(_known(work.projector), _known(work.projector), _known(moved.projector))),
            prefill=take(lambda: self._prefill_time(work, moved)),
            decode=take(lambda: self._time(_known(work.decode), _known(work.decode), _known(moved.decode))),
            new_tokens=new,
        )

    def _vision_time(self, flops: int, moved: int) -> Range:
        return self._time(flops, flops, moved, self.tower.held_in(self.form))

    def _prefill_time(self, work: Work, moved: Work) -> Range:
        linear, head = _known(work.linear), _known(work.head)
        least = flops.attention_needed(self.language, self.lengths, self.request.batch)
        mixed = self._time(least, _known(work.attention), _known(moved.attention))
        if self.runtime.tables:  # kernels one after the other, each of which waits for memory alone
            scores = traffic.tables(self.language, self.lengths, self.form.activation, self.request.batch)
            mixed += self._time(0, 0, scores)
        return self._time(linear, linear, _known(moved.linear)) + mixed + self._time(head, head, _known(moved.head))

    def _time(self, least: int, most: int, moved: int, form: Format | None = None) -> Range:
        if self.device is None:
            raise UnknownFigureError("device")
        return roofline(self.device, form or self.form, least, most, moved)

    def _projected(self) -> int:
        return sum(projector.flops(seen, self.tower.class_tokens) for projector, seen in self.handed)

    def _embedding(self) -> int:
        on_card = self.device is None or self.device.kind == "gpu"
        host = self.runtime.host_embedding and on_card
        return weights.embedding_bytes(self.language, self.form, tables=not host)

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
