"""``ChessPuzzle-v0``: rated Lichess puzzles, solved against the recorded replies."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gymnasium import spaces

from thinkenv.checks import check_choice
from thinkenv.chess_puzzles import drawing
from thinkenv.chess_puzzles.moves import MOVE_CODES, MOVES
from thinkenv.chess_puzzles.packing import PLANES
from thinkenv.chess_puzzles.playing import Lines
from thinkenv.chess_puzzles.task import ChessPuzzleBatch, ChessPuzzleTask, squares_of_moves
from thinkenv.envs.base import InstanceEnv, InstanceVectorEnv
from thinkenv.envs.dynamics import MaskedDynamics, Outcome
from thinkenv.envs.one_answer import OneAnswer

ANSWERS = ("line", "first_move", "squares")
OBSERVATIONS = ("planes",)


def planes_space() -> spaces.Box:
    """The space of a position's planes."""
    return spaces.Box(0, 1, (len(PLANES), 8, 8), np.uint8)


def as_column(values: Sequence[object]) -> np.ndarray:
    """Objects, one for each puzzle, as an array ``(count,)``."""
    column = np.empty(len(values), object)
    column[:] = values
    return column


def puzzle_infos(task: ChessPuzzleTask, batch: ChessPuzzleBatch) -> dict[str, np.ndarray]:
    """What ``reset`` reports of some puzzles, an array ``(count,)`` for each key."""
    puzzles = task.puzzles_of(batch)
    return {
        "instance": batch.instances,
        "puzzle_id": as_column([identity.decode() for identity in puzzles.ids.tolist()]),
        "rating": puzzles.ratings.astype(np.int64),
        "themes": as_column(puzzles.theme_names()),
        "fen": as_column(puzzles.fens()),
    }


