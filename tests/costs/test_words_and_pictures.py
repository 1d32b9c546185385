"""Words and pictures that go different ways: experts of their own, and a question that is read with the picture."""

import pytest

import vtok
from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.formats import find_format
from vtok.costs.language import language
from vtok.costs.weights import active_bytes, language_bytes

SIZE = (1000, 800)


def test_pictures_go_through_their_own_experts():
    text = find_checkpoint("ernie-4.5-vl-28b-a3b").text
    found = vtok.cost([SIZE], "ernie-4.5-vl-28b-a3b", text_tokens=64)
    # A gate, a matrix up and one down for each of six experts, in all layers but the first.
    one = 2 * 3 * text.active_experts * text.hidden * (text.layers - 1)
    words = vtok.cost([], "ernie-4.5-vl-28b-a3b", text_tokens=found.context.visual + 64)
    narrower = text.expert_mlp - text.visual_expert_mlp
    assert words.flops.linear - found.flops.linear == found.context.visual * one * narrower


def test_a_cut_takes_work_from_the_experts_for_pictures():
    whole, half = (vtok.cost([SIZE], "ernie-4.5-vl-28b-a3b", budget=budget) for budget in (None, 522))
    text = language(find_checkpoint("ernie-4.5-vl-28b-a3b").text)
    for linear, visual in ((whole.flops.linear, 1044), (half.flops.linear, 522)):
        assert linear == sum(layer.flops(visual + 64, visual) for layer in text.layers)


def test_a_new_token_reads_no_experts_for_pictures():
    text, form = language(find_checkpoint("ernie-4.5-vl-28b-a3b").text), find_format("bf16")
    visual = sum(piece.bytes_in(form) for layer in text.layers for piece in layer.visual)
    assert active_bytes(text, form, 10_000) == language_bytes(text, form) - visual


@pytest.mark.parametrize(("name", "reads"), [("instructblip-vicuna-7b", True), ("blip2-opt-2.7b", False)])
def test_a_longer_question_costs_a_query_transformer_that_reads_it_more(name, reads):
    short, long = (vtok.cost([SIZE], name, text_tokens=count) for count in (16, 64))
    assert (long.flops.projector > short.flops.projector) == reads
    assert (long.moved.projector > short.moved.projector) == reads
