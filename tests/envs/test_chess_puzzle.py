"""``ChessPuzzle-v0`` against python-chess: every bundled puzzle, every mate, wrong moves."""

import random

import chess
import gymnasium as gym
import numpy as np
import pytest

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.moves import ACTION_OF_CODE
from thinkenv.chess_puzzles.notation import move_of_uci

EVERYTHING = chess_puzzles.load("bundled")
COUNT = len(EVERYTHING)


def action_of(uci, is_black):
    return int(ACTION_OF_CODE[move_of_uci(uci, is_black)])


def squares_of(move, is_black):
    """The two squares of a move of python-chess as the solver sees them, by its own arithmetic."""
    answer = np.zeros((8, 8), np.int8)
    for square in (move.from_square, move.to_square):
        seen = chess.square_mirror(square) if is_black else square
        answer[chess.square_rank(seen), chess.square_file(seen)] = 1
    return answer


def make(**options):
    return gym.make("ChessPuzzle-v0", split="all", **options).unwrapped


def test_there_are_as_many_puzzles_as_in_the_bundled_file():
    assert COUNT == 6605


def test_the_recorded_line_solves_every_bundled_puzzle():
    env = make()
    for instance in range(COUNT):
        _, info = env.reset(options={"instance": instance})
        board = chess.Board(info["fen"])
        is_black = board.turn == chess.BLACK
        line = EVERYTHING.solution(instance)
        for ply in range(0, len(line), 2):
            legal = {action_of(move.uci(), is_black) for move in board.legal_moves}
            assert set(np.flatnonzero(info["action_mask"])) == legal
            _, reward, terminated, truncated, info = env.step(action_of(line[ply], is_black))
            assert not truncated
            for uci in line[ply : ply + 2]:
                board.push_uci(uci)
            assert info["fen"] == board.fen()
            assert info["reply"] == (line[ply + 1] if ply + 1 < len(line) else None)
            is_last = ply + 2 > len(line)
            assert (reward, terminated, info["solved"]) == (float(is_last), is_last, is_last)
        assert info["solution"].split() == line
        assert info["action_mask"].all()  # nothing is played any more


def test_every_alternative_mate_at_the_last_move_solves_the_puzzle():
    env, first_env, squares_env = make(), make(answer="first_move"), make(answer="squares")
    alternatives = 0
    for instance in range(COUNT):
        line = EVERYTHING.solution(instance)
        board = chess.Board(EVERYTHING.fen(instance))
        is_black = board.turn == chess.BLACK
        for uci in line[:-1]:
            board.push_uci(uci)
        end = board.copy()
        end.push_uci(line[-1])
        if not end.is_checkmate():
            continue
        for move in board.legal_moves:
            after = board.copy(stack=False)
            after.push(move)
            if move.uci() == line[-1] or not after.is_checkmate():
                continue
            alternatives += 1
            env.reset(options={"instance": instance})
            for uci in line[:-1:2]:
                assert not env.step(action_of(uci, is_black))[2]
            _, reward, terminated, _, info = env.step(action_of(move.uci(), is_black))
            assert (reward, terminated, info["solved"]) == (1.0, True, True)
            if len(line) == 1:
                for other in (first_env, squares_env):
                    other.reset(options={"instance": instance})
                assert first_env.step(action_of(move.uci(), is_black))[1] == 1.0
                assert squares_env.step(squares_of(move, is_black))[1] == 1.0
    assert alternatives > 100


@pytest.mark.parametrize("answer", ["line", "first_move", "squares"])
def test_other_legal_first_moves_fail_unless_they_mate(answer):
    env = make(answer=answer)
    for instance in random.Random(0).sample(range(COUNT), 500 if answer == "line" else 100):
        board = chess.Board(EVERYTHING.fen(instance))
        is_black = board.turn == chess.BLACK
        solution = chess.Move.from_uci(EVERYTHING.solution(instance)[0])
        right_squares = squares_of(solution, is_black)
        for move in board.legal_moves:
            if move == solution:
                continue
            after = board.copy(stack=False)
            after.push(move)
            right = after.is_checkmate()
            env.reset(options={"instance": instance})
            if answer == "squares":
                squares = squares_of(move, is_black)
                # Another promotion goes over the same squares.
                right = right or np.array_equal(squares, right_squares)
                _, reward, terminated, _, info = env.step(squares)
            else:
                _, reward, terminated, _, info = env.step(action_of(move.uci(), is_black))
            assert (reward, info["solved"]) == (float(right), right)
            assert terminated
            assert info["solution"].split()[0] == solution.uci()
            if answer != "squares":
                assert info["fen"] == (after if right else board).fen() and info["reply"] is None


