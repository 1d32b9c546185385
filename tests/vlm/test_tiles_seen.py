"""What methods see of pictures that are cut into tiles and put together again: LLaVA-NeXT and LLaVA-OneVision."""

from typing import Any

import pytest
import torch
from torch import Tensor

import vtok
from tests import zoo
from tests.vlm.test_towers import bumped
from vtok.errors import MethodError
from vtok.reduction.method import Need
from vtok.vlm.adapters import adapter_of

FAMILIES = ("llava_next", "llava_next_video", "llava_onevision")
#: Two rows of tiles without padding, and one with a row of padding above and below; a tile has 4 x 4 patches.
PROMPTS = [[(8, 8)], [(2, 8)]]


def tall(name: str, **settings: Any) -> Any:
    """A model whose tower has layers behind and before the one that the projector reads behind."""
    before = zoo.build(name).model.config.vision_config.to_dict()
    return zoo.fresh(name, vision_config={**before, "num_hidden_layers": 4}, vision_feature_layer=-2, **settings)


def seen_of(tiny: Any, needs: frozenset[Need] | None = None) -> tuple[Any, dict[str, Tensor], Any]:
    adapter, inputs = adapter_of(tiny.model), tiny.inputs(PROMPTS)
    visual = {name: inputs[name] for name in ("pixel_values", "image_sizes")}
    wanted = adapter.offers(tiny.model) if needs is None else needs
    return adapter, visual, adapter.encode(tiny.model, visual, wanted, inputs["input_ids"])


def squares(visual: dict[str, Tensor]) -> Tensor:
    """The tiles as the encoder takes them: five of the first picture, three of the second, no filling."""
    return torch.cat([visual["pixel_values"][0, :5], visual["pixel_values"][1, :3]])


def eager(tiny: Any, visual: dict[str, Tensor]) -> tuple[Tensor, ...]:
    """transformers' own maps, (tiles, heads, q, k) of each layer."""
    tower = tiny.model.base_model.vision_tower
    before = tower.config._attn_implementation
    tower.set_attn_implementation("eager")
    try:
        with torch.no_grad():
            maps: tuple[Tensor, ...] = tower(squares(visual), output_attentions=True).attentions
    finally:
        tower.set_attn_implementation(before)
    return maps


