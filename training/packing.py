"""Several questions about one picture in one sequence: the picture is read once, no question sees another.

The sequence is ``<s><user>`` + picture + question 1 + question 2 ...; every question's positions go on from the
picture's last one, as if it stood there alone, and a 4-D mask keeps the questions apart.
"""

from dataclasses import dataclass
from functools import cache

import torch
from torch import nn
from transformers import LlamaModel, PreTrainedTokenizerFast

from training import tokenizer

BEFORE = (tokenizer.BOS, tokenizer.USER)


@dataclass
class Packed:
    """``ids``, ``positions`` (after the picture), ``group`` (-1 is padding), ``target`` (answer or not), all (b, t)."""

    ids: torch.Tensor
    positions: torch.Tensor
    group: torch.Tensor
    target: torch.Tensor

    def to(self, device: str) -> "Packed":
        return Packed(*(getattr(self, name).to(device) for name in ("ids", "positions", "group", "target")))


@cache
def _tokens() -> tuple[PreTrainedTokenizerFast, int, int, tuple[int, ...]]:
    built = tokenizer.build()
    ids = built.convert_tokens_to_ids([tokenizer.ASSISTANT, tokenizer.EOS, *BEFORE])
    return built, ids[0], ids[1], tuple(ids[2:])


def pack(batch: list[list[tuple[str, str, str]]]) -> Packed:
    """One row a picture, its questions and answers behind each other."""
    built, assistant, eos, _ = _tokens()
    rows = []
    for asked in batch:
        row: list[tuple[int, int, int, bool]] = []
        for group, (_, question, answer) in enumerate(asked):
            prompt = [*built.encode(question), assistant]
            reply = [*built.encode(answer), eos]
            row += [(token, at, group, at >= len(prompt)) for at, token in enumerate(prompt + reply)]
        rows.append(row)
    longest = max(map(len, rows))
    padded = torch.tensor([row + [(0, 0, -1, False)] * (longest - len(row)) for row in rows])
    ids, positions, group, target = padded.unbind(-1)
    return Packed(ids, positions, group, target.bool())


def answer_logits(
    language: LlamaModel, head: nn.Linear, seen: torch.Tensor, places: torch.Tensor, packed: Packed
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits for every answer token and the tokens themselves, ``(n, vocabulary)`` and ``(n,)``.

    ``seen`` (b, v, d) are the visual embeddings, ``places`` (b, v) their positions in the picture, 0 to 575.
    """
    embed = language.get_input_embeddings()
    b, v, _ = seen.shape
    device = seen.device
    before = torch.tensor(_tokens()[3], device=device).expand(b, -1)
    embeds = torch.cat([embed(before), seen, embed(packed.ids)], 1)
    lead = before.shape[1]
    prefix = lead + v
    positions = torch.cat(
        [torch.arange(lead, device=device).expand(b, -1), places + lead, packed.positions + lead + 576], 1
    )
    length = embeds.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=device).tril()
    group = torch.cat([torch.full((b, prefix), -2, device=device), packed.group], 1)
    same = (group[:, :, None] == group[:, None, :]) | (group[:, None, :] == -2)
    mask = (same & causal)[:, None]
    hidden = language(
        inputs_embeds=embeds, attention_mask=mask, position_ids=positions, use_cache=False
    ).last_hidden_state
    # The token at t is said by the position before it, which is always of the same question.
    rows, columns = packed.target.nonzero(as_tuple=True)
    return head(hidden[rows, prefix + columns - 1]), packed.ids[rows, columns]


def exact(logits: torch.Tensor, tokens: torch.Tensor, packed: Packed) -> dict[tuple[int, int], bool]:
    """Whether greedy decoding gives the whole answer, for every (row, question).

    Greedy decoding gives the answer exactly when each answer token is the likeliest after those before it.
    """
    rows, columns = packed.target.nonzero(as_tuple=True)
    groups = packed.group[rows, columns]
    right: dict[tuple[int, int], bool] = {}
    for row, group, ok in zip(rows.tolist(), groups.tolist(), (logits.argmax(-1) == tokens).tolist(), strict=True):
        right[row, group] = right.get((row, group), True) and ok
    return right
