"""Training to imagine: it learns, goes on exactly, and draws the same numbers on all processes."""

from dataclasses import replace

import chess
import numpy as np
import pytest
import torch

from tests.deep_thinking.conftest import call_script
from tests.deep_thinking.training.test_trainer import as_read, losses_of, plan
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import MOVES, action_of, move_of, planes
from thinkenv.chess_puzzles.moves import MOVE_CODES
from thinkenv.chess_puzzles.notation import fen_of_position, move_of_uci, position_of_fen
from thinkenv.chess_puzzles.packing import positions_of_planes
from thinkenv.chess_puzzles.rules import NO_MOVE, is_legal
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.architectures.messages import MessageNet, MessageSettings
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.rollout.acceleration import Acceleration
from thinkenv.deep_thinking.training import imagining
from thinkenv.deep_thinking.training.imagining import (
    Imagined,
    ImaginingTrainer,
    log_probabilities,
    mean_of,
)

CPU = torch.device("cpu")
CODEC = MoveCodec(ChessPuzzleTask)
SETTINGS = MessageSettings(
    memory_channels=16, message_channels=2, board_channels=4, head_channels=8
)
FENS = chess_puzzles.load(split="all").fens()[:60]
ONE_MOVE = "7k/R7/8/8/8/8/8/1R4K1 b - - 0 1"
STARTS = dict(short_steps=0, long_starts=("empty", "foreign"), long_iterations=(2, 3))


def trainer_of(task=None, rank=0, world_size=1, acceleration=None, **changes) -> ImaginingTrainer:
    torch.manual_seed(0)
    net = MessageNet(SETTINGS, CODEC.interface)
    options = dict(rank=rank, world_size=world_size)
    if acceleration is not None:
        options["acceleration"] = acceleration
    task = task or ChessPuzzleTask("bundled", "train")
    return ImaginingTrainer(net, CODEC, task, plan(**(STARTS | changes)), 0, CPU, **options)


def test_a_handful_of_puzzles_is_learned():
    task = ChessPuzzleTask("bundled", "train")
    task.puzzles = task.puzzles[np.flatnonzero(task.puzzles.move_counts >= 3)[:8]]
    trainer = trainer_of(task, steps=100, learning_rate=2e-2, batch=8)
    losses = losses_of(trainer, 40)
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])


def test_without_imagining_nothing_but_the_move_is_learned():
    settings = replace(SETTINGS, imagines=False)
    torch.manual_seed(0)
    net = MessageNet(settings, CODEC.interface)
    task = ChessPuzzleTask("bundled", "train")
    trainer = ImaginingTrainer(net, CODEC, task, plan(**STARTS, batch=16), 0, CPU)
    trainer.step()
    assert net.policy.ask.weight.grad.abs().sum() > 0
    for head in (net.reply_policy.ask, net.appraise, net.judge):
        assert head.weight.grad is None


