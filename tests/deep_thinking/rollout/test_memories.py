"""Memories of any form: a tensor or several by name are chosen, put, compared and joined alike."""

import pytest
import torch

from thinkenv.deep_thinking.rollout import memories

BOARDS = torch.arange(2 * 3 * 4 * 5.0).view(2, 3, 4, 5)
TOKENS = torch.arange(2 * 6 * 3.0).view(2, 6, 3)


def test_each_tensor_is_transformed_under_its_name_whatever_the_order():
    memory = {"boards": BOARDS, "tokens": TOKENS}
    others = {"tokens": 2 * TOKENS, "boards": 2 * BOARDS}
    differences = memories.transform(torch.sub, others, memory)
    assert list(differences) == ["tokens", "boards"]
    assert torch.equal(differences["boards"], BOARDS)
    assert torch.equal(differences["tokens"], TOKENS)
    assert torch.equal(memories.transform(torch.sub, 2 * BOARDS, BOARDS), BOARDS)


def test_the_largest_change_is_that_of_any_tensor():
    before = {"boards": BOARDS, "tokens": TOKENS}
    after = memories.transform(torch.clone, before)
    after["boards"][0, 1, 2, 3] += 0.5
    after["tokens"][0, 5, 2] -= 0.25
    after["tokens"][1, 0, 0] -= 2
    assert memories.residuals(after, before).tolist() == [0.5, 2.0]
    assert memories.residuals(after["boards"], BOARDS).tolist() == [0.5, 0.0]
    reordered = dict(reversed(before.items()))
    assert memories.residuals(after, reordered).tolist() == [0.5, 2.0]


@pytest.mark.parametrize(
    "chosen", [torch.tensor([False, True]), torch.tensor([1]), slice(1, 2)], ids=str
)
def test_some_of_the_problems_are_chosen(chosen):
    found = memories.choose({"boards": BOARDS, "tokens": TOKENS}, chosen)
    assert torch.equal(found["boards"], BOARDS[1:]) and torch.equal(found["tokens"], TOKENS[1:])
    assert found["boards"].is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(memories.choose(BOARDS, chosen), BOARDS[1:])


def test_memories_are_put_in_their_places_and_joined():
    memory = {"boards": torch.zeros_like(BOARDS), "tokens": torch.zeros_like(TOKENS)}
    first = {"tokens": TOKENS[:1], "boards": BOARDS[:1]}
    memories.put(memory, torch.tensor([1]), first)
    assert not memory["boards"][0].any() and torch.equal(memory["boards"][1], BOARDS[0])
    assert not memory["tokens"][0].any() and torch.equal(memory["tokens"][1], TOKENS[0])
    joined = memories.concatenate([memory, first, memory])
    assert joined["tokens"].shape == (5, 6, 3) and torch.equal(joined["boards"][2], BOARDS[0])
    assert torch.equal(memories.concatenate([BOARDS[:1], BOARDS[1:]]), BOARDS)


def test_channels_of_boards_come_second_and_those_of_anything_else_last():
    assert memories.cells_of(BOARDS) == (1, 4, 5)
    assert memories.cells_of(TOKENS) == (6, 1)
    assert memories.cells_of(torch.zeros(2, 7)) == (1,)


def test_shapes_are_named_as_the_tensors_are():
    assert memories.shape_of(BOARDS) == (2, 3, 4, 5)
    assert memories.shape_of({"tokens": TOKENS}) == {"tokens": (2, 6, 3)}
