"""The pipeline: a picture becomes visual tokens, the tokens are cut, the language model answers.

Every stage can be called on its own::

    vlm = vtok.load("vtok-mini")
    seen = vlm.encode(["receipt.png"])             # visual tokens; stop here and look at seen[0].tokens.vectors
    cut = vlm.reduce(seen, "visionzip", 144)       # the ones that stay
    answer = vlm.generate(cut, "What is red?")     # Answer: text and ledger
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from vtok.errors import UsageError
from vtok.image.source import open_image
from vtok.reduction.chain import Budget, Chain
from vtok.reduction.method import Method, Need
from vtok.reduction.registry import parse_chain
from vtok.vlm.answering import answer
from vtok.vlm.checking import check
from vtok.vlm.interleaving import interleave
from vtok.vlm.loaded import Loaded, Picture
from vtok.vlm.loading import load_model, pick_device, pick_dtype, resolve
from vtok.vlm.packing import packed
from vtok.vlm.prompt import prompt_ids
from vtok.vlm.reducing import encode_and_reduce, needed
from vtok.vlm.selecting import Reduced, reduced
from vtok.vlm.stages import Answer, Cut, Encoded, Interleaved, Prepared
from vtok.vlm.watching import TextOut
from vtok.vlm.wording import wants_words


class VLM(Loaded):
    """A loaded vision-language model; made by ``vtok.load``."""

    def prepare(self, picture: Picture) -> Prepared:
        """Open and preprocess one picture; nothing is computed yet. Raises ``ImageError``."""
        start = time.perf_counter()
        image = open_image(picture)
        name = str(picture) if isinstance(picture, str | Path) else "image"
        made = self.adapter.preprocess(self.processor, image)
        inputs = self.inputs(made)
        beside = {key: value for key, value in made.items() if key not in inputs}
        return Prepared(name, image, self.layout(image.size), inputs, time.perf_counter() - start, beside)

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
        return answer(self, cuts, [question], max_new_tokens, options)[0]

    @torch.no_grad()
    def generate_batch(
        self, cuts: Sequence[Cut], questions: Sequence[str], max_new_tokens: int = 64, **options: Any
    ) -> list[Answer]:
        """Answer several questions about the same pictures in one batch; the pictures are not encoded again."""
        if not questions:
            raise UsageError("there is no question to answer")
        return answer(self, cuts, list(questions), max_new_tokens, options)

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

    def interleave(self, cuts: Sequence[Cut], questions: Sequence[str]) -> Interleaved:
        """The prompts, text and visual tokens among each other, before and after the cut. Raises ``UsageError``."""
        return interleave(self, cuts, questions)

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


def load(path_or_name: str | Path = "vtok-mini", device: str | None = None, dtype: str | None = None) -> VLM:
    """Load a checkpoint directory, or the embedded ``vtok-mini``; offline, no remote code, safetensors only.

    ``device`` is a torch device (default: CUDA, else MPS, else CPU), ``dtype`` float32, bfloat16 or float16
    (default: float32 on CPUs, bfloat16 on accelerators). Raises ``ModelError`` for a directory that cannot be used.
    """
    path = resolve(path_or_name)
    where = pick_device(device)
    model, processor = load_model(path, where, pick_dtype(dtype, where))
    return VLM(model, processor, str(path_or_name), path)
