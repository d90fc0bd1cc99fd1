"""Choosing puzzles: bands, themes, ranks, and splits that share no position."""

from pathlib import Path

import chess
import numpy as np
import pytest

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.importing import import_puzzles
from thinkenv.chess_puzzles.puzzles import BUNDLED, ChessPuzzles
from thinkenv.chess_puzzles.rating_splits import BOUNDS_OF_SPLIT
from thinkenv.chess_puzzles.replaying import check_by_replay

EVERYTHING = chess_puzzles.load()


def seen_by_solver(fen: str) -> str:
    """What the solver sees: without the clocks, and with White to move."""
    board = chess.Board(fen)
    return (board if board.turn == chess.WHITE else board.mirror()).epd()


def write_variants(path: Path) -> Path:
    """Puzzles with 5 ratings each on the same position, half of them with colours exchanged."""
    lines = []
    for number, line in enumerate(BUNDLED.read_text().splitlines()[1:301]):
        for copy, (rating, plays) in enumerate(
            [(900, 5), (1300, 9), (1550, 7), (1700, 8), (2400, 6)]
        ):
            fields = line.split(",")
            fields[0] = f"{number:03d}{copy}"
            fields[3], fields[6] = str(rating + number % 7), str(plays * (1 + (copy + number) % 3))
            if copy % 2:
                fields[1] = chess.Board(fields[1]).mirror().fen()
                fields[2] = " ".join(
                    uci[0] + str(9 - int(uci[1])) + uci[2] + str(9 - int(uci[3])) + uci[4:]
                    for uci in fields[2].split()
                )
            lines.append(",".join(fields))
    path.write_text("\n".join(lines))
    return path


def test_splits_partition_by_rating_with_a_gap():
    rows = {split: chess_puzzles.load(split=split) for split in BOUNDS_OF_SPLIT if split != "all"}
    chosen = np.concatenate([puzzles.rows for puzzles in rows.values()])
    assert len(chosen) == len(set(chosen.tolist()))
    for split in ("train", "validation", "test"):
        assert rows[split].ratings.max() < 1500
    assert rows["extrapolation"].ratings.min() >= 1600
    left = np.setdiff1d(EVERYTHING.rows, chosen)
    assert np.all((EVERYTHING.ratings[left] >= 1500) & (EVERYTHING.ratings[left] < 1600))
    easy = sum(len(rows[split]) for split in ("train", "validation", "test"))
    assert 0.87 < len(rows["train"]) / easy < 0.93


def test_no_position_is_in_two_splits_whatever_its_ratings(tmp_path):
    path = tmp_path / "variants.puzzles"
    database, refused = import_puzzles(write_variants(tmp_path / "variants.csv"), path)
    assert len(refused) == 0 and len(database) == 1500
    split_of_position = {}
    counts = {}
    for split in ("train", "validation", "test", "extrapolation"):
        puzzles = chess_puzzles.load(path, split=split)
        counts[split] = len(puzzles)
        low, high = BOUNDS_OF_SPLIT[split][:2]
        assert low <= puzzles.ratings.min() <= puzzles.ratings.max() <= high
        for index in range(len(puzzles)):
            position = seen_by_solver(puzzles.fen(index))
            assert split_of_position.setdefault(position, split) == split
    assert all(count > 0 for count in counts.values()), counts
    # The most played of each position decides.
    everything = ChessPuzzles(database)
    for first in range(0, 1500, 5):
        plays = everything.plays[first : first + 5]
        rating = int(everything.ratings[first + np.argmax(plays)])
        assert np.all(database.columns["split_ratings"][first : first + 5] == rating)


def test_bands_themes_and_ranks_choose_what_they_say():
    ratings = EVERYTHING.ratings
    band = chess_puzzles.load(rating=[1000, 1100])
    assert band.rows.tolist() == np.flatnonzero((ratings >= 1000) & (ratings <= 1100)).tolist()
    mates = chess_puzzles.load(themes=["mateIn1", "mateIn2"])
    assert all({"mateIn1", "mateIn2"} & set(mates.themes(index)) for index in range(len(mates)))
    others = np.setdiff1d(EVERYTHING.rows, mates.rows)
    assert not any({"mateIn1", "mateIn2"} & set(EVERYTHING.themes(row)) for row in others)
    easiest = chess_puzzles.load(easiest=1000)
    harder = chess_puzzles.load(ranks=[1000, 1100])
    assert (len(easiest), len(harder)) == (1000, 100)
    assert easiest.ratings.max() <= harder.ratings.min()
    assert harder.ratings.max() <= np.sort(ratings)[1100]
    assert not set(easiest.rows) & set(harder.rows)


