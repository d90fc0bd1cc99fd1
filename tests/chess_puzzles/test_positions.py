"""Positions of one's own against python-chess, over the positions of random games."""

import gzip
import random
import re

import chess
import numpy as np
import pytest

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import drawing
from thinkenv.chess_puzzles.positions import parse_position, rank_moves

# Castling to both sides, promotions with and without a capture, en passant, pins, for both sides.
SPECIAL = (
    "r3k2r/pp3ppp/2n2n2/3p4/3P4/2N2N2/PP3PPP/R3K2R w KQkq - 4 12",
    "r3k2r/pp3ppp/2n2n2/3p4/3P4/2N2N2/PP3PPP/R3K2R b KQkq - 4 12",
    "3r4/2P1P3/8/8/3k4/8/1p4K1/R1N5 w - - 0 50",
    "3r4/2P1P3/8/8/3k4/8/1p4K1/R1N5 b - - 0 50",
    "rnbqkbnr/ppp1p1pp/8/3pPp2/8/8/PPPP1PPP/RNBQKBNR w KQkq f6 0 3",
    "rnbqkbnr/pppp1ppp/8/8/3PpP2/8/PPP1P1PP/RNBQKBNR b KQkq d3 0 3",
    "8/8/8/8/k2Pp2Q/8/8/3K4 b - d3 0 1",  # the capture en passant would open the rank
    "k7/p7/8/1N3N2/8/1N3N2/8/R3K2R w - - 0 1",  # four knights can go to d4
)
SCHOLARS_MATE = "rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - 0 2"


def boards():
    """Boards in the middle of random games, some of them with few pieces left."""
    numbers = random.Random(0)
    found = [chess.Board(fen) for fen in SPECIAL]
    for _ in range(30):
        board = chess.Board()
        while not board.is_game_over() and board.fullmove_number < 100:
            if numbers.random() < 0.1:
                found.append(board.copy(stack=False))
            board.push(numbers.choice(list(board.legal_moves)))
    return found


BOARDS = boards()


def slow_planes(board):
    """The planes of a board of python-chess, one square after the other."""
    planes = np.zeros((17, 8, 8), np.uint8)
    us = board.turn

    def seen(square):
        return square if us else chess.square_mirror(square)

    for square, piece in board.piece_map().items():
        plane = piece.piece_type - 1 + (0 if piece.color == us else 6)
        planes[plane, chess.square_rank(seen(square)), chess.square_file(square)] = 1
    for index, side in enumerate((us, not us)):
        planes[12 + 2 * index] = board.has_kingside_castling_rights(side)
        planes[13 + 2 * index] = board.has_queenside_castling_rights(side)
    if board.has_legal_en_passant():
        square = seen(board.ep_square)
        planes[16, chess.square_rank(square), chess.square_file(square)] = 1
    return planes


def test_the_boards_are_of_both_sides_and_of_every_kind():
    moves = [(board, move) for board in BOARDS for move in board.legal_moves]
    for is_there in (
        lambda board, move: board.is_kingside_castling(move),
        lambda board, move: board.is_queenside_castling(move),
        lambda board, move: board.is_en_passant(move),
        lambda board, move: move.promotion == chess.KNIGHT,
    ):
        assert {board.turn for board, move in moves if is_there(board, move)} == {True, False}


def test_planes_are_those_that_are_built_square_by_square():
    slow = np.array([slow_planes(board) for board in BOARDS])
    found = chess_puzzles.planes(BOARDS)
    assert found.dtype == np.uint8 and np.array_equal(found, slow)
    assert np.array_equal(chess_puzzles.planes([board.fen() for board in BOARDS]), slow)
    assert np.array_equal(chess_puzzles.planes(BOARDS[3]), slow[3])
    assert np.array_equal(chess_puzzles.planes(" ".join(BOARDS[3].fen().split()[:4])), slow[3])
    assert chess_puzzles.planes([]).shape == (0, 17, 8, 8)


def test_every_legal_move_is_an_action_and_back():
    for board in BOARDS:
        fen = board.fen()
        legal = {move.uci(): move for move in board.legal_moves}
        assert chess_puzzles.legal_moves(fen) == sorted(legal)
        actions = set()
        for uci, move in legal.items():
            action = chess_puzzles.action_of(fen, uci)
            actions.add(action)
            assert chess_puzzles.move_of(board, action) == uci
            seen = uci if board.turn else uci.translate(str.maketrans("12345678", "87654321"))
            assert chess_puzzles.MOVES[action] == seen
            assert chess_puzzles.action_of(board, move) == action
        assert len(actions) == len(legal)


def test_short_notation_is_that_of_python_chess():
    for board in BOARDS:
        for move in board.legal_moves:
            short = board.san(move)
            assert chess_puzzles.san_of(board, move) == short
            assert chess_puzzles.move_of(board, chess_puzzles.action_of(board, short)) == move.uci()