def test_an_illegal_move_ends_the_episode_unsolved():
    env = make()
    _, info = env.reset(options={"instance": 0})
    illegal = int(np.flatnonzero(info["action_mask"] == 0)[0])
    before = env.dynamics.observe()[0]
    observation, reward, terminated, _, info = env.step(illegal)
    assert (reward, terminated, info["solved"]) == (0.0, True, False)
    assert np.array_equal(observation, before)
    assert info["fen"] == EVERYTHING.fen(0) and info["reply"] is None
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_an_engine_plays_many_puzzles_at_a_time_from_the_fens_it_is_told(mode):
    """The engine looks moves up in the recorded lines, by the FENs of python-chess."""
    moves = {}
    for index in range(300):
        board = chess.Board(EVERYTHING.fen(index))
        for ply, uci in enumerate(EVERYTHING.solution(index)):
            if ply % 2 == 0:
                moves[board.fen()] = chess.Move.from_uci(uci)
            board.push_uci(uci)
    envs = gym.make_vec("ChessPuzzle-v0", num_envs=300, split="all", autoreset_mode=mode)
    _, infos = envs.reset(options={"instance": list(range(300))})
    open_ones = np.ones(300, bool)
    while open_ones.any():
        fens = np.where(open_ones, infos["fen"], None)
        masks = envs.unwrapped.action_masks()
        assert np.array_equal(masks, infos["action_mask"].astype(bool))
        actions = [
            chess_puzzles.action_of(fen, moves[fen]) if fen else int(np.flatnonzero(mask)[0])
            for fen, mask in zip(fens, masks, strict=True)
        ]
        observations, rewards, terminated, _, infos = envs.step(np.array(actions))
        told = infos.get("final_info", infos)
        for index in np.flatnonzero(open_ones & terminated):
            assert rewards[index] == 1 and told["solved"][index] and told["reply"][index] is None
            assert chess.Board(told["fen"][index]).turn != chess.Board(fens[index]).turn
            assert told["action_mask"][index].all()
        open_ones &= ~terminated
        shown = np.flatnonzero(open_ones)
        planes = chess_puzzles.planes([infos["fen"][index] for index in shown])
        assert np.array_equal(observations[shown], planes)


def test_actions_for_finished_puzzles_are_ignored_when_the_next_step_resets():
    envs = gym.make_vec("ChessPuzzle-v0", num_envs=2, autoreset_mode="NextStep")
    _, infos = envs.reset(seed=np.int64(3))
    wrong = [int(np.flatnonzero(mask == 0)[0]) for mask in infos["action_mask"]]
    envs.step(np.array(wrong))
    envs.step(np.array([-1, len(chess_puzzles.MOVES)]))  # both are finished
    for action in (-1, len(chess_puzzles.MOVES)):
        with pytest.raises(ValueError, match="action must hold integers in"):
            envs.step(np.array([0, action]))


def test_a_ragged_answer_is_named():
    env = make(answer="squares")
    env.reset(seed=0)
    with pytest.raises(
        ValueError, match=r"action must have shape \(8, 8\), got a list of unequal lists"
    ):
        env.step([[1, 0], [1]])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_squares_other_than_two_are_wrong(count):
    env = make(answer="squares")
    env.reset(options={"instance": 0})
    right = env.dynamics.batch.solutions[0].astype(np.int8)
    answer = np.zeros((8, 8), np.int8)
    answer[tuple(np.argwhere(right)[0])] = 1
    if count == 0:
        answer[:] = 0
    if count == 3:
        answer = right.copy()
        answer[tuple(np.argwhere(right == 0)[0])] = 1
    assert env.step(answer)[1] == 0.0


def test_infos_are_those_of_the_file():
    env = make()
    _, info = env.reset(options={"instance": 0})
    assert info["puzzle_id"] == "00008" and info["rating"] == 1811
    assert info["themes"] == ("hangingPiece",) and info["instance"] == 0
    # The set-up move f2g3 is played on the FEN of the file.
    board = chess.Board("r6k/pp2r2p/4Rp1Q/3p4/8/1N1P2R1/PqP2bPP/7K b - - 0 24")
    board.push_uci("f2g3")
    assert info["fen"] == board.fen()
    assert env.reset(options={"instance": COUNT})[1]["puzzle_id"] == "00008"  # begins again


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (dict(answer="move"), ValueError, "answer must be one of 'line', .*, got 'move'"),
        (dict(observation="rgb"), ValueError, "observation must be one of 'planes', got 'rgb'"),
        (dict(split="hard"), ValueError, "split must be one of 'train', .*, got 'hard'"),
        (dict(rating=[1500, 1400]), ValueError, "rating must be .*, got \\[1500, 1400\\]"),
        (dict(rating=[0, 1400]), ValueError, "rating\\[0\\] must be .*, got 0"),
        (dict(rating=1500), ValueError, "rating must be a pair .*, got 1500"),
        (dict(rating=[1500.0, 1600]), TypeError, "rating\\[0\\] must be an integer"),
        (dict(rating=[9000, 9999]), ValueError, "no puzzle of database='bundled'"),
        (dict(split="train", rating=[2000, 2100]), ValueError, "no puzzle of"),
        (dict(themes="fork"), TypeError, "themes must be a list .*, got 'fork'"),
        (dict(themes=["frok"]), ValueError, "themes must be .*, got 'frok'"),
        (dict(database="missing.csv"), ValueError, "database must be .*, got 'missing.csv'"),
        (dict(database=3), TypeError, "database must be .*, got 3"),
    ],
)
def test_wrong_arguments_are_named(options, error, words):
    with pytest.raises(error, match=words):
        gym.make("ChessPuzzle-v0", **options)
