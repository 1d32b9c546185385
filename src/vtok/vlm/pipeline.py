"""The pipeline: a picture becomes visual tokens, the tokens are cut, the language model answers.

Every stage can be called on its own::

    vlm = vtok.load("vtok-mini")
    seen = vlm.encode(["receipt.png"])             # visual tokens; stop here and look at seen[0].tokens.vectors
    cut = vlm.reduce(seen, "visionzip", 144)       # the ones that stay
    answer = vlm.generate(cut, "What is red?")     # Answer: text and ledger
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from vtok.catalog.directory import read_directory
from vtok.errors import UsageError, VtokError
from vtok.geometry.layout import Grid, Layout, Tile
from vtok.image.source import open_image
from vtok.reduction.chain import Budget, Chain
from vtok.reduction.method import Method, Need
from vtok.reduction.registry import parse_chain
from vtok.vlm.adapters import adapter_of
from vtok.vlm.adapters.base import PIXELS
from vtok.vlm.block import Reduction
from vtok.vlm.context import forwarding
from vtok.vlm.history import TYPES, History
from vtok.vlm.ledger import Ledger, cache_size
from vtok.vlm.loading import load_model, pick_device, pick_dtype, resolve
from vtok.vlm.packing import packed, together
from vtok.vlm.positions import full_positions, shift_deltas
from vtok.vlm.prompt import left_padded, prompt_ids
from vtok.vlm.reducing import Reduced, check, encode_and_reduce, needed, reduced
from vtok.vlm.seam import image_output, shorten
from vtok.vlm.stages import Answer, Cut, Encoded, Interleaved, Prepared, image_tokens
from vtok.vlm.watching import Clock, TextOut
from vtok.vlm.wording import wants_words

Picture = str | Path | bytes | Image.Image


class VLM:
    """A loaded vision-language model; made by ``vtok.load``."""

    def __init__(self, model: Any, processor: Any, name: str, path: Path | None = None) -> None:
        self.model, self.processor, self.name, self.path = model, processor, name, path
        self.adapter = adapter_of(model)
        self.image_token = self.adapter.image_token_id(model)

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        device: torch.device = self.model.device
        return device

    def prepare(self, picture: Picture) -> Prepared:
        """Open and preprocess one picture; nothing is computed yet. Raises ``ImageError``."""
        start = time.perf_counter()
        image = open_image(picture)
        name = str(picture) if isinstance(picture, str | Path) else "image"
        made = self.adapter.preprocess(self.processor, image)
        wanted = (*PIXELS, *self.adapter.image_inputs(self.model))
        inputs = {key: self._place(value) for key, value in made.items() if key in wanted}
        beside = {key: value for key, value in made.items() if key not in inputs}
        return Prepared(name, image, self._layout(image.size), inputs, time.perf_counter() - start, beside)

    @torch.no_grad()
    def encode(self, pictures: Sequence[Picture | Prepared], cls_attention: bool = False) -> list[Encoded]:
        """The visual tokens of each picture, with their grid and, when asked for, the encoder's CLS attention.

        Raises ``ImageError`` for a picture that cannot be opened, ``MethodError`` when CLS attention is asked of a
        tower that has no CLS token.
        """
        needs = frozenset({Need.CLS_ATTENTION} if cls_attention else ())
        return [self._encode(self._prepared(picture), needs) for picture in pictures]

    @torch.no_grad()
    def reduce(
        self,
        encoded: Sequence[Encoded],
        method: str | Method | Chain = "visionzip",
        budget: Budget = None,
        question: str | None = None,
    ) -> list[Cut]:
        """Cut encoded pictures to ``budget`` tokens each (25% if you say nothing).

        Pictures that lack what the method needs are encoded again; ``question`` is for methods that read it.

        Raises ``MethodError`` for an unknown method and ``BudgetError`` for a budget that makes no sense.
        """
        chain, cuts = self._chain(method, budget), []
        for one in encoded:
            if chain.early or wants_words(chain):
                cuts.append(self._cut(one.prepared, chain, question))
                continue
            needs = needed(self.adapter, self.model, chain.steps, [one.tokens.grid])
            if not one.tokens.has(needs):
                one = self._encode(one.prepared, needs)
            start = time.perf_counter()
            done = reduced(self.adapter, self.model, one.encoding, chain)[0]
            took = time.perf_counter() - start
            cuts.append(self._kept(one.prepared, done, chain, one.seconds, took, one.encoding.output))
        return cuts

    def cut(
        self,
        picture: Picture | Prepared,
        method: str | Method | Chain | None,
        budget: Budget = None,
        question: str | None = None,
    ) -> Cut:
        """Encode and cut one picture in one go; None for both leaves it whole.

        ``question`` is for methods that read it. Raises ``MethodError`` where one does and there is none.
        """
        return self._cut(self._prepared(picture), None if method is None else self._chain(method, budget), question)

    @torch.no_grad()
    def generate(
        self,
        cuts: Sequence[Cut],
        question: str,
        max_new_tokens: int = 64,
        on_text: Callable[[str], None] | None = None,
        **options: Any,
    ) -> Answer:
        """Answer one question about the pictures; ``on_text`` is called with each piece of text as it comes.

        ``options`` go to transformers' ``generate`` (``do_sample``, ``temperature``, ``num_beams`` ...).
        """
        if on_text is not None:
            options["streamer"] = TextOut(self.processor.tokenizer, on_text)
        return self._answer(cuts, [question], max_new_tokens, options)[0]

    @torch.no_grad()
    def generate_batch(
        self, cuts: Sequence[Cut], questions: Sequence[str], max_new_tokens: int = 64, **options: Any
    ) -> list[Answer]:
        """Answer several questions about the same pictures in one batch; the pictures are not encoded again."""
        if not questions:
            raise UsageError("there is no question to answer")
        return self._answer(cuts, list(questions), max_new_tokens, options)

    def ask(
        self,
        pictures: Picture | Sequence[Picture],
        question: str,
        *,
        budget: Budget = None,
        method: str | Method | Chain = "visionzip",
        **options: Any,
    ) -> Answer:
        """Open, encode, cut and answer in one call.

        Without a ``budget`` every visual token stays, unless ``method`` carries one (``fastv:64@2``) takes none
        (``vtw``). ``pictures`` is one or several; further ``options`` are those of ``generate``.
        """
        several = [pictures] if isinstance(pictures, str | Path | bytes | Image.Image) else list(pictures)
        # What makes no sense is refused before a picture is opened.
        asked = parse_chain(method)
        chain = None if budget is None and asked.open and len(asked.steps) == 1 else self._chain(asked, budget)
        prompt_ids(self.processor, question, [()] * len(several), self.image_token)
        return self.generate([self._cut(self._prepared(one), chain, question) for one in several], question, **options)

    def _chain(self, method: str | Method | Chain, budget: Budget) -> Chain:
        chain = parse_chain(method).with_budget(budget, "25%")
        check(self.adapter, self.model, chain)
        return chain

    def _cut(self, prepared: Prepared, chain: Chain | None, question: str | None = None) -> Cut:
        words = None
        if question is not None and wants_words(chain):
            words = self.processor.tokenizer(question, add_special_tokens=False, return_tensors="pt")["input_ids"][0]
        done = encode_and_reduce(self.adapter, self.model, prepared.inputs, chain, words=words)
        return self._kept(prepared, done.images[0], chain, done.encode_seconds, done.reduce_seconds, done.output)

    def _kept(
        self, prepared: Prepared, reduced: Reduced, chain: Chain | None, encode: float, reduce: float, output: Any
    ) -> Cut:
        made = None if output is None else packed(output, self.adapter.field, [reduced])
        return Cut(prepared, reduced, chain, encode, reduce, made)

    def _prepared(self, picture: Picture | Prepared) -> Prepared:
        return picture if isinstance(picture, Prepared) else self.prepare(picture)

    def _encode(self, prepared: Prepared, needs: frozenset[Need]) -> Encoded:
        start = time.perf_counter()
        encoding = self.adapter.encode(self.model, prepared.inputs, needs)
        return Encoded(prepared, encoding, time.perf_counter() - start)

    def _layout(self, size: tuple[int, int]) -> Layout:
        """How a picture of ``size`` enters, as the model or its checkpoint's files tell; one box where neither does."""
        found = self.adapter.layout(self.model, self.processor, size)
        if found is not None:
            return found
        try:
            return read_directory(self.path).family.layout(*size) if self.path else unknown(size)
        except VtokError:
            return unknown(size)

    def _place(self, value: Any) -> Any:
        if not torch.is_tensor(value):
            return value
        return value.to(self.device, self.model.dtype if value.is_floating_point() else value.dtype)

    def interleave(self, cuts: Sequence[Cut], questions: Sequence[str]) -> Interleaved:
        """The prompts, text and visual tokens among each other, before and after the cut. Raises ``UsageError``."""
        pictures = [
            self.adapter.expansion(self.model, self.processor, cut.prepared.beside, cut.reduced.picture.count)
            for cut in cuts
        ]
        rows = [prompt_ids(self.processor, question, pictures, self.image_token) for question in questions]
        padding = self.processor.tokenizer.pad_token_id
        ids, mask = left_padded(rows, self.processor.tokenizer.eos_token_id if padding is None else padding)
        ids, mask = ids.to(self.device), mask.to(self.device)
        kept = [cut.reduced.kept for cut in cuts] * len(questions)
        positions = full_positions(self.model, self._described(cuts, ids, mask, len(questions)))
        short = shorten(ids, mask, {self.image_token: kept}, positions=positions)
        shift_deltas(self.model, short.dropped(ids, mask))
        return Interleaved(ids, mask, short)

    def _described(self, cuts: Sequence[Cut], ids: Tensor, mask: Tensor, times: int) -> dict[str, Any]:
        """The prompts and what says how their pictures lie, as the model's own count of positions wants it."""
        arguments: dict[str, Any] = {"input_ids": ids, "attention_mask": mask, **self._types(ids)}
        for name in {name for cut in cuts for name in cut.prepared.inputs} - set(PIXELS):
            values = [cut.prepared.inputs[name] for cut in cuts]
            if all(torch.is_tensor(value) and value.shape[1:] == values[0].shape[1:] for value in values):
                arguments[name] = torch.cat(values * times)
        return arguments

    def _types(self, ids: Tensor) -> dict[str, Tensor]:
        takes = inspect.signature(type(self.model).forward).parameters
        return {name: (ids == self.image_token).long() for name in TYPES if name in takes}

    def _answer(self, cuts: Sequence[Cut], questions: list[str], most: int, options: dict[str, Any]) -> list[Answer]:
        prompts = self.interleave(cuts, questions)
        short = prompts.short
        clock = Clock()
        state = Reduction(self.model, cuts[0].chain if cuts else None)
        state.expect([cut.reduced for cut in cuts] * len(questions), short)
        with forwarding(state), state.at_work(History(prompts.ids, short)):
            output = self.model.generate(
                input_ids=short.input_ids,
                attention_mask=short.attention_mask,
                position_ids=short.position_ids,
                mm_encoder_outputs=self._outputs(cuts, len(questions)),
                max_new_tokens=most,
                return_dict_in_generate=True,
                logits_processor=[clock],
                **{name: short.take(value, 0) for name, value in self._types(prompts.ids).items()},
                **{"do_sample": False, **options},
            )
        clock.stop()
        rows = output.sequences[:, short.input_ids.shape[1] :]
        cache = output.cache if getattr(output, "cache", None) is not None else output.past_key_values
        kv_bytes, lengths = cache_size(cache)
        answers = []
        for row, (question, new) in enumerate(zip(questions, rows, strict=True)):
            tokens = tuple(new[: self._length(new)].tolist())
            text = self.processor.tokenizer.decode(new, skip_special_tokens=True).strip()
            ledger = Ledger(
                method=cuts[0].method if cuts else None,
                budget=cuts[0].budget if cuts else None,
                images=tuple(image_tokens(cut) for cut in cuts),
                text_tokens=int(prompts.mask[row].sum()) - sum(cut.reduced.selection.before for cut in cuts),
                generated=len(tokens),
                kv_bytes=kv_bytes // len(questions),
                kv_lengths=lengths,
                seconds=clock.seconds(cuts),
                batch=len(questions),
            )
            answers.append(Answer(question, text, tokens, ledger, tuple(cuts)))
        return answers

    def _outputs(self, cuts: Sequence[Cut], times: int) -> dict[str, Any] | None:
        """``mm_encoder_outputs`` for ``times`` prompts about the same pictures."""
        if not cuts:
            return None
        if any(cut.output is None for cut in cuts):
            return image_output([cut.reduced.vectors for cut in cuts] * times)
        return {"image": together([cut.output for cut in cuts] * times, self.adapter.field)}

    def _length(self, new: Tensor) -> int:
        """Tokens up to and with the first end token; what follows in a batch is padding."""
        ends = self.model.generation_config.eos_token_id
        ends = [] if ends is None else [ends] if isinstance(ends, int) else ends
        over = torch.isin(new, torch.tensor(ends, device=new.device, dtype=new.dtype)).nonzero()
        return int(over[0]) + 1 if over.numel() else new.numel()


def unknown(size: tuple[int, int]) -> Layout:
    """The layout of a picture of which nothing is known but that it is seen whole."""
    box = (0.0, 0.0, float(size[0]), float(size[1]))
    return Layout(size, size, (Tile(size, box),), (Grid(1, 1, box),))


def load(path_or_name: str | Path = "vtok-mini", device: str | None = None, dtype: str | None = None) -> VLM:
    """Load a checkpoint directory, or the embedded ``vtok-mini``; offline, no remote code, safetensors only.

    ``device`` is a torch device (default: CUDA, else MPS, else CPU), ``dtype`` float32, bfloat16 or float16
    (default: float32 on CPUs, bfloat16 on accelerators). Raises ``ModelError`` for a directory that cannot be used.
    """
    path = resolve(path_or_name)
    where = pick_device(device)
    model, processor = load_model(path, where, pick_dtype(dtype, where))
    return VLM(model, processor, str(path_or_name), path)