@pytest.mark.parametrize("side", "wb")
def test_castling_may_be_written_as_king_takes_rook(side):
    fen = f"r3k2r/8/8/8/8/8/8/R3K2R {side} KQkq - 0 1"
    rank = "1" if side == "w" else "8"
    for by_rook, by_king in (("h", "g"), ("a", "c")):
        action = chess_puzzles.action_of(fen, f"e{rank}{by_rook}{rank}")
        assert chess_puzzles.move_of(fen, action) == f"e{rank}{by_king}{rank}"


@pytest.mark.parametrize(
    ("move", "words"),
    [
        ("e2e5", "move must be legal here, got 'e2e5'"),
        ("e7e5", "move must be legal here, got 'e7e5'"),  # the other side's
        ("e1h1", "move must be legal here, got 'e1h1'"),  # the way is not free
        ("Qh5", "move must be legal here.* got 'Qh5'"),
        ("castle", "move must be written as .* got 'castle'"),
        ("", "move must be written as .* got ''"),
        (chess.Move.null(), "move must be .* got '0000'"),
    ],
)
def test_a_move_that_is_not_legal_is_refused_with_its_position(move, words):
    with pytest.raises(ValueError, match=words) as raised:
        chess_puzzles.action_of(chess.STARTING_FEN, move)
    assert chess.STARTING_FEN in str(raised.value) and "\n" not in str(raised.value)


def test_an_action_that_is_not_legal_is_refused():
    action = chess_puzzles.MOVES.index("e2e5")
    with pytest.raises(ValueError, match=f"action must be a legal move, got {action}"):
        chess_puzzles.move_of(chess.STARTING_FEN, action)
    with pytest.raises(ValueError, match=r"action must be an integer in \[0, 1879\], got 1880"):
        chess_puzzles.move_of(chess.STARTING_FEN, 1880)


@pytest.mark.parametrize(
    ("position", "error", "words"),
    [
        ("8/8/8/8 w - - 0 1", ValueError, "board is not eight ranks"),
        ("not a position", ValueError, "got 'not a position'"),
        ("8/8/8/8/8/8/8/8 w - - 0 1", ValueError, "exactly one king"),
        (chess.Board(None), ValueError, "exactly one king"),
        (17, TypeError, "position must be a FEN, a chess.Board or a list, got 17"),
        (b"8/8", TypeError, "position must be a FEN, a chess.Board or a list, got b'8/8'"),
        (
            [chess.STARTING_FEN, None],
            TypeError,
            "position must be a FEN or a chess.Board, got None",
        ),
        (chess.Board.from_chess960_pos(0), ValueError, "must not castle as in Chess960"),
    ],
)
def test_what_is_no_position_is_refused_in_one_line(position, error, words):
    with pytest.raises(error, match=words) as raised:
        chess_puzzles.planes(position)
    assert "\n" not in str(raised.value)


def test_a_chess960_board_is_taken_where_it_castles_as_in_standard_chess():
    fen = SPECIAL[0]
    board = chess.Board(fen, chess960=True)
    assert np.array_equal(chess_puzzles.planes(board), chess_puzzles.planes(fen))
    for move in board.legal_moves:  # castling is written as king takes rook
        chess_puzzles.action_of(board, move)


def test_files_of_fen_and_epd_are_read(tmp_path):
    file = tmp_path / "positions.epd"
    file.write_text(
        "\ufeff# a comment\n\n"
        'rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - bm Qh4#; id "mate; in one";\r\n'
        "8/8/8/8/3k4/8/1p4K1/8 b - - 3 50\n"
        '4k3/8/8/8/8/8/8/R3K2R w KQ - hmvc 7; fmvn 40; bm O-O O-O-O; c0 "both";\n'
        "4k3/8/8/8/8/8/8/R3K2R w KQ - 0 1 ;D1 26 ;D2 112\n",
        encoding="utf-8",
    )
    mate, plain, castling, counted = chess_puzzles.read_positions(file)
    assert mate.fen == "rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - 0 1"
    assert mate.name == "mate; in one" and mate.best_moves == ("d8h4",)
    assert plain.fen == "8/8/8/8/3k4/8/1p4K1/8 b - - 3 50"
    assert plain.name == "" and plain.best_moves == ()
    assert castling.fen == "4k3/8/8/8/8/8/8/R3K2R w KQ - 7 40"
    assert castling.best_moves == ("e1g1", "e1c1") and castling.operations["c0"] == "both"
    assert counted.operations == {"D1": "26", "D2": "112"}


def test_a_compressed_file_of_positions_is_read_like_a_plain_one(tmp_path):
    file = tmp_path / "positions.epd.gz"
    file.write_bytes(gzip.compress(f"{SCHOLARS_MATE}\n".encode()))
    assert [given.fen for given in chess_puzzles.read_positions(file)] == [SCHOLARS_MATE]
    file.write_bytes(file.read_bytes()[:30])
    with pytest.raises(ValueError, match="positions.epd.gz: "):
        chess_puzzles.read_positions(file)


