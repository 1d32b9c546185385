"""What goes on inside one ``vtok.reduce`` block: calls are cut, and what was cut is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from vtok.errors import MethodError
from vtok.reduction.chain import Chain
from vtok.reduction.method import Stage
from vtok.reduction.selection import Selection
from vtok.vlm.adapters import adapter_of, videos_for
from vtok.vlm.adapters.base import Adapter
from vtok.vlm.adapters.modality import IMAGE, VIDEO
from vtok.vlm.carried import chains_of, has_any, take, words_for
from vtok.vlm.checking import check
from vtok.vlm.history import TYPES, History, cache_in, recall
from vtok.vlm.inside import Inside, check_layers, placed
from vtok.vlm.packing import packed
from vtok.vlm.positions import full_positions, shift_deltas
from vtok.vlm.reducing import Cut, encode_and_reduce
from vtok.vlm.seam import Shortened, image_output, shorten
from vtok.vlm.selecting import Reduced


class Reduction:
    """What happened inside the block, in the last call that had pictures or videos.

    ``images`` are its pictures after the cut, ``videos`` its videos.
    """

    def __init__(self, model: Any, chain: Chain | None, renumber: bool = False) -> None:
        self.adapter: Adapter = adapter_of(model)
        self.video_adapter = videos_for(model.config.model_type)
        self.model, self.chain, self.renumber = model, chain, renumber
        self.inside: Inside | None = None
        if chain is not None:
            check(self.adapter, model, chain, self.video_adapter)
            check_layers(self.adapter, model, chain)
            self.inside = Inside(self.adapter, model, chain) if chain.at(Stage.LAYERS) else None
        self.images: list[Reduced] = []
        self.videos: list[Reduced] = []
        #: The cut prompt that ``generate`` is at work on.
        self.running: History | None = None

    @property
    def selections(self) -> list[Selection]:
        """Which visual tokens stayed, one selection a picture, and behind them one a video."""
        return [image.selection for image in (*self.images, *self.videos)]

    @property
    def adapters(self) -> tuple[Adapter, ...]:
        """The one for pictures, and the one for videos where they can be cut."""
        return (self.adapter,) if self.video_adapter is None else (self.adapter, self.video_adapter)

    def cut(self, arguments: dict[str, Any]) -> Shortened | None:
        """Take the pictures and videos out of a call's ``arguments`` and put the cut prompt and its vectors in.

        None, and nothing changed, when the call has none.
        """
        if self.inside and not self.running:
            self.inside.pending = None
        if not has_any(arguments):
            return None
        chains = chains_of(self.adapters, self.model, arguments, self.chain)
        self._refuse_static(arguments)
        if arguments.get("input_ids") is None:
            raise MethodError("visual tokens can be cut only where input_ids are given; this call has inputs_embeds")
        positions = full_positions(self.model, arguments)
        inputs = take(self.adapters, self.model, arguments)
        ids, mask, done = arguments["input_ids"], arguments.get("attention_mask"), {}
        for adapter, chain in chains.items():
            words = words_for(adapter, self.adapters, self.model, ids, mask)
            done[adapter] = encode_and_reduce(adapter, self.model, inputs[adapter], chain, ids, words)
        kept = {one.image_token_id(self.model): [image.kept for image in cut.images] for one, cut in done.items()}
        short = shorten(ids, mask, kept, self.renumber, positions)
        self._replace(arguments, short, done)
        cut = {adapter.modality: made.images for adapter, made in done.items()}
        self.expect(cut.get(IMAGE, []), short, cut.get(VIDEO, []))
        return short

    def expect(self, images: list[Reduced], short: Shortened, videos: Sequence[Reduced] = ()) -> None:
        """The next call begins with the prompts ``short``, about ``images`` and ``videos``."""
        self.images, self.videos = images, list(videos)
        if self.inside:
            assert self.chain is not None
            where = []
            for adapter, mine in zip(self.adapters, (self.images, self.videos), strict=False):
                where += placed(mine, short, adapter.image_token_id(self.model)) if mine else []
            self.inside.expect(where, short.attention_mask, self.chain)

    def kept_at(self, layer: int, image: int) -> Tensor:
        """Of the tokens of picture ``image`` that came to ``layer``, in the last call, those that stayed.

        Videos are counted on behind the pictures.
        """
        assert self.inside is not None
        assert self.inside.running is not None
        return self.inside.running.kept[layer][image]

    @property
    def layers(self) -> list[tuple[int, list[Selection | None]]]:
        """What left inside the language model in the last call: the layer, and a selection a picture of what was there.

        None stands for a picture of which nothing left, or everything.
        """
        running = self.inside.running if self.inside else None
        return running.selections if running else []

    def go_on(self, arguments: dict[str, Any]) -> History | None:
        """Cut the ``arguments`` of a ``generate`` that goes on with a cache which was filled with a cut prompt."""
        cache = cache_in(arguments)
        history = recall(cache)
        if history is None or arguments.get("input_ids") is None:
            return None
        new = arguments["input_ids"][:, cache.get_seq_length() + history.dropped :]
        if any(bool((new == adapter.image_token_id(self.model)).any()) for adapter in self.adapters):
            raise MethodError("pictures cannot be added to a cache that already holds a conversation; start a new one")
        take(self.adapters, self.model, arguments)
        history.go_on(arguments)
        return history

    def step(self, arguments: dict[str, Any]) -> bool:
        """Give a ``forward`` over such a cache, or inside ``generate``, the positions that it lacks."""
        cache = cache_in(arguments)
        history = self.running or recall(cache)
        if history is None or arguments.get("input_ids") is None or arguments.get("position_ids") is not None:
            return False
        history.step(arguments, 0 if cache is None else cache.get_seq_length())
        return True

    @contextmanager
    def at_work(self, history: History) -> Iterator[None]:
        """While ``generate`` runs: some classes lose the positions on the way to ``forward``, which gets them back."""
        self.running = history
        try:
            yield
        finally:
            self.running = None

    @staticmethod
    def refuse_full_cache(arguments: dict[str, Any]) -> None:
        """Raise ``MethodError`` for pictures that come with a cache that is in use already."""
        cache = cache_in(arguments)
        if has_any(arguments) and cache is not None and cache.get_seq_length() > 0:
            raise MethodError("pictures cannot be added to a cache that already holds a conversation; start a new one")

    def _refuse_static(self, arguments: dict[str, Any]) -> None:
        """Raise ``MethodError`` for caches of a fixed size, which cannot be shorter in some layers."""
        if not self.inside:
            return
        config = arguments.get("generation_config") or getattr(self.model, "generation_config", None)
        wanted = arguments.get("cache_implementation") or getattr(config, "cache_implementation", None)
        cache = cache_in(arguments)
        if (wanted and "static" in str(wanted)) or (cache is not None and getattr(cache, "is_compileable", False)):
            raise MethodError(
                f"{self.chain} leaves some layers a shorter cache than others, which a static or compiled cache cannot "
                "have; use the default cache, or a method that acts before the language model"
            )

    def _replace(self, arguments: dict[str, Any], short: Shortened, done: Mapping[Adapter, Cut]) -> None:
        outputs: dict[str, Any] = {}
        for adapter, cut in done.items():
            if cut.output is None:
                outputs |= image_output([image.vectors for image in cut.images])
            else:
                outputs[adapter.modality.name] = packed(cut.output, adapter.field, cut.images)
        dropped = short.dropped(arguments["input_ids"], arguments.get("attention_mask"))
        shift_deltas(self.model, dropped)
        for name in TYPES:
            if arguments.get(name) is not None:
                arguments[name] = short.take(arguments[name], 0)
        if arguments.get("labels") is not None:
            arguments["labels"] = short.take(arguments["labels"], -100)
        arguments.update(
            input_ids=short.input_ids,
            attention_mask=short.attention_mask,
            position_ids=short.position_ids,
            mm_encoder_outputs=outputs,
        )
