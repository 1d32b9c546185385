"""What is alive at the highest point, worked out by hand."""

from dataclasses import replace

from vtok.catalog.checkpoints import find_checkpoint
from vtok.catalog.text_sizes import TextSizes
from vtok.catalog.vision_sizes import VisionSizes
from vtok.costs import traffic
from vtok.costs.cost import cost
from vtok.costs.language import language
from vtok.costs.memory import layer_activations
from vtok.costs.projector import projector
from vtok.costs.seeing import Seeing

SEEN = Seeing(((4, 6),))


def text(kind):
    sizes = {"hidden": 8, "layers": 2, "heads": 2, "kv_heads": 1, "head_dim": 4, "mlp": 16, "vocabulary": 10}
    return language(TextSizes(kind=kind, tied=True, window=100, **sizes))


def test_matrices_one_after_the_other_hold_what_they_read_and_make():
    plain = projector(VisionSizes(kind="clip_vision_model", projector="llava", hidden=10), 7)
    # The second matrix reads 7 numbers a patch, and the activation has as many again in its place.
    assert plain.working(SEEN) == 24 * max(10 + 2 * 7, 7 + 2 * 7)


def test_a_gate_has_the_product_beside_it():
    sizes = VisionSizes(kind="glm4v_vision", projector="glm4v", hidden=3, output=5, mlp=50, merge=2)
    # 6 tokens, an MLP of 5 > 50, twice, > 5: what it reads, both, and their product.
    assert projector(sizes, 5).working(SEEN) == 6 * (5 + 3 * 50)


def test_scores_that_are_bounded_are_kept_whole_by_transformers_alone():
    bounded, free = text("gemma2").layers[0], text("gemma").layers[0]
    length, number = 30, 2
    scores = 2 * length**2 * (number + 4)
    more = layer_activations(bounded, 8, length, number, tables=True) - layer_activations(bounded, 8, length, number)
    # Beside them stand queries, keys and values, in the place of the MLP's three tensors.
    mixing, inner = bounded.mixer.working, 3 * 16
    assert more == scores + number * length * (mixing - max(mixing, inner))
    assert layer_activations(free, 8, length, number, tables=True) == layer_activations(free, 8, length, number)
    assert traffic.tables(text("gemma2"), [length] * 2, number) == 14 * number * 2 * 2 * length**2
    assert traffic.tables(text("gemma"), [length] * 2, number) == 0


def test_tables_cost_time_and_memory():
    one = find_checkpoint("paligemma2-3b-896")
    fused = replace(one, text=replace(one.text, capped=False))
    tables, none = (cost((896, 896), model, "a100-80gb") for model in (one, fused))
    assert tables.memory.activations > 2 * none.memory.activations
    assert tables.seconds.prefill.low > 1.2 * none.seconds.prefill.low