class SquaresDynamics(OneAnswer[ChessPuzzleBatch]):
    """The two squares of the first move are marked in each puzzle."""

    task: ChessPuzzleTask

    def __init__(self, task: ChessPuzzleTask):
        super().__init__(task, planes_space(), spaces.MultiBinary((8, 8)))

    def reset_infos(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """What is known of each puzzle."""
        return puzzle_infos(self.task, self.chosen(which))

    def step_infos(
        self, batch: ChessPuzzleBatch, solved: np.ndarray, cell_accuracies: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Which puzzles are solved, and the recorded moves."""
        return {"solved": solved, "solution": as_column(self.task.puzzles_of(batch).solutions())}


class MovesDynamics(MaskedDynamics[ChessPuzzleBatch]):
    """Each puzzle is played, move by move.

    Args:
        task: Which puzzles.
        first_only: Whether a puzzle is solved with its first move, or with its whole line.
    """

    task: ChessPuzzleTask

    def __init__(self, task: ChessPuzzleTask, first_only: bool):
        super().__init__(task, planes_space(), spaces.Discrete(len(MOVES)))
        self.one_answer = first_only

    def allocate(self, count: int) -> None:
        """Have as many boards."""
        super().allocate(count)
        self.lines = Lines(self.task.puzzles, count, self.one_answer)
        self._everyone = np.arange(count)
        self._actions = np.zeros(count, np.int64)  # the last ones
        self._solved = np.zeros(count, np.bool_)

    def begin(self, drawn: ChessPuzzleBatch, which: np.ndarray) -> None:
        """Set up the boards."""
        super().begin(drawn, which)
        self.lines.begin(drawn.rows, which)

    def observe(self) -> np.ndarray:
        """The planes of the positions on the boards, ``(count, 17, 8, 8)``."""
        return self.lines.show(self._everyone)

    def reset_infos(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """What is known of each puzzle."""
        return puzzle_infos(self.task, self.chosen(which))

    def action_masks(self, which: np.ndarray) -> np.ndarray:
        """The legal moves on some boards, ``(n, len(MOVES))`` int8."""
        return self.lines.action_masks(which)

    def act(self, actions: np.ndarray, which: np.ndarray) -> Outcome:
        """Play the moves ``actions`` ``(n,)`` and the recorded replies."""
        played = self.lines.play(actions, which)
        done, solved = played.done, played.solved
        self._actions[which] = actions
        self._solved[which] = solved
        solutions = np.empty(len(which), object)
        solutions[:] = ""
        if np.count_nonzero(done):
            solutions[done] = self.task.puzzles_of(self.chosen(which[done])).solutions()
        fens, replies = played.texts()
        infos = {
            "solved": solved,
            "solution": solutions,
            "fen": as_column(fens),
            "reply": as_column(replies),
        }
        return solved.astype(np.float64), done, np.zeros(len(which), np.bool_), infos

    def picture(self, index: int, mode: str, is_over: bool) -> np.ndarray | str:
        """The board, with the squares of a move that was wrong."""
        marked = right = None
        if is_over and not self._solved[index]:
            moves = [MOVE_CODES[self._actions[index]], self.lines.recorded_move(index)]
            marked, right = squares_of_moves(np.array(moves))
        show = drawing.write_text if mode == "ansi" else drawing.render
        last_move = int(self.lines.last_moves[index])
        return show(self.lines.positions[index], last_move, marked, right)


class ChessPuzzleEnv(InstanceEnv):
    """Solve a chess puzzle that people have rated by solving it.

    ## Description
    A position from a game on Lichess after a mistake of the opponent; one line of moves wins or
    saves the game. Ratings are Glicko-2, measured by letting people play the puzzles, so that
    agents can train on easy puzzles and be tested on hard ones (Schwarzschild et al. 2021, arXiv
    2108.06011). Everything is shown from the solver's side: own pieces first and moving up. When
    Black solves, the ranks are mirrored, and moves with them.

    ## Action Space
    ``answer="line"`` and ``"first_move"``: ``Discrete(1880)``, an index into
    ``thinkenv.chess_puzzles.MOVES``, UCI strings seen from the solver's side (``e2e4``; castling
    is ``e1g1`` or ``e1c1``; promotions are ``e7e8q`` and so on).

    ``answer="squares"``: ``MultiBinary((8, 8))``, 1 on the from-square and the to-square of the
    first move, as in the literature. Row 0 is the solver's first rank, column 0 the a-file.

    ## Observation Space
    ``Box(0, 1, (17, 8, 8), uint8)``: planes of rank and file, as ``thinkenv.chess_puzzles.planes``
    makes them of any FEN. 0 to 5 are the solver's pawns,
    knights, bishops, rooks, queens and king, 6 to 11 the opponent's, 12 to 15 are all 1 if the
    solver's king's side, queen's side, the opponent's king's side and queen's side castling is
    still allowed, 16 is the square on which the solver can take en passant.

    ## Rewards
    1.0 when the puzzle is solved, else 0.0. Any move that mates is right, whatever the file says;
    other than that only the recorded moves are.

    ## Starting State
    A random puzzle of the selection, after the opponent's set-up move.
    ``reset(options={"instance": 17})`` shows the 18th puzzle of the selection, in the order of the
    file.

    ## Episode End
    ``squares`` and ``first_move``: after one answer. ``line``: after the last move of the
    solution, a mate, or a wrong or illegal move; the recorded replies come back in between. The
    position stays as it was after a wrong move, and is shown after a last right one.

    ## Information
    ``reset``: ``instance`` (int), ``puzzle_id`` (str), ``rating`` (int), ``themes`` (tuple of
    str), ``fen`` (str, the position to solve with its real colours).
    ``step``: ``solved`` (bool), ``solution`` (str, the recorded moves in UCI notation as played on
    the real board, with spaces between them; empty until the end).

    Where moves are played (``line`` and ``first_move``), ``step`` has also ``fen``, the board after
    the move and the recorded reply, with its real colours, and ``reply`` (str, that reply in UCI
    notation as played on the real board; None where there was none). After a wrong or illegal move
    ``fen`` is the position in which it was to be made. Both ``reset`` and ``step`` have
    ``action_mask`` (``(1880,)`` int8, 1 for the legal moves). At the end of an episode all actions
    are allowed, since none is played. ``env.action_masks()`` is the same as bool.

    ## Playing with any engine
    ``info["fen"]`` is what an engine is told, and ``thinkenv.chess_puzzles.action_of(info["fen"],
    move)`` the action of its move: a ``chess.Move``, UCI or short notation, as on the real board.
    ``move_of`` is the way back.

    ## Arguments
    | argument | values | default |
    |---|---|---|
    | ``database`` | ``bundled``, a Lichess ``.csv`` or ``.csv.zst``, or a database | ``bundled`` |
    | ``split`` | ``train``, ``validation``, ``test``, ``extrapolation``, ``all`` | ``train`` |
    | ``rating`` | ``[low, high]``, both included | None |
    | ``themes`` | a list of themes, of which a puzzle needs one | None |
    | ``answer`` | ``line``, ``first_move``, ``squares`` | ``line`` |
    | ``observation`` | ``planes`` | ``planes`` |
    | ``render_mode`` | ``rgb_array``, ``ansi`` | None |

    A path is given as text, so that ``env.spec.to_json()`` can hold it. Splits are by rating and
    never share a position to solve: see ``thinkenv.chess_puzzles.rating_splits``. A wrong
    argument raises a ``ValueError`` or ``TypeError`` that names it.

    ## Rendering
    ``rgb_array`` draws the board with the solver's side below and the last move tinted; marked
    squares are framed in blue where right and in orange where wrong. ``ansi`` returns text.

    ## Vectorized environment
    ``gym.make_vec("ChessPuzzle-v0", num_envs=1024, answer="squares")``.

    ## Example
    >>> import gymnasium as gym, thinkenv
    >>> env = gym.make("ChessPuzzle-v0", split="extrapolation")
    >>> observation, info = env.reset(options={"instance": 0})
    >>> info["fen"]
    'r6k/pp2r2p/4Rp1Q/3p4/8/1N1P2b1/PqP3PP/7K w - - 0 25'
    >>> action = thinkenv.chess_puzzles.action_of(info["fen"], "Rxe7")
    >>> _, reward, terminated, _, info = env.step(action)
    >>> reward, terminated, info["reply"]
    (0.0, False, 'b2b1')
    >>> info["fen"]
    'r6k/pp2R2p/5p1Q/3p4/8/1N1P2b1/P1P3PP/1q5K w - - 1 26'

    ## Version History
    * v0: first version.
    """

    def __init__(
        self,
        database: str | Path = "bundled",
        split: str = "train",
        rating: Sequence[int] | None = None,
        themes: Sequence[str] | None = None,
        answer: str = "line",
        observation: str = "planes",
        render_mode: str | None = None,
    ):
        check_choice("answer", answer, ANSWERS)
        check_choice("observation", observation, OBSERVATIONS)
        task = ChessPuzzleTask(database, split, rating, themes)
        is_marked = answer == "squares"
        dynamics = SquaresDynamics(task) if is_marked else MovesDynamics(task, answer != "line")
        super().__init__(dynamics, render_mode)


class ChessPuzzleVectorEnv(InstanceVectorEnv):
    """Many ``ChessPuzzle-v0`` at once: see ``ChessPuzzleEnv`` for the arguments.

    The default autoreset mode is ``SAME_STEP`` where an episode is one answer, and Gymnasium's,
    ``NEXT_STEP``, for whole lines.
    """

    single_env = ChessPuzzleEnv
