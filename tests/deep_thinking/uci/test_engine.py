"""The engine through plain pipes: what is answered, when, and to what nobody should send."""

import io
import random

import chess
import pytest
from chess.engine import Cp

from tests.deep_thinking.uci.conftest import Program
from thinkenv import chess_puzzles
from thinkenv.__main__ import main
from thinkenv.deep_thinking.uci.engine import Engine
from thinkenv.deep_thinking.uci.options import Options
from thinkenv.deep_thinking.uci.telling import centipawns_of

FEN = "r1bqkb1r/pppp1ppp/2n2n2/4p2Q/2B1P3/8/PPPP1PPP/RNB1K1NR w KQkq - 4 4"  # Qxf7 mates
MATE_IN_TWO = "k7/8/2K5/8/8/8/8/1R6 w - - 0 1"  # Kc7, Ka7, and the rook mates
MATED_IN_ONE = "8/8/8/8/8/6q1/P4k2/7K w - - 0 1"  # whatever the pawn does, the queen mates
MATE = "7k/6Q1/6K1/8/8/8/8/8 b - - 0 1"
STALEMATE = "k7/2Q5/1K6/8/8/8/8/8 b - - 0 1"
NEAR_STALEMATE = "7k/8/5K2/6Q1/8/8/8/8 w - - 0 1"
ALL_MOVES = "Candidates value 218"


def of_info(line: str) -> dict[str, str]:
    """What an ``info`` line with a line of moves says."""
    words = line.split()
    assert words[0] == "info"
    at = words.index("pv")
    told = {"pv": words[at + 1 :], "score": words[words.index("score") + 1 :][:2]}
    for name in ("depth", "seldepth", "multipv", "nodes", "nps", "hashfull", "time"):
        told[name] = int(words[words.index(name) + 1])
    return told


def test_it_introduces_itself_and_its_options(program, imagining_folder):
    program.send("uci")
    first, second, *options, _ = program.read("uciok")
    assert first.startswith("id name thinkenv") and second.startswith("id author")
    assert all(option.startswith("option name ") for option in options)
    assert f"option name Agent type string default {imagining_folder}" in options
    assert "option name MultiPV type spin default 1 min 1 max 218" in options
    assert program.ask() == []


@pytest.mark.parametrize("side", ["w", "b"])
@pytest.mark.parametrize("positions", [1, 17, 40])
def test_one_leaf_at_a_time_it_plays_what_the_agent_plays(
    program, imagining_agent, side, positions
):
    board = chess.Board(FEN)
    if side == "b":
        board = board.mirror()
    infos, (_, best, *_) = program.go(
        f"nodes {positions}",
        f"fen {board.fen()}",
        *("Leaves value 1", "MultiPV value 1", "Precision value float32"),
    )
    planes = chess_puzzles.planes(board)
    thought = imagining_agent.think(planes[None], imagine=positions)
    action = int(thought.preferences[0].argmax())
    told = of_info(infos[-1])
    assert told["nodes"] == positions
    if told["score"][0] == "cp":  # or else a mate that is certain is played
        assert best == chess_puzzles.move_of(board, action)


@pytest.mark.parametrize("leaves", [2, 8, 100])
def test_however_many_at_a_time_it_imagines_as_many_as_it_was_told(program, leaves):
    infos, answer = program.go("nodes 37", f"fen {FEN}", f"Leaves value {leaves}")
    assert of_info(infos[-1])["nodes"] == 37
    assert chess.Move.from_uci(answer[1]) in chess.Board(FEN).legal_moves


def test_every_line_is_legal_and_lines_are_told_in_order(program):
    infos, answer = program.go("nodes 60", f"fen {FEN}", "MultiPV value 3")
    told = [of_info(line) for line in infos]
    for info in told:
        board = chess.Board(FEN)
        for move in info["pv"]:
            board.push_uci(move)  # which it refuses if it is not legal
        assert info["depth"] == len(info["pv"]) <= info["seldepth"]
        assert 0 <= info["hashfull"] <= 1000
    assert [info["multipv"] for info in told[-3:]] == [1, 2, 3]
    assert len({info["pv"][0] for info in told[-3:]}) == 3
    best, *expected = told[-3]["pv"][:2]
    assert answer == ["bestmove", best, *(["ponder", *expected] if expected else [])]


