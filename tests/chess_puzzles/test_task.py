"""The chess task: batches, the judge of two squares, lines that are played, and what is chosen."""

import functools
from dataclasses import replace

import chess
import numpy as np
import pytest

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import MOVES, action_of, drawing
from thinkenv.chess_puzzles.notation import position_of_fen
from thinkenv.chess_puzzles.packing import PACKED_BYTES, pack, planes_of
from thinkenv.chess_puzzles.task import ChessPuzzleTask, PuzzlesToTest, PuzzlesToTrain
from thinkenv.streams import InstanceStream
from thinkenv.tasks import make_task

TASK = ChessPuzzleTask(split="all")
MIRROR = 56  # XOR with it shows a square from Black's side, as ``chess.square_mirror`` does


def seen(move, board):
    """The squares a move begins and ends on, seen from the side to move."""
    turned = 0 if board.turn == chess.WHITE else MIRROR
    return move.from_square ^ turned, move.to_square ^ turned


def as_answer(squares):
    answer = np.zeros(64, np.uint8)
    answer[list(squares)] = 1
    return answer.reshape(8, 8)


def is_mate(board, move):
    after = board.copy(stack=False)
    after.push(move)
    return after.is_checkmate()


def test_an_instance_is_the_same_alone_and_among_others_and_begins_again_after_the_last():
    count = len(TASK.puzzles)
    assert TASK.count == count
    batch = TASK.draw([5, 17, 5 + count, 2**63 - 1])
    assert batch.rows.tolist() == [5, 17, 5, (2**63 - 1) % count]
    alone = TASK.draw([17])
    assert np.array_equal(alone.planes[0], batch.planes[1])
    assert np.array_equal(alone.solutions[0], batch.solutions[1])
    assert TASK.draw([]).planes.shape == (0, 17, 8, 8)


def test_solutions_are_the_squares_of_the_first_move():
    batch = TASK.draw(range(200))
    for index in range(200):
        board = chess.Board(TASK.puzzles.fen(index))
        squares = seen(chess.Move.from_uci(TASK.puzzles.solution(index)[0]), board)
        assert np.array_equal(batch.solutions[index], as_answer(squares))
        assert batch.first_moves[index] & 0xFFF == squares[0] | squares[1] << 6


def test_parts_of_batches_and_replacements():
    batch, others = TASK.draw(range(10)), TASK.draw(range(50, 53))
    batch.replace(np.array([1, 4, 9]), others)
    assert batch.rows.tolist() == [0, 50, 2, 3, 51, 5, 6, 7, 8, 52]
    assert np.array_equal(batch[[1, 9]].planes, TASK.draw([50, 52]).planes)


def test_what_is_known_of_the_puzzles_of_a_batch():
    task = ChessPuzzleTask(split="extrapolation")
    batch = task.draw([3, 0])
    puzzles = task.puzzles_of(batch)
    assert puzzles.ids.tolist() == [task.puzzles.ids[3], task.puzzles.ids[0]]
    assert puzzles.fens() == [task.puzzles.fen(3), task.puzzles.fen(0)]
    assert task.difficulties(batch).tolist() == puzzles.ratings.tolist()
    described = task.describe(batch[:1])
    for part in (puzzles.ids[0].decode(), f"rated {puzzles.ratings[0]}", puzzles.fen(0)):
        assert part in described
    assert described.endswith("solution " + puzzles.solutions()[0])


