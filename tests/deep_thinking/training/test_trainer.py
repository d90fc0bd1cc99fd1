"""Training step by step: what rollouts start from, how long they are, and what a state holds."""

import io

import numpy as np
import pytest
import torch

from tests.deep_thinking.conftest import CHESS_INTERFACE, MAZE_INTERFACE
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking.architectures.feed_forward import FeedForwardNet, FeedForwardSettings
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.deep_thinking.codecs.chess import ChessCodec
from thinkenv.deep_thinking.tensor_files import to_bytes, unpack_state
from thinkenv.deep_thinking.training.plan import Plan
from thinkenv.deep_thinking.training.trainer import (
    RolloutBuffer,
    Trainer,
    iterations_of_step,
    learning_rate_of_step,
)
from thinkenv.mazes.task import MazeTask

CPU = torch.device("cpu")
CODEC = CellCodec(MazeTask)


def plan(**changes) -> Plan:
    settings = dict(
        steps=40,
        short_steps=20,
        short_iterations=(2, 4),
        long_iterations=(10, 12),
        short_starts=("empty", "continued", "continued", "changed"),
        long_starts=("empty", "foreign", "changed", "random"),
        batch=8,
        learning_rate=1e-3,
        warmup_fraction=0.1,
        weight_decay=0.01,
        max_grad_norm=1.0,
        update_prob=0.5,
        memory_noise_std=0.2,
        residual_penalty=0.2,
        ema_decay=0.9,
        progressive=True,
    )
    return Plan(**(settings | changes))


def net_of(**settings) -> RecurrentNet:
    torch.manual_seed(0)
    small = dict(memory_channels=8, hidden_channels=8, head_channels=16)
    return RecurrentNet(RecurrentSettings(**(small | settings)), MAZE_INTERFACE)


def trainer_of(net=None, **changes) -> Trainer:
    return Trainer(net or net_of(), CODEC, MazeTask(9), plan(**changes), 0, CPU)


def chess_trainer(**changes) -> Trainer:
    torch.manual_seed(0)
    settings = RecurrentSettings(memory_channels=16, hidden_channels=32, gated=True)
    net = RecurrentNet(settings, CHESS_INTERFACE)
    starts = dict(short_starts=("empty",), long_starts=("empty", "continued", "random"))
    task = ChessPuzzleTask("bundled", "train")
    return Trainer(net, ChessCodec(ChessPuzzleTask), task, plan(**(starts | changes)), 0, CPU)


def as_read(state: dict) -> dict:
    """A state written and read again."""
    return unpack_state(io.BytesIO(to_bytes(state)))


def losses_of(trainer: Trainer, steps: int) -> list[float]:
    return [float(trainer.step()[0][0]) for _ in range(steps)]


def test_training_on_chess_puzzles_goes_on_exactly_where_it_was():
    whole, first, second = (chess_trainer(steps=8, short_steps=3) for _ in range(3))
    losses = losses_of(whole, 8)
    losses_of(first, 5)
    second.load_state(as_read(first.state()))
    assert losses_of(second, 3) == losses[5:]


def test_a_net_learns_chess_puzzles():
    trainer = chess_trainer(steps=150, short_steps=120, batch=32, learning_rate=5e-3)
    losses = losses_of(trainer, 120)
    # 4.16 is guessing among 64 squares.
    assert losses[0] > 4.0 and sum(losses[-10:]) / 10 < 3.6


@pytest.mark.parametrize(
    ("net", "changes"),
    [
        (lambda: net_of(), {}),
        (lambda: net_of(equivariant=True, wall_mask=True), {}),
        (lambda: net_of(recall=False), {}),
        (lambda: net_of(), {"progressive": False}),
        (lambda: FeedForwardNet(FeedForwardSettings(4), MAZE_INTERFACE), {}),
    ],
    ids=["default", "equivariant", "no recall", "no progressive loss", "feed-forward"],
)
def test_each_variant_lowers_its_loss(net, changes):
    trainer = trainer_of(net(), steps=120, short_steps=100, learning_rate=1e-2, **changes)
    losses = losses_of(trainer, 120)
    assert sum(losses[-20:]) / 20 < 0.8 * sum(losses[:5]) / 5


def test_slots_go_through_every_kind_of_start():
    trainer = trainer_of()
    seen = {"short": set(), "long": set()}
    for step in range(40):
        starts = trainer.buffer.starts(step)
        seen["short" if step < 20 else "long"] |= set(starts.tolist())
        trainer.step()
    assert seen == {
        "short": {"empty", "continued", "changed"},
        "long": {"empty", "foreign", "changed", "random"},
    }


def test_starts_are_what_their_names_say():
    shared = ("empty", "foreign", "changed", "random", "continued")
    buffer = RolloutBuffer(
        MazeTask(9), CODEC, plan(long_starts=shared, batch=5), 0, first=0, count=5, recall=True
    )
    net = net_of()
    for step in range(20, 28):
        before, memory_before = buffer.problems, buffer.memory
        starts = buffer.starts(step)
        inputs, memory = buffer.advance(step, net)
        assert np.array_equal(inputs.argmax(dim=1).numpy(), buffer.problems.grids)
        if before is None:
            buffer.memory = torch.rand_like(memory)
            continue
        for index, start in enumerate(starts):
            ours, earlier = buffer.problems.grids[index], before.grids[index]
            assert np.array_equal(ours == 0, earlier == 0) == (start in ("changed", "continued"))
            assert np.array_equal(ours, earlier) == (start == "continued")
            same_memory = torch.equal(memory[index], memory_before[index])
            assert same_memory == (start in ("changed", "foreign", "continued"))
            if start == "empty":
                assert not memory[index].any()
            if start == "random":
                assert -1 <= memory[index].min() < -0.5 and 0.5 < memory[index].max() <= 1