def test_before_anything_is_imagined_the_first_thought_is_the_answer(program, imagining_agent):
    first = imagining_agent.rank(FEN)[0].move
    infos, answer = program.go("nodes 0", f"fen {FEN}")
    assert answer == ["bestmove", first] and of_info(infos[-1])["score"] == ["cp", "0"]
    for limits in ("movetime 0", "movetime 1", "wtime 0 btime 0", "nodes -5", "wtime -20"):
        assert program.go(limits, f"fen {FEN}")[1] == ["bestmove", first]
    program.send("go infinite", "stop")
    answer = program.read("bestmove")[-1].split()
    assert chess.Move.from_uci(answer[1]) in chess.Board(FEN).legal_moves


@pytest.mark.parametrize("limits", ["movetime 150", "wtime 3000 btime 3000 winc 100 binc 100"])
def test_times_are_limits(program, limits):
    infos, answer = program.go(limits, f"fen {FEN}")
    assert of_info(infos[-1])["nodes"] > 0 and len(answer) in (2, 4)


def test_it_answers_at_once_while_it_thinks(program):
    program.ask(f"position fen {FEN}")
    program.send("go infinite", "isready")
    program.read("readyok")
    assert any("thinking already" in line for line in program.ask("go nodes 1"))
    program.send("stop")
    *infos, answer = program.read("bestmove")
    assert not [line for line in infos if line.startswith("bestmove")]
    assert program.ask("stop") == []  # there is nothing to stop


@pytest.mark.parametrize("fen", [MATE, STALEMATE])
def test_where_there_is_no_move_none_is_named(program, fen):
    assert program.go("nodes 10", f"fen {fen}") == ([], ["bestmove", "0000"])
    program.send("go infinite")
    assert program.ask() == []  # it waits to be stopped
    program.send("stop")
    assert program.read("bestmove") == ["bestmove 0000"]


def test_a_mate_in_the_tree_is_told_and_played(program):
    infos, answer = program.go("nodes 200", f"fen {FEN}", ALL_MOVES)
    assert of_info(infos[-1])["score"] == ["mate", "1"] and answer == ["bestmove", "h5f7"]
    infos, answer = program.go("mate 2", f"fen {MATE_IN_TWO}")
    told = of_info(infos[-1])
    assert told["score"] == ["mate", "2"] and told["pv"] == ["c6c7", "a8a7", "b1a1"]
    assert answer == ["bestmove", "c6c7", "ponder", "a8a7"]
    infos, answer = program.go("nodes 300", f"fen {MATED_IN_ONE}")
    assert of_info(infos[-1])["score"] == ["mate", "-1"]


def test_only_some_moves_are_searched(program):
    for moves in ("a2a3 h5h7", "h5h7 a2a3 e2e5 zzz"):
        infos, answer = program.go(f"searchmoves {moves} nodes 30", f"fen {FEN}")
        assert answer[1] in ("a2a3", "h5h7")
        pvs = [of_info(line)["pv"] for line in infos if " pv " in line]
        assert {pv[0] for pv in pvs} <= {"a2a3", "h5h7"}
    infos, _ = program.go("nodes 4 searchmoves e2e5", f"fen {FEN}")
    assert infos[0].startswith("info string searchmoves: move must be legal")


def test_pondering_ends_when_the_move_was_played_or_not(program):
    for word in ("ponderhit", "stop"):
        assert program.ask(f"position fen {FEN}") == []
        program.send("go ponder wtime 100 btime 100 nodes 3")
        assert not [line for line in program.ask() if "bestmove" in line]
        program.send(word)
        program.read("bestmove")
    assert program.ask("ponderhit") == ["info string ponderhit: nothing is pondered"]