def test_a_stream_gives_every_puzzle_once_before_it_repeats():
    task = ChessPuzzleTask(split="all", rating=[1500, 1520])
    count = len(task.puzzles)
    with InstanceStream(task, count=10) as stream:
        drawn = np.concatenate([next(stream).rows for _ in range(-(-count // 10))])
    assert len(set(drawn[:count].tolist())) == count


def test_the_judge_counts_equal_squares():
    batch = TASK.draw(range(50))
    solved, accuracies = TASK.judge(batch, batch.solutions)
    assert solved.all() and np.all(accuracies == 1.0)
    solved, accuracies = TASK.judge(batch, np.zeros_like(batch.solutions))
    assert not solved.any() and np.all(accuracies == 62 / 64)
    solved, accuracies = TASK.judge(batch, np.ones_like(batch.solutions))
    assert not solved.any() and np.all(accuracies == 2 / 64)
    with pytest.raises(ValueError, match=r"must have shape \(50, 8, 8\), got \(50, 7, 8\)"):
        TASK.judge(batch, batch.solutions[:, :7])
    with pytest.raises(ValueError, match="must hold 0 and 1 alone"):
        TASK.judge(batch, 2 * batch.solutions)


def test_of_the_other_legal_moves_exactly_those_that_mate_are_right():
    # The squares of a move are marked, not which is the first: a mate from either end counts.
    instances, answers, expected, accuracies = [], [], [], []
    for index in np.flatnonzero(TASK.puzzles.move_counts <= 3)[:1000]:
        board = chess.Board(TASK.puzzles.fen(index))
        first = chess.Move.from_uci(TASK.puzzles.solution(index)[0])
        recorded = frozenset(seen(first, board))
        right = {recorded} | {
            frozenset(seen(move, board)) for move in board.legal_moves if is_mate(board, move)
        }
        for squares in {frozenset(seen(move, board)) for move in board.legal_moves}:
            instances.append(index)
            answers.append(as_answer(squares))
            expected.append(squares in right)
            accuracies.append(1 - len(squares ^ recorded) / 64)
    batch = TASK.draw(np.array(instances))
    solved, shares = TASK.judge(batch, np.array(answers))
    assert solved.tolist() == expected and shares.tolist() == accuracies
    assert sum(expected) > len(set(instances))  # some have several mates


def test_a_puzzle_is_not_perturbed():
    batch = TASK.draw(range(3))
    with pytest.raises(ValueError, match="no small change is known of .* 'chess'"):
        TASK.perturb(batch, batch.instances)


def key(planes):
    return planes.astype(np.uint8).tobytes()


def key_of_board(board):
    packed = np.empty((1, PACKED_BYTES), np.uint8)
    pack(position_of_fen(board.fen()), packed[0])
    return key(planes_of(packed, [0]))


def random_scores(puzzles, knowledge):
    """Scores ``(2, 64)`` of the positions in which solvers move, by the bytes of their planes.

    They are random, but the recorded move has the highest ones with the probability ``knowledge``.
    """
    draw = np.random.default_rng(0)
    scores = {}
    for index in range(len(puzzles)):
        board = chess.Board(puzzles.fen(index))
        for ply, uci in enumerate(puzzles.solution(index)):
            move = chess.Move.from_uci(uci)
            if ply % 2 == 0:
                mine = scores.setdefault(key_of_board(board), draw.random((2, 64), np.float32))
                if draw.random() < knowledge:
                    mine[[0, 1], seen(move, board)] += 2
            board.push(move)
    return scores


def played_with_python_chess(fen, solution, scores):
    """Whether the first move, and the whole line, is right of who plays by such scores."""
    board = chess.Board(fen)

    def score(mine, move):
        origin, target = seen(move, board)
        return mine[0, origin] + mine[1, target], move.promotion or 0  # a queen before a knight

    for ply in range(0, len(solution), 2):
        mine = scores[key_of_board(board)]
        move = max(board.legal_moves, key=functools.partial(score, mine))
        if is_mate(board, move):
            return True, True
        if move.uci() != solution[ply]:
            return ply > 0, False
        for uci in solution[ply : ply + 2]:
            board.push_uci(uci)
    return True, True


@pytest.mark.parametrize("knowledge", [0.0, 0.8, 1.0])
def test_lines_are_played_as_python_chess_plays_them(knowledge):
    batch = TASK.draw(range(0, 6000, 15))
    puzzles = TASK.puzzles_of(batch)
    scores = random_scores(puzzles, knowledge)
    expected = [
        played_with_python_chess(puzzles.fen(index), puzzles.solution(index), scores)
        for index in range(len(puzzles))
    ]
    calls = []

    def preferences(planes):
        calls.append(len(planes))
        return np.stack([scores[key(one)] for one in planes])

    played = TASK.play(batch, preferences)
    assert list(zip(played["first_move"], played["line"], strict=True)) == expected
    # All positions come at once, then those of the lines that go on.
    assert calls[0] == len(batch) and calls == sorted(calls, reverse=True)
    if knowledge == 1.0:  # a promotion to less than a queen cannot be said by squares
        moves = [line.split()[::2] for line in puzzles.solutions()]
        can_be_said = [all(move[4:] in ("", "q") for move in line) for line in moves]
        assert played["line"][can_be_said].all()
    else:
        assert not played["line"].all() and played["first_move"].any()


def scores_of_moves(puzzles, knowledge):
    """For each position of the lines, scores of all actions: mostly the recorded one is best."""
    rng = np.random.default_rng(int(knowledge * 100))
    scores = {}
    for fen, line in zip(puzzles.fens(), puzzles.solutions(), strict=True):
        board = chess.Board(fen)
        for ply, uci in enumerate(line.split()):
            if ply % 2 == 0:
                of_actions = rng.normal(size=len(MOVES)).astype(np.float32)
                if rng.random() < knowledge:
                    of_actions[action_of(board, uci)] = 10.0
                scores.setdefault(key_of_board(board), of_actions)
            board.push_uci(uci)
    return scores


@pytest.mark.parametrize("knowledge", [0.0, 0.8, 1.0])
def test_lines_are_played_by_scores_of_moves_too(knowledge):
    batch = TASK.draw(range(0, 6000, 15))
    puzzles = TASK.puzzles_of(batch)
    scores = scores_of_moves(puzzles, knowledge)
    played = TASK.play(batch, lambda shown: np.stack([scores[key(one)] for one in shown]))
    for index, (fen, line) in enumerate(zip(puzzles.fens(), puzzles.solutions(), strict=True)):
        board, solution = chess.Board(fen), line.split()
        first, whole = False, False
        for ply in range(0, len(solution), 2):
            of_actions = scores[key_of_board(board)]
            move = max(board.legal_moves, key=lambda one: of_actions[action_of(board, one.uci())])
            if is_mate(board, move):
                first, whole = True, True
                break
            if move.uci() != solution[ply]:
                break
            first, whole = True, ply + 1 == len(solution)
            for uci in solution[ply : ply + 2]:
                board.push_uci(uci)
        assert (played["first_move"][index], played["line"][index]) == (first, whole)
    if knowledge == 1.0:  # all four promotions can be said
        promoting = [any(len(move) == 5 for move in line.split()) for line in puzzles.solutions()]
        assert played["line"].all() and any(promoting)


def test_nothing_is_played_in_an_empty_batch():
    played = TASK.play(TASK.draw([]), lambda planes: pytest.fail("there is nothing to prefer"))
    assert len(played["first_move"]) == len(played["line"]) == 0


def test_options_say_which_puzzles_and_stand_in_a_row():
    task = make_task("chess", split="test", rating=[600, 799], themes=["fork"])
    database = task.puzzles.database
    assert task.options == {
        "split": "test",
        "rating": [600, 799],
        "database": "lichess_puzzles_sample.csv",
        "database_sha256": database.source_sha256,
        "themes": ["fork"],
    }
    assert task.version == database.source_sha256
    assert task.label(task.options) == "rated 600-799"
    whole = ChessPuzzleTask(split="extrapolation")
    assert whole.options["rating"] == [1600, int(whole.puzzles.ratings.max())]
    assert "themes" not in whole.options


def test_test_puzzles_come_by_rating_and_never_from_training():
    buckets = ChessPuzzleTask.testing_options().tasks(ChessPuzzleTask)
    train = set(chess_puzzles.load(split="train").rows.tolist())
    for bucket in buckets:
        low, high = bucket.rating_band
        ratings = bucket.puzzles.ratings
        assert high == (1499 if low == 1400 else low + 199)  # the gap is in no split
        assert low <= ratings.min() <= ratings.max() <= high
        assert not train & set(bucket.puzzles.rows.tolist())
    assert buckets[0].split == "test" and buckets[-1].split == "extrapolation"
    cut = PuzzlesToTest(rating=(1300, 1700)).tasks(ChessPuzzleTask)
    assert [bucket.rating_band for bucket in cut] == [(1300, 1399), (1400, 1499), (1600, 1700)]
    trained_on = PuzzlesToTest(rating=(1000, 1399), split="train").tasks(ChessPuzzleTask)
    assert [bucket.split for bucket in trained_on] == ["train", "train"]
    assert set(trained_on[0].puzzles.rows.tolist()) < train
    narrow = PuzzlesToTest(rating=(1000, 1099), bucket=50).tasks(ChessPuzzleTask)
    assert [bucket.rating_band for bucket in narrow] == [(1000, 1049), (1050, 1099)]


def test_one_puzzle_is_shown_from_a_whole_band_and_the_training_split_is_trained_on():
    (shown,) = ChessPuzzleTask.watching_options().tasks(ChessPuzzleTask)
    assert (shown.split, shown.rating_band) == ("extrapolation", (1600, 1799))
    (wide,) = PuzzlesToTest(rating=(1650, 2100), bucket=9999).tasks(ChessPuzzleTask)
    assert wide.rating_band == (1650, 2100) and wide.puzzles.ratings.max() > 2000
    trained = ChessPuzzleTask.training_options().task(ChessPuzzleTask, "train")
    assert trained.puzzles.rows.tolist() == chess_puzzles.load(split="train").rows.tolist()


def test_training_can_be_on_some_ratings_alone():
    options = replace(ChessPuzzleTask.training_options(), rating=(800, 899))
    for split in ("train", "validation"):
        task = options.task(ChessPuzzleTask, split)
        assert task.split == split and task.options["rating"] == [800, 899]
        assert {int(rating) // 100 for rating in task.puzzles.ratings} == {8}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(rating=(3000, 3100)), "no puzzle of the split is rated from 3000 to 3100"),
        (dict(rating=(1520, 1580)), "no puzzle of the split is rated from 1520 to 1580"),
        (dict(rating=(1700, 1300)), "rating must be a pair .* got \\(1700, 1300\\)"),
        (dict(bucket=0), "bucket must be an integer in .* got 0"),
        (dict(split="easy"), "split must be one of .* got 'easy'"),
    ],
)
def test_test_options_that_leave_nothing_or_are_wrong_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        PuzzlesToTest(**options).tasks(ChessPuzzleTask)


def test_a_database_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="database must be 'bundled' or the path of a file"):
        PuzzlesToTrain("nowhere.csv").task(ChessPuzzleTask, "train")


def colours_of(picture):
    return set(map(tuple, picture.reshape(-1, 3).tolist()))


def puzzle_with_two_mates():
    """A batch of one puzzle, and the squares of a mate other than the recorded one."""
    for index in np.flatnonzero(TASK.puzzles.move_counts == 1):
        board = chess.Board(TASK.puzzles.fen(index))
        recorded = chess.Move.from_uci(TASK.puzzles.solution(index)[0])
        for move in board.legal_moves:
            if is_mate(board, move) and set(seen(move, board)) != set(seen(recorded, board)):
                return TASK.draw([index]), as_answer(seen(move, board))
    raise AssertionError("no bundled puzzle has two mates")


def test_pictures_and_text_judge_answers_as_the_task_does():
    batch, other_mate = puzzle_with_two_mates()
    for answer in (batch.solutions[0], other_mate):
        colours = colours_of(TASK.picture(batch, answer))
        assert drawing.RIGHT_COLOUR in colours and drawing.WRONG_COLOUR not in colours
        assert "marked: " in TASK.text(batch, answer) and "wrong" not in TASK.text(batch, answer)
    wrong = 1 - batch.solutions[0]
    assert drawing.WRONG_COLOUR in colours_of(TASK.picture(batch, wrong))
    assert "; wrong: " in TASK.text(batch, wrong)
    plain = colours_of(TASK.picture(batch))
    assert not {drawing.RIGHT_COLOUR, drawing.WRONG_COLOUR} & plain
    assert "marked" not in TASK.text(batch)


def test_probabilities_tint_the_squares():
    batch = TASK.draw([0])
    tinted = TASK.picture(batch, probabilities=batch.solutions[0].astype(float))
    changed = (tinted != TASK.picture(batch)).any(axis=2)
    # Two squares, but for the pixels of the pieces on them, which are the same.
    assert 0 < changed.sum() <= 2 * drawing.SQUARE_PIXELS**2
