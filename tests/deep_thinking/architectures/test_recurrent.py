"""The nets: shapes, recall and its absence, bounded memory, the feed-forward baseline."""

import pytest
import torch

from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, build_net, count_parameters


def inputs_of(batch: int = 2, side: int = 7) -> torch.Tensor:
    return torch.rand(batch, 4, side, side)


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("recurrent", {}),
        ("recurrent", {"gated": True, "encoder_blocks": 2, "encoder_channels": 6}),
        ("recurrent", {"recall": False, "encoder_blocks": 1}),
        ("feed_forward", {}),
    ],
)
@pytest.mark.parametrize("side", [7, 12])
def test_shapes(architecture, options, side):
    net = build_net(architecture, {"input_channels": 4, "answer_channels": 2, **options})
    inputs = inputs_of(side=side)
    memory = net.step(net.empty_memory(inputs), net.perceive(inputs))
    assert memory.shape == (2, net.memory_channels, side, side)
    assert net.read(memory).shape == (2, 2, side, side)


@pytest.mark.parametrize("gated", [False, True])
def test_the_memory_stays_bounded_whatever_the_weights(gated):
    net = RecurrentNet(4, 2, gated=gated)
    with torch.no_grad():
        net.update.weight.mul_(100)
        inputs = inputs_of()
        memory = net.empty_memory(inputs)
        for _ in range(200):
            memory = net.step(memory, net.perceive(inputs))
    assert memory.abs().max() <= 1


def test_what_is_perceived_once_is_what_a_convolution_over_memory_and_problem_would_add():
    net = RecurrentNet(4, 2)
    memory, inputs = torch.rand(2, 28, 7, 7), inputs_of()
    hidden = torch.relu(net.widen(torch.cat([memory, inputs], dim=1)))
    expected = torch.nn.functional.hardtanh(net.update(hidden))
    torch.testing.assert_close(net.step(memory, net.perceive(inputs)), expected)


def test_a_gate_decides_between_the_memory_and_the_proposal():
    net = RecurrentNet(4, 2, memory_channels=2, gated=True)
    inputs, memory = inputs_of(1), torch.rand(1, 2, 7, 7)
    with torch.no_grad():
        net.update.weight.zero_()
        # Two gates, then two proposals: the first number is kept, the second goes half the way.
        net.update.bias.copy_(torch.tensor([-100.0, 0.0, 0.3, -0.3]))
        after = net.step(memory, net.perceive(inputs))
    assert torch.equal(after[:, 0], memory[:, 0])
    half_way = (memory[:, 1] + torch.tanh(torch.tensor(-0.3))) / 2
    assert torch.allclose(after[:, 1], half_way)


def test_with_recall_the_problem_is_seen_in_every_iteration_and_without_it_is_not():
    memory = torch.rand(1, 28, 7, 7)
    first, second = inputs_of(1), inputs_of(1)
    with_recall, without = RecurrentNet(4, 2), RecurrentNet(4, 2, recall=False)

    def after(net, inputs):
        return net.step(memory, net.perceive(inputs))

    assert not torch.equal(after(with_recall, first), after(with_recall, second))
    assert torch.equal(after(without, first), after(without, second))
    # Without recall the problem has to be in the first memory.
    assert not torch.equal(without.empty_memory(first), without.empty_memory(second))
    assert torch.equal(with_recall.empty_memory(first), with_recall.empty_memory(second))


@pytest.mark.parametrize(("update_kernel", "far"), [(3, 2), (1, 1)])
def test_one_iteration_sees_so_many_cells_far(update_kernel, far):
    net = RecurrentNet(4, 2, update_kernel=update_kernel)
    memory = torch.rand(1, 28, 11, 11)
    inputs = torch.rand(1, 4, 11, 11)
    elsewhere = memory.clone()
    elsewhere[..., 5, 5] += 1
    seen = net.perceive(inputs)
    change = net.step(memory, seen) - net.step(elsewhere, seen)
    changed = change.abs().amax(dim=(0, 1)) > 0
    rows, columns = torch.nonzero(changed, as_tuple=True)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5 - far, 5 + far) * 2


def test_the_feed_forward_net_does_not_care_for_iterations_and_is_of_comparable_size():
    net = build_net("feed_forward", {"input_channels": 4, "answer_channels": 2})
    inputs = inputs_of()
    seen = net.perceive(inputs)
    once = net.step(net.empty_memory(inputs), seen)
    assert torch.equal(net.step(once, seen), once)
    assert 0.8 < count_parameters(net) / count_parameters(RecurrentNet(4, 2)) < 1.25


def test_an_unknown_architecture_is_named():
    with pytest.raises(ValueError, match="architecture='transformer': allowed are 'recurrent'"):
        build_net("transformer", {})