def test_a_depth_alone_is_no_limit_but_a_move_comes(program):
    infos, answer = program.go("depth 3", f"fen {FEN}")
    assert "depth is ignored" in infos[0] and of_info(infos[-1])["nodes"] == 256


@pytest.mark.parametrize("words", ["", "wtime 1000 winc 10", "winc 5", "searchmoves e2e5 a2a3"])
def test_without_limits_a_move_comes(words, program):
    is_black = words.startswith("w")  # for whom the program names no clock
    fen = FEN.replace(" w ", " b ") if is_black else FEN
    infos, answer = program.go(words, f"fen {fen}")
    assert of_info(infos[-1])["nodes"] == 256 and len(answer) > 1


def test_a_thought_that_finds_nothing_more_ends(program):
    infos, answer = program.go("mate 9 searchmoves g5g6", f"fen {NEAR_STALEMATE}")
    assert answer == ["bestmove", "g5g6"] and of_info(infos[-1])["nodes"] > 10_000


def test_a_full_memory_ends_a_thought(program):
    infos, answer = program.go("nodes 100000", "startpos", "Hash value 1", "Leaves value 64")
    assert of_info(infos[-1])["hashfull"] > 900 and of_info(infos[-1])["nodes"] < 100_000
    assert len(answer) > 1


def test_games_go_on_by_moves(program):
    moves = "e2e4 e7e5 f1c4 b8c6 d1h5 g8f6"
    _, answer = program.go("nodes 200", f"startpos moves {moves}", ALL_MOVES)
    assert answer == ["bestmove", "h5f7"]
    castled = "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 3 7 moves e1g1 e8c8"
    board = chess.Board("2kr3r/8/8/8/8/8/8/R4RK1 w - - 5 8")
    _, answer = program.go("nodes 5", f"fen {castled}")
    assert chess.Move.from_uci(answer[1]) in board.legal_moves


WRONG = [
    "foo",
    "goo nodes 3",
    "setoption",
    "setoption nme MultiPV value 3",
    "setoption name MultiPVV value 3",
    "setoption name MultiPV value",
    "setoption name MultiPV value three",
    "setoption name MultiPV value -1",
    "setoption name MultiPV value 99999999999999999999999",
    "setoption name Ponder value maybe",
    "setoption name Precision value float8",
    "setoption name Agent value no such agent",
    "setoption name Agent value",
    "setoption name Agent value " + "x" * 5000,
    "position",
    "position startpos e2e4",
    "position e2e4",
    "position fen",
    "position fen 8/8/8/8/8/8/8/8 w - - 0 1",
    "position fen " + "8/" * 5000,
    "position fen rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR",
    "position startpos moves e2e5",
    "position startpos moves e2e4 0000",
    "position startpos moves " + "e2e4" * 5000,
    "position startpos moves e2e4 \N{SNOWMAN}",
    "ponderhit",
    b"\x00\xff\xfe\x80",
    b"position fen \xff\xff\xff",
    b"x" * 200_000,
]


