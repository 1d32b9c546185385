"""Answers: the language model generates, and the ledger says what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vtok.vlm.block import Reduction
from vtok.vlm.context import forwarding
from vtok.vlm.history import History
from vtok.vlm.interleaving import interleave, types_of
from vtok.vlm.ledger import Ledger, cache_size
from vtok.vlm.loaded import Loaded
from vtok.vlm.packing import together
from vtok.vlm.seam import image_output
from vtok.vlm.stages import Answer, Cut, image_tokens
from vtok.vlm.watching import Clock


def answer(
    loaded: Loaded, cuts: Sequence[Cut], questions: list[str], most: int, options: dict[str, Any]
) -> list[Answer]:
    """Answers to ``questions`` about the same pictures, of at most ``most`` tokens, generated in one batch."""
    prompts = interleave(loaded, cuts, questions)
    short = prompts.short
    clock = Clock()
    state = Reduction(loaded.model, cuts[0].chain if cuts else None)
    state.expect([cut.reduced for cut in cuts] * len(questions), short)
    with forwarding(state), state.at_work(History(prompts.ids, short)):
        output = loaded.model.generate(
            input_ids=short.input_ids,
            attention_mask=short.attention_mask,
            position_ids=short.position_ids,
            mm_encoder_outputs=_outputs(loaded, cuts, len(questions)),
            max_new_tokens=most,
            return_dict_in_generate=True,
            logits_processor=[clock],
            **{name: short.take(value, 0) for name, value in types_of(loaded, prompts.ids).items()},
            **{"do_sample": False, **options},
        )
    clock.stop()
    rows = output.sequences[:, short.input_ids.shape[1] :]
    cache = output.cache if getattr(output, "cache", None) is not None else output.past_key_values
    kv_bytes, lengths = cache_size(cache)
    answers = []
    for row, (question, new) in enumerate(zip(questions, rows, strict=True)):
        tokens = tuple(new[: _length(loaded, new)].tolist())
        text = loaded.processor.tokenizer.decode(new, skip_special_tokens=True).strip()
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


def _outputs(loaded: Loaded, cuts: Sequence[Cut], times: int) -> dict[str, Any] | None:
    """``mm_encoder_outputs`` for ``times`` prompts about the same pictures."""
    if not cuts:
        return None
    if any(cut.output is None for cut in cuts):
        return image_output([cut.reduced.vectors for cut in cuts] * times)
    return {"image": together([cut.output for cut in cuts] * times, loaded.adapter.field)}


def _length(loaded: Loaded, new: Tensor) -> int:
    """Tokens up to and with the first end token; what follows in a batch is padding."""
    ends = loaded.model.generation_config.eos_token_id
    ends = [] if ends is None else [ends] if isinstance(ends, int) else ends
    over = torch.isin(new, torch.tensor(ends, device=new.device, dtype=new.dtype)).nonzero()
    return int(over[0]) + 1 if over.numel() else new.numel()
