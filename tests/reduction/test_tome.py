"""ToMe's bipartite matching, worked out by hand."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from vtok.reduction.methods.tome import ToMe
from vtok.reduction.seen import Seen

# Tokens 0 and 2 are matched with 1 and 3. Cosines: 0-1 0, 0-3 0.981; 2-1 0.995, 2-3 0.293.
KEYS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.1, 1.0], [1.0, 0.2]])
FEATURES = torch.tensor([[1.0], [2.0], [4.0], [9.0]])
SEEN = Seen((2, 2), FEATURES, FEATURES, keys=KEYS[None])


def test_the_most_alike_pair_merges_first() -> None:
    selection = ToMe().select(SEEN, 3)
    assert selection.kept.tolist() == [0, 1, 3]
    assert selection.apply(FEATURES).flatten().tolist() == pytest.approx([1, 3, 9])


def test_half_of_them_in_one_round() -> None:
    selection = ToMe().select(SEEN, 2)
    assert selection.kept.tolist() == [1, 3]
    assert selection.apply(FEATURES).flatten().tolist() == pytest.approx([3, 5])


def test_rounds_until_the_budget_is_met() -> None:
    # In the second round 1 (with 2 in it) meets 3 (with 0 in it): everything is one average, each token a quarter.
    selection = ToMe().select(SEEN, 1)
    assert selection.kept.tolist() == [3]
    assert selection.weight.tolist() == pytest.approx([0.25] * 4)


def test_every_token_lives_on_and_averages_are_whole() -> None:
    generator = torch.Generator().manual_seed(0)
    seen = Seen((6, 6), torch.zeros(36, 2), keys=torch.randn(2, 36, 4, generator=generator))
    for budget in (35, 20, 11, 3):
        selection = ToMe().select(seen, budget)
        assert bool((selection.slot >= 0).all())
        assert selection.matrix().sum(-1).tolist() == pytest.approx([1.0] * budget)


def in_sets(keys: Tensor, budget: int) -> list[list[int]]:
    """The same rule with each token as the list of those in it, the last named its place; keys are averaged anew."""
    groups = [[one] for one in range(keys.shape[1])]
    while len(groups) > budget:
        means = [keys.mean(0)[group].mean(0) for group in groups]
        pairs = []
        for first in range(0, len(groups), 2):
            alike = [cosine_similarity(means[first], means[one], dim=0) for one in range(1, len(groups), 2)]
            pairs.append((max(alike), first, 2 * alike.index(max(alike)) + 1))
        pairs.sort(key=lambda pair: -float(pair[0]))
        merges = pairs[: min(len(groups) - budget, len(groups) // 2)]
        for _, first, second in merges:
            groups[second] = groups[first] + groups[second]
        gone = {first for _, first, _ in merges}
        groups = [group for one, group in enumerate(groups) if one not in gone]
    return groups


@pytest.mark.parametrize("count", [13, 24, 40])
@pytest.mark.parametrize("budget", [1, 2, 3, 5])
def test_keys_of_what_was_merged_count_by_their_number(count: int, budget: int) -> None:
    keys = torch.randn(2, count, 3, generator=torch.Generator().manual_seed(count))
    selection = ToMe().select(Seen((1, count), torch.zeros(count, 2), keys=keys), budget)
    expected = in_sets(keys, budget)
    assert selection.kept.tolist() == [group[-1] for group in expected]
    for index, group in enumerate(expected):
        assert (selection.slot == index).nonzero().flatten().tolist() == sorted(group)
        assert selection.weight[group].tolist() == pytest.approx([1 / len(group)] * len(group))