def test_all_heads_and_all_else_that_is_trained_gets_a_gradient():
    trainer = trainer_of(batch=16)
    trainer.step()
    trainer.step()
    for name, parameter in trainer.net.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def test_a_run_that_was_stopped_goes_on_exactly():
    whole, first, second = (trainer_of(steps=6) for _ in range(3))
    losses = losses_of(whole, 6)
    assert losses_of(first, 3) == losses[:3]
    second.load_state(as_read(first.state()))
    assert losses_of(second, 3) == losses[3:]
    for one, other in zip(whole.net.parameters(), second.net.parameters(), strict=True):
        assert torch.equal(one, other)
    for one, other in zip(
        whole.averaged_net().parameters(), second.averaged_net().parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_slots_have_the_same_numbers_whichever_process_holds_them():
    whole, *parts = (
        trainer_of(),
        trainer_of(rank=0, world_size=2),
        trainer_of(rank=1, world_size=2),
    )
    for step in range(4):
        attempts = []
        for trainer in (whole, *parts):
            trainer.steps_done = step
            with torch.no_grad():
                attempts.append(trainer.attempt())
        expected, *found = attempts
        # Moves, replies and what is kept are drawn: the memories differ where one of them does.
        memory = torch.cat([attempt.memory for attempt in found])
        torch.testing.assert_close(memory, expected.memory, atol=1e-5, rtol=0)
        loss = sum(attempt.loss for attempt in found) / 2
        torch.testing.assert_close(loss, expected.loss)
        whole.buffer.memory = expected.memory
        for trainer, part in zip(parts, expected.memory.split(4), strict=True):
            trainer.buffer.memory = part


def legal_of(fens) -> list[set[int]]:
    boards = map(chess.Board, fens)
    return [{action_of(board, move.uci()) for move in board.legal_moves} for board in boards]


@pytest.mark.parametrize("sharpness", [0.1, 1.0, 1e4])
def test_wrong_moves_are_legal_and_never_the_right_one(sharpness):
    """However sure the net is of the right one."""
    trainer = trainer_of(batch=len(FENS))
    trainer.buffer.advance(0, trainer.net)
    positions = positions_of_planes(planes(FENS))
    logits = sharpness * torch.randn(len(FENS), 67, 8, 8)
    of_moves = log_probabilities(logits, positions)
    right = of_moves.argmax(dim=1)
    seen = [set() for _ in FENS]
    for _ in range(30):
        wrong, has_wrong = trainer._draw_another(of_moves, right)
        for drawn, action in zip(seen, wrong.tolist(), strict=True):
            drawn.add(action)
    legal = legal_of(FENS)
    assert has_wrong.tolist() == [len(moves) > 1 for moves in legal]
    for drawn, moves, action in zip(seen, legal, right.tolist(), strict=True):
        if len(moves) > 1:
            assert drawn <= moves - {action}
    if sharpness < 1:  # and unlikely ones, too
        assert np.mean([len(drawn) for drawn in seen]) > 8


def test_wrong_moves_are_drawn_as_often_as_they_are_liked():
    trainer = trainer_of(batch=2000)
    trainer.buffer.advance(0, trainer.net)
    logits = torch.randn(1, 67, 8, 8).expand(2000, -1, -1, -1)
    positions = np.repeat(positions_of_planes(planes(FENS[:1])), 2000, axis=0)
    of_moves = log_probabilities(logits, positions)
    right = of_moves.argmax(dim=1)
    wrong, _ = trainer._draw_another(of_moves, right)
    weights = np.exp(of_moves[0].double().numpy() / imagining.TEMPERATURE)
    weights[right[0]] = 0
    expected = weights / weights.sum()
    shares = np.bincount(wrong.numpy(), minlength=len(MOVES)) / 2000
    assert np.abs(shares - expected).max() < 0.05


def test_where_one_move_is_legal_it_is_the_one_that_is_imagined():
    trainer = trainer_of(batch=2)
    trainer.buffer.advance(0, trainer.net)
    positions = np.array([position_of_fen(ONE_MOVE)] * 2)
    of_moves = log_probabilities(torch.randn(2, 67, 8, 8), positions)
    right = of_moves.argmax(dim=1)
    _, has_wrong = trainer._draw_another(of_moves, right)
    assert move_of(ONE_MOVE, int(right[0])) == "h8g8" and not has_wrong.any()


@pytest.fixture
def played(monkeypatch) -> list[bool]:
    """Whether each move is legal that is played in the head."""
    found = []
    after = Imagined.after.__func__

    def watched(cls, positions, actions, theirs, where=None):
        which = range(len(positions)) if where is None else np.flatnonzero(where)
        for index in which:
            found.append(is_legal(positions[index].copy(), int(MOVE_CODES[int(actions[index])])))
        return after(cls, positions, actions, theirs, where)

    monkeypatch.setattr(Imagined, "after", classmethod(watched))
    return found


def test_all_moves_that_are_imagined_are_legal(played):
    trainer = trainer_of(batch=32)
    losses_of(trainer, 4)
    assert len(played) > 6 * 32 and all(played)


def test_positions_without_a_choice_are_trained_on_too(played, monkeypatch):
    """The king has one move, and is mated then: the game is over after the reply."""
    positions = np.array([position_of_fen(ONE_MOVE)] * 8)
    line = (move_of_uci("h8g8", is_black=True), move_of_uci("b1b8", is_black=False), NO_MOVE)
    moves = np.array([line] * 8, np.uint16)
    monkeypatch.setattr(imagining, "moments_of", lambda puzzles, shares: (positions, moves))
    trainer = trainer_of()
    for _ in range(3):
        numbers, _ = trainer.step()
        assert numbers.isfinite().all()
        assert numbers[0] == pytest.approx(0, abs=1e-6) and numbers[1] == 1  # nothing to choose
    assert len(played) == 3 * 2 * 8 and all(played)


def test_what_is_imagined_is_played_as_by_python_chess():
    positions = np.array([position_of_fen(fen) for fen in FENS])
    boards = [chess.Board(fen) for fen in FENS]
    rng = np.random.default_rng(0)
    seen, where = None, None
    for theirs in (False, True):
        going_on = [any(board.legal_moves) for board in boards]
        moves = [
            rng.choice(list(board.legal_moves)) if goes_on else None
            for board, goes_on in zip(boards, going_on, strict=True)
        ]
        actions = torch.tensor(
            [
                0 if move is None else action_of(board, move.uci())
                for board, move in zip(boards, moves, strict=True)
            ]
        )
        seen = Imagined.after(positions, actions, theirs, where)
        for board, move in zip(boards, moves, strict=True):
            if move is not None:
                board.push(move)
        positions, where = seen.positions, seen.is_going_on
        assert seen.is_their_turn != theirs
        for board, position, shown, is_on, was_on in zip(
            boards, positions, seen.shown, where, going_on, strict=True
        ):
            assert is_on == (was_on and any(board.legal_moves))
            if was_on:
                assert fen_of_position(position) == board.fen()
                assert fen_of_position(shown).split()[0] == board.board_fen()
        thinkers = [fen.split()[1] for fen in FENS]
        found = [fen_of_position(shown).split()[1] for shown in seen.shown]
        assert [one for one, on in zip(found, going_on, strict=True) if on] == [
            one for one, on in zip(thinkers, going_on, strict=True) if on
        ]


def test_where_no_move_is_legal_all_are_equally_improbable():
    positions = np.array([position_of_fen("7k/5Q2/6K1/8/8/8/8/8 b - - 0 1")])
    found = log_probabilities(torch.randn(1, 67, 8, 8), positions)
    torch.testing.assert_close(found.exp(), torch.full_like(found, 1 / len(MOVES)))


def test_replies_are_seen_from_the_thinker():
    """The probability of a reply is that of the squares as the thinker sees them."""
    fen = FENS[0]
    board = chess.Board(fen)
    positions = positions_of_planes(planes([fen]))
    move = next(iter(board.legal_moves))
    action = action_of(board, move.uci())
    code = int(MOVE_CODES[action])
    logits = torch.zeros(1, 67, 64)
    logits[0, (code >> 6 & 63) ^ 56, (code & 63) ^ 56] = 20.0
    found = log_probabilities(logits.unflatten(2, (8, 8)), positions, is_mirrored=True)
    assert found.argmax() == action and found.max().exp() > 0.9


def test_the_mean_of_nothing_is_nothing():
    numbers = torch.tensor([1.0, 2.0, 6.0])
    assert float(mean_of(numbers, torch.tensor([True, False, True]))) == 3.5
    assert float(mean_of(numbers, torch.zeros(3, dtype=torch.bool))) == 0.0


def test_it_trains_in_half_of_the_precision():
    trainer = trainer_of(acceleration=Acceleration("bfloat16"))
    losses = losses_of(trainer, 3)
    assert np.isfinite(losses).all()
    assert trainer.buffer.memory.dtype == torch.float32
    for parameter in trainer.net.parameters():
        assert parameter.dtype == torch.float32 and parameter.isfinite().all()


def test_the_script_trains_an_agent_that_imagines(tmp_path):
    words = "--task chess --architecture messages --memory-channels 8 --message-channels 2"
    words += " --board-channels 2 --head-channels 4 --batch 4 --steps 4 --long-iterations 2 3"
    words += " --log-every 2 --validate-every 4 --validation-problems 4 --threads 1"
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    call_script("train_dt", *words.split(), "--folder", whole)
    call_script("train_dt", *words.split(), "--folder", broken, "--stop-after", 2, expect=130)
    call_script("train_dt", *words.split(), "--folder", broken, "--resume")
    weights = [(folder / "weights.safetensors").read_bytes() for folder in (whole, broken)]
    assert weights[0] == weights[1]
    agent = load(whole)
    assert agent.training_iterations == 3
    thought = agent.think(planes(FENS[:3]), imagine=5)
    assert thought.imagined.tolist() == [5, 5, 5]