def by_hand(tiles: Tensor) -> list[Tensor]:
    """(8, heads, 16) of all tiles to (heads, n) of both pictures, worked out from where each patch lies."""
    whole = [(0, place) for place in range(16)]
    canvas = [(1 + row // 4 * 2 + column // 4, row % 4 * 4 + column % 4) for row in range(8) for column in range(8)]
    small = [(5, place) for place in range(16)]
    strip = [(6 + column // 4, row * 4 + column % 4) for row in (1, 2) for column in range(8)]
    return [
        torch.stack([tiles[tile, :, patch] for tile, patch in places], 1) for places in (whole + canvas, small + strip)
    ]


@pytest.mark.parametrize("name", ["llava_next", "llava_next_video"])
def test_attention_of_cls_is_that_of_each_tokens_own_patch(name: str) -> None:
    tiny = tall(name)
    _, visual, encoding = seen_of(tiny)
    maps = eager(tiny, visual)
    # The projector reads what the third of four layers gives.
    expected = {
        "cls_attention": by_hand(maps[2][:, :, 0, 1:]),
        "first_attention": by_hand(maps[0][:, :, 0, 1:]),
        "received_attention": by_hand(maps[2].mean(2)[:, :, 1:]),
    }
    for field, values in expected.items():
        for seen, wanted in zip(encoding.seen, values, strict=True):
            assert torch.allclose(getattr(seen, field), wanted, atol=1e-6), field
    assert [seen.grids for seen in encoding.seen] == [((4, 4), (8, 8)), ((4, 4), (2, 8))]
    assert [seen.thumbnail for seen in encoding.seen] == [0, 0]


def test_attention_received_in_onevision_is_that_of_each_tokens_own_patch() -> None:
    tiny = tall("llava_onevision")
    _, visual, encoding = seen_of(tiny)
    for seen, wanted in zip(encoding.seen, by_hand(eager(tiny, visual)[2].mean(2)), strict=True):
        assert torch.allclose(seen.received_attention, wanted, atol=1e-6)


def test_attention_to_a_large_picture_is_made_smaller_as_its_vectors_are() -> None:
    tiny = tall("llava_onevision", vision_aspect_ratio="anyres_max_1")
    _, visual, encoding = seen_of(tiny)
    large = encoding.seen[0]
    assert large.grids == ((4, 4), (4, 4))
    canvas = by_hand(eager(tiny, visual)[2].mean(2))[0][:, 16:].reshape(-1, 8, 8)
    # Half the size, bilinear: the mean of each two by two.
    means = canvas.reshape(-1, 4, 2, 4, 2).mean((2, 4)).flatten(1)
    assert torch.allclose(large.received_attention[:, 16:], means, atol=1e-6)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_patch_changes_the_token_that_it_is_said_to_be_part_of(name: str) -> None:
    tiny = zoo.build(name)
    adapter, visual, encoding = seen_of(tiny, frozenset())
    layer = tiny.model.config.vision_feature_layer
    attention = tiny.model.base_model.vision_tower.encoder.layers[layer].self_attn
    first = 1 if name != "llava_onevision" else 0
    for tile, patch in [(0, 3), (1, 6), (4, 15), (6, 0), (6, 4), (7, 11)]:
        marked = torch.zeros(8, 1, 16)
        marked[tile, 0, patch] = 1
        said = torch.cat(adapter.by_picture(tiny.model, visual, marked, [5, 3], 2), 1)[0]
        handle = bumped(attention, tile, patch + first)
        _, _, changed = seen_of(tiny, frozenset())
        handle.remove()
        moved = torch.cat([one.vectors for one in changed.seen]) - torch.cat([one.vectors for one in encoding.seen])
        assert (moved.abs().amax(-1) > 1e-6).nonzero().flatten().tolist() == said.nonzero().flatten().tolist()
        # A patch in the padding, such as the first row of tile 6, is no token; any other is one.
        assert int(said.sum()) == (0 if (tile, patch) == (6, 0) else 1)


def test_features_projected_are_the_vectors() -> None:
    tiny = zoo.build("llava_next")
    adapter, _, encoding = seen_of(tiny)
    for seen in encoding.seen:
        assert torch.allclose(adapter.project(tiny.model, seen.features), seen.vectors, atol=1e-6)
    assert Need.FEATURES not in adapter_of(zoo.build("llava_onevision").model).offers(
        zoo.build("llava_onevision").model
    )


def test_hired_shares_its_budget_between_thumbnail_and_tiles() -> None:
    tiny = tall("llava_next")
    with vtok.reduce(tiny.model, "hired", 20) as reduction:
        tiny.model(**tiny.inputs([[(8, 8)]]))
    (selection,) = reduction.selections
    # Half of 20 for the thumbnail's 16 tokens, the rest by which quarter its most attended 8 of the first layer are in.
    assert int((selection.kept < 16).sum()) == 10
    alone = eager(tiny, {"pixel_values": tiny.inputs([[(8, 8)]])["pixel_values"].repeat(2, 1, 1, 1, 1)})[0][0, :, 0, 1:]
    stretch = torch.bincount(alone.sum(0).topk(8).indices // 4, minlength=4) / 8 * 10
    row, column = (selection.kept[selection.kept >= 16] - 16) // 8, (selection.kept[selection.kept >= 16] - 16) % 8
    found = torch.bincount(row // 4 * 2 + column // 4, minlength=4)
    assert bool(((found - stretch).abs() < 1).all())


def test_tiles_that_do_not_add_up_are_refused_in_words() -> None:
    tiny = zoo.build("llava_next")
    adapter, visual, _ = seen_of(tiny, frozenset())
    with pytest.raises(MethodError, match="took 8 tiles where the pictures' sizes make 7"):
        adapter.by_picture(tiny.model, visual, torch.zeros(8, 1, 16), [5, 2], 2)