def test_lines_of_epd_of_python_chess_are_read_as_it_wrote_them(tmp_path):
    file = tmp_path / "positions.epd"
    lines, best = [], []
    for board in BOARDS[::5]:
        moves = list(board.legal_moves)[:3]
        lines.append(board.epd(bm=moves, id=f"number {len(lines)}", hmvc=board.halfmove_clock))
        best.append({move.uci() for move in moves})
    file.write_text("\n".join(lines))
    for index, given in enumerate(chess_puzzles.read_positions(file)):
        assert chess.Board(given.fen).epd() == BOARDS[5 * index].epd()
        assert chess.Board(given.fen).halfmove_clock == BOARDS[5 * index].halfmove_clock
        assert (given.name, set(given.best_moves)) == (f"number {index}", best[index])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "holds no positions"),
        (b"# nothing\n", "holds no positions"),
        (b"8/8/8/8/3k4/8/1p4K1/8 b - -\nhello\n", "line 2: fen must describe"),
        (b"8/8/8/8/3k4/8/1p4K1/8 b - - bm Qh4;\n", "line 1: move must be legal here.* got 'Qh4'"),
        (b'8/8/8/8/3k4/8/1p4K1/8 b - - id "open\n', "line 1: operations must be as in"),
        (b"\xff\xfe8\x00", "is no text: byte 0 is not in UTF-8"),
    ],
)
def test_a_file_without_positions_is_refused_by_name(tmp_path, content, words):
    file = tmp_path / "some.epd"
    file.write_bytes(content)
    with pytest.raises(chess_puzzles.PuzzleFileError, match=f"some.epd: {words}"):
        chess_puzzles.read_positions(file)
    with pytest.raises(chess_puzzles.PuzzleFileError, match="none.epd: there is no such file"):
        chess_puzzles.read_positions(tmp_path / "none.epd")


def test_a_task_of_positions_shows_them_and_judges_nothing():
    task = chess_puzzles.PositionTask([SCHOLARS_MATE, BOARDS[0]])
    batch = task.draw([0, 1, 2])
    shown = chess_puzzles.planes([SCHOLARS_MATE, BOARDS[0], SCHOLARS_MATE])
    assert np.array_equal(batch.problems, shown)
    assert not task.solutions_known and task.count == 2
    with pytest.raises(ValueError, match="no solution is known"):
        task.judge(batch, batch.solutions)
    one = batch[0:1]
    assert task.describe(one) == f"a position, Black to move, {SCHOLARS_MATE}"
    picture = task.picture(one, probabilities=np.full((8, 8), 0.5))
    assert picture.shape == drawing.render(one.positions[0]).shape
    answer = np.zeros((8, 8), np.uint8)
    answer[0, 3] = answer[4, 7] = 1  # the queen of Black, who sees the ranks mirrored
    assert task.text(one, answer).splitlines()[-1] == "marked: d8 h4"
    with pytest.raises(ValueError, match="position must be one at least"):
        chess_puzzles.PositionTask([])


def test_a_board_as_text_has_the_side_to_move_below():
    lines = chess_puzzles.board_text(SCHOLARS_MATE, last_move="g2g4").splitlines()
    assert lines[0] == "1  R  N  B  K  Q  B  N  R"
    assert lines[1] == "2  P [.] .  P  P  P  P  P"
    assert lines[-1] == "   h  g  f  e  d  c  b  a"


def test_rankings_are_written_by_name():
    ranked = [chess_puzzles.RankedMove("d8h4", 0.75), chess_puzzles.RankedMove("e8e7", 0.25)]
    lines = chess_puzzles.ranking_text(SCHOLARS_MATE, ranked).splitlines()
    assert [re.sub(" +", " ", line) for line in lines] == [
        " 1. d8h4 Qh4# 75.0%",
        " 2. e8e7 Ke7 25.0%",
    ]
    assert chess_puzzles.ranking_text("7k/5Q2/6K1/8/8/8/8/8 b - -", []).endswith("stalemate")
    assert chess_puzzles.ranking_text("7k/6Q1/6K1/8/8/8/8/8 b - -", []).endswith("checkmate")


def test_moves_are_ranked_by_scores_of_actions_with_all_four_promotions():
    rng = np.random.default_rng(5)
    for board in BOARDS[:200]:
        scores = rng.normal(size=len(chess_puzzles.MOVES)).astype(np.float32)
        legal = {
            move.uci(): scores[chess_puzzles.action_of(board, move.uci())]
            for move in board.legal_moves
        }
        ranked = rank_moves(parse_position(board), scores)
        assert [move for move, _ in ranked] == sorted(legal, key=legal.__getitem__, reverse=True)
        weights = np.exp([float(legal[move]) for move, _ in ranked])
        expected = weights / weights.sum() if len(weights) else []
        assert [probability for _, probability in ranked] == pytest.approx(expected)
    illegal = np.full(len(chess_puzzles.MOVES), -1e9, np.float32)
    ranked = rank_moves(parse_position(SCHOLARS_MATE), illegal)
    assert sum(probability for _, probability in ranked) == pytest.approx(1)