def test_some_of_the_puzzles_are_columns_too():
    some = EVERYTHING[EVERYTHING.ratings > 2500]
    assert np.array_equal(some.ratings, EVERYTHING.ratings[EVERYTHING.ratings > 2500])
    assert np.array_equal(some.planes([3, 0]), EVERYTHING.planes(some.rows[[3, 0]]))
    assert some[:2].fen(1) == some.fen(1)
    assert some.fen(-1) == some.fen(len(some) - 1)
    assert some.solution(-1) == some.solution(len(some) - 1)
    assert some.planes([]).shape == (0, 17, 8, 8)
    assert np.array_equal(some.planes(some.ratings > 2600), some[some.ratings > 2600].planes())
    none = some[:0]
    assert none.fens() == none.solutions() == none.theme_names() == []
    with pytest.raises(TypeError, match="index must be a slice, a mask or an array .*, got 5"):
        some[5]


def test_texts_of_many_puzzles_are_those_of_each():
    some = EVERYTHING[np.random.default_rng(0).permutation(len(EVERYTHING))[:500]]
    each = range(len(some))
    assert some.fens() == [some.fen(index) for index in each]
    assert some.solutions() == [" ".join(some.solution(index)) for index in each]
    assert some.theme_names() == [some.themes(index) for index in each]
    boards = [chess.Board(fen) for fen in some.fens()]
    assert all(board.is_valid() for board in boards)
    for board, line, move in zip(boards, some.solutions(), some.first_moves, strict=True):
        first = chess.Move.from_uci(line.split()[0])
        turned = 0 if board.turn == chess.WHITE else 56
        assert (first.from_square ^ turned, first.to_square ^ turned) == (move & 63, move >> 6 & 63)


def test_what_all_share_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        EVERYTHING.ratings[:] = 0


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (dict(database=5), TypeError, "database must be 'bundled' or a path, got 5"),
        (dict(database="no.csv"), ValueError, "database must be .* a file, got 'no.csv'"),
        (dict(easiest=0), ValueError, r"easiest must be an integer in \[1, 6605\], got 0"),
        (dict(easiest=7000), ValueError, r"easiest must be an integer in \[1, 6605\], got 7000"),
        (dict(ranks=[100, 99_999]), ValueError, r"ranks\[1\] must be .* 6605\], got 99999"),
        (dict(ranks=[5, 2]), ValueError, r"ranks must be a pair .* 6605\], got \[5, 2\]"),
        (dict(rating=1500), ValueError, r"rating must be a pair .* 9999\], got 1500"),
        (dict(rating=[1500, 1600.5]), TypeError, r"rating\[1\] must be an integer .* got 1600.5"),
        (dict(themes=[3]), TypeError, "themes must be a list"),
        (dict(themes=5), TypeError, "themes must be a list .*, got 5"),
        (dict(themes=[]), ValueError, "themes must name at least one theme"),
        (dict(themes=["forks"]), ValueError, "themes must be among .* fork, .*, got 'forks'"),
        (dict(rating=[3000, 3100]), ValueError, "it has ratings from 400 to 2798"),
        (dict(split="easy"), ValueError, "split must be one of .*, got 'easy'"),
    ],
)
def test_wrong_arguments_are_named(options, error, words):
    with pytest.raises(error, match=words):
        chess_puzzles.load(**options)


def test_the_full_check_finds_nothing_in_the_bundled_puzzles_and_what_is_wrong_in_others(tmp_path):
    assert check_by_replay(EVERYTHING[:500]) == []
    database, _ = import_puzzles(BUNDLED, None)
    database.columns["moves"] = database.columns["moves"].copy()
    database.columns["moves"][0] ^= 1
    database.columns["positions"][1, 32] ^= 1  # a castling right that is not there
    problems = check_by_replay(ChessPuzzles(database)[:3])
    assert any("is illegal in" in problem and problem.startswith("00008") for problem in problems)
    assert any(problem.startswith("0008Q") for problem in problems)


def test_moves_are_all_that_a_piece_can_make():
    moves = set(chess_puzzles.MOVES)
    assert len(moves) == len(chess_puzzles.MOVES) == 1792 + 88
    for square in range(64):
        for piece in (chess.QUEEN, chess.KNIGHT):
            board = chess.Board(None)
            board.set_piece_at(square, chess.Piece(piece, chess.WHITE))
            assert {move.uci() for move in board.generate_pseudo_legal_moves()} <= moves
