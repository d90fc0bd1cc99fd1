"""The command ``thinkenv uci`` as chess programs start it: by the engine module of python-chess."""

import os
import subprocess
import sys

import chess
import chess.engine
import pytest

from tests.deep_thinking.conftest import ROOT

COMMAND = [sys.executable, "-m", "thinkenv", "uci", "--agent"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
FEN = "r1bqkb1r/pppp1ppp/2n2n2/4p2Q/2B1P3/8/PPPP1PPP/RNB1K1NR w KQkq - 4 4"  # Qxf7 mates


@pytest.fixture(scope="module")
def engine(imagining_folder):
    """A process that plays a small agent."""
    command = [*COMMAND, str(imagining_folder)]
    with chess.engine.SimpleEngine.popen_uci(command, timeout=120, env=ENVIRONMENT) as engine:
        yield engine


def test_it_plays_a_game_against_itself(engine):
    board = chess.Board()
    for ply in range(12):
        limit = chess.engine.Limit(nodes=8) if ply % 2 else chess.engine.Limit(time=0.06)
        result = engine.play(board, limit, game="a", info=chess.engine.INFO_ALL)
        assert result.move in board.legal_moves
        board.push(result.move)
        if result.ponder is not None:
            assert result.ponder in board.legal_moves
    assert result.info["nodes"] == 8


def test_it_plays_with_clocks_and_ponders(engine):
    board = chess.Board()
    clock = chess.engine.Limit(white_clock=2, black_clock=2, white_inc=0.1, black_inc=0.1)
    for _ in range(2):
        result = engine.play(board, clock, ponder=True)
        assert result.move in board.legal_moves
        board.push(result.move)
        board.push(result.ponder or next(iter(board.legal_moves)))


def test_it_analyses_several_lines_and_only_some_moves(engine):
    board = chess.Board(FEN)
    nodes = chess.engine.Limit(nodes=200)
    infos = engine.analyse(board, nodes, multipv=3, options={"Candidates": 218})
    assert [info["multipv"] for info in infos] == [1, 2, 3]
    assert infos[0]["pv"] == [chess.Move.from_uci("h5f7")]
    assert infos[0]["score"] == chess.engine.PovScore(chess.engine.Mate(1), chess.WHITE)
    moves = [chess.Move.from_uci("a2a3"), chess.Move.from_uci("h5h7")]
    info = engine.analyse(board, nodes, root_moves=moves)
    assert info["pv"][0] in moves and info["nodes"] == 200


def test_an_analysis_can_be_watched_and_stopped(engine):
    with engine.analysis(chess.Board()) as analysis:
        for info in analysis:
            if info.get("nodes", 0) > 10:
                break
        analysis.stop()
        assert analysis.wait().move in chess.Board().legal_moves


def test_where_the_game_is_over_there_is_no_move(engine):
    board = chess.Board("7k/6Q1/6K1/8/8/8/8/8 b - - 0 1")
    assert not engine.play(board, chess.engine.Limit(nodes=5)).move  # the null move


def test_it_ends_without_a_word_when_the_input_does(imagining_folder):
    done = subprocess.run(
        [*COMMAND, str(imagining_folder)],
        input=b"uci\n\xff\x00\nposition startpos\ngo infinite",
        env=ENVIRONMENT,
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0 and b"bestmove" in done.stdout
    assert b"Traceback" not in done.stderr
