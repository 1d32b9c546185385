"""When activations are highest: while pictures are encoded, or while the prompt is read, each as the engine does it."""

from __future__ import annotations

from vtok.catalog.architectures import keeps_every_layer
from vtok.costs import memory
from vtok.costs.asked import Asked
from vtok.costs.kv_cache import kv_bytes
from vtok.costs.seeing import Seeing

#: Bytes of a number in fp32.
_FULL = 4


def activations(asked: Asked) -> int:
    """Bytes at the highest point beside weights, cache and logits."""
    number, batch = asked.runtime.activation or asked.form.activation, asked.request.batch
    if asked.runtime.micro_batch:
        return _encoder_buffer(asked, number) + _buffer(asked, number, asked.runtime.micro_batch)
    tables = asked.runtime.tables
    reading = memory.language_activations(asked.language, asked.lengths, number, batch, tables) + _kept(asked, number)
    if not asked.layouts:
        return reading
    return max(reading, _encoding(asked, number) - _not_yet(asked))


def _encoding(asked: Asked, number: int) -> int:
    """What lives while pictures are encoded, a number being of at least ``number`` bytes."""
    tower, seen = asked.tower, asked.seen
    number = max(number, tower.held_in(asked.form).activation)
    widest = max(projector.working(handed, tower.class_tokens) for projector, handed in asked.handed)
    in_fp32 = tower.turning(seen) if number < _FULL and asked.runtime.name == "transformers" else 0
    most = max(tower.working(seen) + in_fp32, tower.kept(seen, False) + widest)
    return (1 if tower.alone else asked.request.batch) * number * most


def _not_yet(asked: Asked) -> int:
    """What of the cache is not there while pictures are encoded, in an engine whose cache grows with the answer."""
    if asked.runtime.name != "transformers":
        return 0
    batch, new = asked.request.batch, asked.read_again
    return kv_bytes(asked.language, asked.at_the_end, asked.kv_bits, asked.runtime, batch, new)


def _at_once(asked: Asked) -> list[Seeing]:
    """What the encoder works on at the same time: all pictures of a request, or each by itself."""
    if not asked.runtime.one_by_one:
        return [asked.seen]
    return [asked.seeing((layout,)).shrunk(asked.cut.encoder_share) for layout in set(asked.layouts)]


def _kept(asked: Asked, number: int) -> int:
    """What the encoder leaves behind while the prompt is read."""
    if asked.runtime.name != "transformers":
        return 0
    every = keeps_every_layer(asked.checkpoint.vision.projector)
    return asked.request.batch * number * asked.tower.kept(asked.seen, every)


def _encoder_buffer(asked: Asked, number: int) -> int:
    """The encoder's buffer in an engine that has one of its own, for the largest of what it works on at once."""
    if not asked.layouts:
        return 0
    each = (memory.encoder_buffer(asked.tower, asked.projector, seen, number) for seen in _at_once(asked))
    return max(each)


def _buffer(asked: Asked, number: int, micro: int) -> int:
    """What the buffer of a micro-batch holds beside logits, in whose place the tensors of a layer come."""
    logits = memory.logits_bytes(asked.language, number, 1, micro)
    lengths = [min(length, micro) for length in asked.lengths]
    inside = memory.language_activations(asked.language, lengths, number)
    return max(inside - logits, micro * number * asked.language.hidden)