def test_without_recall_only_the_own_memory_is_gone_on_from():
    buffer = RolloutBuffer(MazeTask(9), CODEC, plan(), 0, first=0, count=8, recall=False)
    assert set(buffer.starts(0)) == {"empty"}
    assert {*buffer.starts(1), *buffer.starts(30)} == {"empty", "continued"}


def test_no_process_draws_what_another_draws():
    """A slot has the same problem and random numbers, whichever process holds it."""
    whole, first, second = (
        RolloutBuffer(MazeTask(9), CODEC, plan(), 0, begin, count, recall=True)
        for begin, count in ((0, 8), (0, 4), (4, 4))
    )
    net = net_of()
    for step in range(22):
        parts = [buffer.advance(step, net) for buffer in (first, second)]
        inputs, memory = whole.advance(step, net)
        assert torch.equal(inputs, torch.cat([inputs for inputs, _ in parts]))
        assert torch.equal(memory, torch.cat([memory for _, memory in parts]))
        whole.memory = torch.rand_like(memory)
        first.memory, second.memory = whole.memory.split(4)


def test_a_random_part_of_the_cells_is_updated_and_noise_comes_on_top():
    trainer = trainer_of(batch=64, memory_noise_std=0.3)
    trainer.buffer.advance(0, trainer.net)
    update_prob = torch.linspace(0, 1, 64)
    for shape, channels in (((64, 8, 30, 30), 1), ((64, 400, 8), 2)):  # boards and tokens
        new, old = torch.ones(shape), torch.zeros(shape)
        memory = trainer._disturb(new, old, update_prob, has_noise=False)
        assert set(memory.unique().tolist()) == {0.0, 1.0}
        assert torch.equal(memory.amin(channels), memory.amax(channels))  # all of a cell, or none
        share = memory.flatten(1).mean(dim=1)
        assert (share - update_prob).abs().max() < 0.1
        noisy = trainer._disturb(old, old, update_prob, has_noise=True)
        assert noisy.std() == pytest.approx(0.3, rel=0.02)
        assert noisy.mean().abs() < 0.01


def test_the_last_iterations_and_short_rollouts_are_left_alone():
    """Or else a net that keeps its memory would not keep it."""

    class Keeping(RecurrentNet):
        def step(self, memory, injected):
            return memory

    trainer = trainer_of(Keeping(RecurrentSettings(memory_channels=8), MAZE_INTERFACE))
    memory = torch.rand(8, 8, 11, 11)
    for step, low, high in ((0, 0, 0), (20, 1, 4)):
        trainer.steps_done = step
        inputs, _ = trainer.buffer.advance(step, trainer.net)
        after, before = trainer._roll_out(inputs, memory)
        assert torch.equal(after, before)
        # The noises of iterations 0, 4 and so on, but for the last eight of 10 to 12.
        std = float((after - memory).std())
        assert 0.2 * low**0.5 - 0.01 <= std <= 0.2 * high**0.5 + 0.01


def test_training_sees_size_9_alone_and_the_training_split_alone():
    task = MazeTask.training_options().task(MazeTask, "train")
    assert (task.options["size"], task.options["split"]) == (9, "train")


def test_rollouts_have_the_lengths_of_the_plan():
    lengths = {iterations_of_step(plan(), 0, step, recurrent=True) for step in range(20)}
    assert lengths == {2, 3, 4}
    lengths = {iterations_of_step(plan(), 0, step, recurrent=True) for step in range(20, 40)}
    assert lengths == {10, 11, 12}
    plain = plan(progressive=False)
    assert {iterations_of_step(plain, 0, step, recurrent=True) for step in range(40)} == {12}
    assert iterations_of_step(plan(), 0, 3, recurrent=False) == 1


def test_the_learning_rate_rises_and_falls():
    rates = [learning_rate_of_step(plan(), step) for step in range(40)]
    assert max(rates) == pytest.approx(1e-3) and rates.index(max(rates)) in (3, 4)
    assert rates[0] < 1e-3 / 3 and rates[-1] < 1e-5
    assert rates[4:] == sorted(rates[4:], reverse=True)


@pytest.mark.parametrize("settings", [{}, {"equivariant": True, "wall_mask": True}])
def test_a_state_goes_on_exactly(settings):
    whole, first, second = (trainer_of(net_of(**settings)) for _ in range(3))
    expected = [whole.step()[0] for _ in range(30)]
    found = [first.step()[0] for _ in range(23)]
    second.load_state(as_read(first.state()))
    found += [second.step()[0] for _ in range(7)]
    assert torch.equal(torch.stack(found), torch.stack(expected))
    for one, other in zip(
        whole.averaged_net().parameters(), second.averaged_net().parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_a_state_of_before_the_first_step_goes_on_too():
    first, second = trainer_of(), trainer_of()
    second.load_state(as_read(first.state()))
    assert losses_of(first, 2) == losses_of(second, 2)


def test_the_average_forgets_the_first_weights_and_follows_slowly():
    trainer = trainer_of(ema_decay=0.5)
    weights = []
    for _ in range(25):
        trainer.step()
        weights.append(trainer.net.update.weight.detach().clone())
    expected = weights[0]
    for step, weight in enumerate(weights):
        expected = torch.lerp(expected, weight, 1 - min(0.5, (step + 1) / (step + 10)))
    torch.testing.assert_close(trainer.averaged_net().update.weight.detach(), expected)


def test_processes_that_cannot_share_the_batch_evenly_are_refused():
    with pytest.raises(
        ValueError, match="--batch must be a multiple of the number of processes, 3"
    ):
        Trainer(net_of(), CODEC, MazeTask(9), plan(), 0, CPU, rank=0, world_size=3)
