"""Watching an agent imagine: what is noted, what stands in the panel, and how long frames last."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.deep_thinking.imagination.fake_net import FakeNet
from thinkenv.chess_puzzles import MOVES, ChessPuzzleTask, PositionTask
from thinkenv.chess_puzzles.moves import ACTION_OF_CODE
from thinkenv.chess_puzzles.positions import legal_codes
from thinkenv.chess_puzzles.task import ChessPuzzleBatch
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.architectures.messages import MessageNet, MessageSettings
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.imagination.lines import Line
from thinkenv.deep_thinking.imagination.panel import WIDTH
from thinkenv.deep_thinking.imagination.telling import lines_text
from thinkenv.deep_thinking.imagination.watching import (
    Moment,
    Shown,
    imagined_points,
    remark_on,
    watch_imagination,
)
from thinkenv.drawing import RIGHT_COLOUR, WRONG_COLOUR

COLOURS = np.array([RIGHT_COLOUR, WRONG_COLOUR])
BLACK_TO_MOVE = "r1bqkb1r/pppp1ppp/2n2n2/4p2Q/2B1P3/8/PPPP1PPP/RNB1K1NR b KQkq - 5 4"
STALEMATE = "7k/5Q2/6K1/8/8/8/8/8 b - - 0 1"


@pytest.fixture
def agent() -> Agent:
    return Agent(FakeNet(), MoveCodec(ChessPuzzleTask), 3)


@pytest.fixture
def puzzle() -> tuple[ChessPuzzleTask, ChessPuzzleBatch]:
    task = ChessPuzzleTask(split="test")
    return task, task.draw([1])


def test_what_is_watched_is_what_the_agent_thinks(agent, puzzle):
    task, batch = puzzle
    watched = watch_imagination(agent, task, batch, 20, frames=5)
    assert [note["iterations"] for note in watched.notes[:4]] == [0, 1, 2, 3][: watched.iterating]
    imagined = [note["imagined"] for note in watched.notes[watched.iterating :]]
    assert imagined == imagined_points(20, 5) and imagined[-1] == 20
    for note in watched.notes:
        thought = agent.think(batch, note["iterations"], imagine=note["imagined"] or None)
        assert note["solved"] == task.judge(batch, thought.answer)[0][0]
        preferred = agent.preferences(thought)[0].argmax()
        position = task.position(batch)
        assert np.array_equal(position, task.puzzles_of(batch).position(0))
        move = MOVES[preferred]
        if position[66]:  # Black to move
            move = "".join(each if each in "abcdefghqrbn" else str(9 - int(each)) for each in move)
        assert note["move"] == move
    assert watched.trees.imagined.tolist() == [20]
    outcome = "solved" if watched.notes[-1]["solved"] else "not solved"
    assert f": {outcome} after 3 iterations and 20 imagined positions (" in watched.summary


def test_frames_are_of_one_size_and_last_longer_while_it_imagines(agent, puzzle):
    watched = watch_imagination(agent, *puzzle, 9, frames=4)
    assert len(watched.frames) == len(watched.notes) + 1 == len(watched.durations())
    assert len({frame.size for frame in watched.frames}) == 1
    durations = watched.durations()
    assert durations == sorted(durations) and len(set(durations)) == 3
    with Image.open(io.BytesIO(watched.gif())) as animation:
        assert 2 <= animation.n_frames <= len(watched.frames)
    for content in (watched.strip(), watched.tree()):
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.format == "PNG"


def test_a_position_of_black_is_watched_though_nobody_knows_its_solution(agent):
    task = PositionTask(BLACK_TO_MOVE)
    watched = watch_imagination(agent, task, task.draw([0]), 4, iterations=2, frames=3)
    assert watched.summary.endswith(
        ": thought about for 2 iterations and 4 imagined positions; no solution is known"
    )
    assert watched.iterations == 2
    assert all(set(note) == {"iterations", "imagined", "move"} for note in watched.notes)
    assert all(note["move"][1] in "5678" for note in watched.notes)  # where Black's pieces stand


def test_without_a_legal_move_there_is_nothing_to_imagine(agent):
    task = PositionTask(STALEMATE)
    watched = watch_imagination(agent, task, task.draw([0]), 4, frames=3)
    assert watched.trees.imagined.tolist() == [0] and watched.tree()
    assert all("move" not in note for note in watched.notes)


def test_the_panel_has_the_same_moves_at_all_times_and_marks_the_first(agent, puzzle):
    task, batch = puzzle
    watched = watch_imagination(agent, task, batch, 30, frames=4)
    trees = watched.trees
    actions = trees.actions[0, 0, : trees.counts[0, 0]].tolist()
    shown = Shown(task, batch, watched.position, actions)
    before = shown.rows(Moment("", trees.preferences()[0], []), {})
    after = shown.rows(watched.moments[-1], {actions[0]: (1, 2, 3)})
    assert [row.name for row in before] == [row.name for row in after]
    assert all(row.value is None and row.number.endswith("%") for row in before)
    assert sum(int(row.number) for row in after) == 30
    assert sum(row.length for row in after) == pytest.approx(1.0)
    assert [row.frame for row in after] == [(1, 2, 3), *[None] * (len(after) - 1)]
    preferred = int(trees.scores(np.zeros(1, np.int64))[0].argmax())
    assert [row.is_first for row in after] == [index == preferred for index in range(len(after))]


def test_the_last_frame_marks_the_move_that_is_right_where_another_was_preferred(agent, puzzle):
    task, batch = puzzle
    right = int(ACTION_OF_CODE[batch.first_moves[0]])
    preferences = np.zeros(len(MOVES))
    preferences[right] = 0.4
    position = task.position(batch)
    other = next(
        int(ACTION_OF_CODE[code]) for code in legal_codes(position) if ACTION_OF_CODE[code] != right
    )
    shown = Shown(task, batch, position, [right, other])
    frames = []
    for strength in (0.3, 0.6):  # of the other move
        preferences[other] = strength
        lines = [Line([right], 4, 0.5, 0), Line([other], int(10 * strength), 0.5, 0)]
        frame = shown.last_frame(Moment("", preferences, [], lines), "")
        panel = np.asarray(frame)[:300, -WIDTH:].reshape(-1, 3)
        frames.append([int((panel == colour).all(axis=1).sum()) for colour in COLOURS])
    (blue, orange), (blue_of_wrong, orange_of_wrong) = frames
    assert blue > 1000 and orange < 100
    assert blue_of_wrong > 1000 and orange_of_wrong > 1000


def test_nets_that_do_not_imagine_are_refused(puzzle):
    with pytest.raises(ValueError, match=r"imagine: nets of the kind '\w+' cannot imagine"):
        watch_imagination(load("chess_squares"), *puzzle, 4)
    codec = MoveCodec(ChessPuzzleTask)
    net = MessageNet(MessageSettings(8, 2, 3, 4, imagines=False), codec.interface)
    agent = Agent(net, codec, 3)
    with pytest.raises(ValueError, match="imagine: this net has not learned to imagine"):
        watch_imagination(agent, *puzzle, 4)


@pytest.mark.parametrize(
    ("fen", "told"), [("7k/6Q1/6K1/8/8/8/8/8 b - - 0 1", "checkmate"), (STALEMATE, "stalemate")]
)
def test_where_the_game_is_over_nothing_is_watched_but_the_first_thought(agent, fen, told):
    task = PositionTask([fen])
    watched = watch_imagination(agent, task, task.draw([0]), 64)
    assert {note["imagined"] for note in watched.notes} == {0}
    assert "and 0 imagined positions" in watched.summary
    assert lines_text(watched.trees, 0, watched.position) == f"no legal move: {told}"


def test_points_are_ever_further_apart_and_end_at_the_last():
    assert imagined_points(64, 60) == [1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64]
    assert imagined_points(1, 60) == [1] and imagined_points(2, 60) == [1, 2]
    points = imagined_points(1000, 7)
    assert len(points) == 7 and points[0] == 1 and points[-1] == 1000
    assert (np.diff(points, 2) > 0).all()


def test_the_remark_names_when_the_decision_turned_last():
    notes = [
        {"iterations": iterations, "imagined": imagined, "solved": solved}
        for iterations, imagined, solved in (
            (0, 0, True), (8, 0, False), (8, 1, True), (8, 2, False), (8, 4, True), (8, 8, True)
        )
    ]  # fmt: skip
    assert remark_on(notes) == " (right from 4 imagined positions on)"
    assert remark_on(notes[:4]) == " (wrong from 2 imagined positions on)"
    assert remark_on(notes[:3]) == " (right from 1 imagined position on)"
    assert remark_on(notes[:2]) == " (wrong from iteration 8 on)"
    assert remark_on(notes[:1]) == " (right from the beginning)"