@pytest.mark.parametrize("line", WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_gets_one_line_and_no_crash(program, line):
    (said,) = program.ask(line)
    assert said.startswith("info string ") and said.isascii() and len(said) < 400
    assert "Traceback" not in said


def test_lines_without_meaning_get_none(program):
    assert program.ask("", "   ", "debug on", "register later", "ucinewgame", "\r") == []


@pytest.mark.parametrize(
    "limits", ["nodes", "nodes x", "movetime 1e3", "nodes 9" + "9" * 5000, "foo", "depth", "mate x"]
)
def test_whatever_the_limits_there_is_a_move(program, limits):
    infos, answer = program.go(limits, f"fen {FEN}")
    assert infos[0].startswith("info string ") and of_info(infos[-1])["nodes"] == 256
    assert chess.Move.from_uci(answer[1]) in chess.Board(FEN).legal_moves


def test_no_move_is_played_in_a_position_that_was_refused(program):
    assert len(program.ask("position startpos moves e2e5")) == 1
    program.send("go nodes 3")
    said, answer = program.read("bestmove")
    assert "no position" in said and answer == "bestmove 0000"
    assert program.go("nodes 3")[1] != ["bestmove", "0000"]


def test_an_agent_that_does_not_imagine_plays_its_first_thought(program, saved_chess_agent):
    infos, answer = program.go("nodes 9", f"fen {FEN}", f"Agent value {saved_chess_agent}")
    assert infos[-1].endswith("does not imagine: its first thought is all")
    assert chess.Move.from_uci(answer[1]) in chess.Board(FEN).legal_moves


def test_an_agent_of_another_task_or_a_damaged_one_does_not_think(program, saved_agent):
    for name in ("maze", saved_agent):
        said = program.ask(f"setoption name Agent value {name}", f"position fen {FEN}")
        assert len(said) == 1 and "moves are played without thinking" in said[0]
        program.send("go nodes 5")
        (answer,) = program.read("bestmove")
        assert chess.Move.from_uci(answer.split()[1]) in chess.Board(FEN).legal_moves
        (saved_agent / "weights.safetensors").write_bytes(b"damaged")


def test_half_of_the_precision_does_as_well(program):
    infos, answer = program.go("nodes 20", f"fen {FEN}", "Precision value bfloat16")
    assert of_info(infos[-1])["nodes"] == 20


def test_the_end_of_the_input_ends_a_thought(imagining_folder):
    program = Program(imagining_folder)
    program.ask()
    program.send("go infinite")
    program.close()
    assert program.read("bestmove")


def test_it_ends_when_nobody_reads_what_it_says(imagining_folder):
    def write(line):
        raise BrokenPipeError

    commands = io.BytesIO(b"position startpos\ngo infinite\nisready\n")
    with pytest.raises(BrokenPipeError):
        Engine(Options(agent=str(imagining_folder)), write).run(commands)


def test_mutilated_commands_never_stop_it(program):
    rng = random.Random(0)
    good = [
        "uci",
        "isready",
        "setoption name MultiPV value 3",
        "setoption name Leaves value 4",
        "setoption name Iterations value 2",
        "ucinewgame",
        "position startpos moves e2e4 e7e5",
        f"position fen {FEN} moves h5f7",
        "go nodes 3",
        "go infinite searchmoves e2e4",
        "go wtime 100 btime 100 winc 1 binc 1 movestogo 3",
        "go ponder mate 1",
        "stop",
        "ponderhit",
    ]
    words = sorted({word for line in good for word in line.split()})
    for _ in range(400):
        line = rng.choice(good).split()
        for _ in range(rng.randrange(3)):
            at = rng.randrange(len(line) + 1)
            line[at : at + rng.randrange(2)] = rng.choices(words, k=rng.randrange(3))
        data = bytearray(" ".join(line).encode())
        for _ in range(rng.choice([0, 0, 1, 4])):
            data.insert(rng.randrange(len(data) + 1), rng.randrange(256))
        if not data.strip().startswith(b"quit"):
            program.send(bytes(data))
    program.send("stop", "the_end_of_it", "isready")
    said = []
    while not said or "the_end_of_it" not in said[-1]:
        said += program.read("info")
    assert not [line for line in said if "Traceback" in line or not line.isascii()]
    program.read("readyok")


@pytest.mark.parametrize("value", [0.03, 0.3, 0.5, 0.77, 0.97])
def test_centipawns_are_what_lichess_expects_of_them(value):
    score = Cp(centipawns_of(value))
    assert score.wdl(model="lichess").expectation() == pytest.approx(value, abs=2e-3)


def test_centipawns_have_an_end():
    assert centipawns_of(1.0) == -centipawns_of(0.0) == 2501


def test_the_command_refuses_an_agent_that_is_not_there(capsys):
    assert main(["uci", "--agent", "no_such_agent"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: there is no such agent")
