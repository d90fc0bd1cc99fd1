"""``ChessPuzzle-v0``: rated Lichess puzzles, solved against the recorded replies."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from thinkenv.checks import check_choice, check_integer
from thinkenv.chess_puzzles import drawing
from thinkenv.chess_puzzles.moves import MOVE_CODES, MOVES
from thinkenv.chess_puzzles.packing import PLANES
from thinkenv.chess_puzzles.playing import Lines
from thinkenv.chess_puzzles.puzzles import fens_of_rows, solutions_of_rows, themes_of_set
from thinkenv.chess_puzzles.task import ChessPuzzleBatch, ChessPuzzleTask, squares_of_moves
from thinkenv.envs.base import InstanceEnv, InstanceVectorEnv
from thinkenv.envs.one_answer import copy_of_answers

ANSWERS = ("line", "first_move", "squares")


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
    ``Box(0, 1, (17, 8, 8), uint8)``: planes of rank and file. 0 to 5 are the solver's pawns,
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
    str), ``fen`` (str, the position to solve with its real colours), ``action_mask``.
    ``step``: ``solved`` (bool), ``solution`` (str, the recorded moves in UCI notation as played on
    the real board, with spaces between them; empty until the end), ``action_mask``.
    ``action_mask`` (``(1880,)`` int8, 1 for legal moves, all 0 at the end) is there unless the
    answer is ``squares``.

    ## Arguments
    | argument | values | default |
    |---|---|---|
    | ``database`` | ``bundled``, a Lichess ``.csv`` or ``.csv.zst``, or a database | ``bundled`` |
    | ``split`` | ``train``, ``validation``, ``test``, ``extrapolation``, ``all`` | ``train`` |
    | ``rating`` | ``[low, high]``, both included | None |
    | ``themes`` | a list of themes, of which a puzzle needs one | None |
    | ``answer`` | ``line``, ``first_move``, ``squares`` | ``line`` |
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
    >>> action = thinkenv.chess_puzzles.MOVES.index("e6e7")
    >>> _, reward, terminated, _, info = env.step(action)
    >>> reward, terminated
    (0.0, False)

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
        render_mode: str | None = None,
    ):
        self.answer = check_choice("answer", answer, ANSWERS)
        self.one_answer = answer != "line"
        super().__init__(ChessPuzzleTask(database, split, rating, themes), render_mode)
        self.observation_space = spaces.Box(0, 1, (len(PLANES), 8, 8), np.uint8)
        if answer == "squares":
            self.action_space = spaces.MultiBinary((8, 8))
        else:
            self.action_space = spaces.Discrete(len(MOVES))
        self.lines = Lines(self.task.puzzles.database, 1, answer == "first_move")
        self._only = np.zeros(1, np.int64)  # the index of the one line
        self._marked: np.ndarray | None = None  # the squares submitted
        self._themes: dict[bytes, tuple[str, ...]] = {}

    def begin(self) -> None:
        """Set up the board."""
        self.lines.begin(self._batch.rows, self._only)
        self._marked = None

    def observe(self, batch: ChessPuzzleBatch) -> np.ndarray:
        """The planes of the position on the board ``(1, 17, 8, 8)``, a new array."""
        return self.lines.show(self._only)

    def reset_infos(self, batch: ChessPuzzleBatch) -> dict[str, np.ndarray]:
        """What is known of the puzzle, and the legal moves."""
        infos = self.puzzle_infos(batch)
        if self.answer != "squares":
            infos["action_mask"] = self.lines.action_masks(self._only)
        return infos

    def puzzle_infos(self, batch: ChessPuzzleBatch) -> dict[str, np.ndarray]:
        """What ``reset`` reports of some puzzles, an array ``(count,)`` for each key."""
        database = self.task.puzzles.database
        ids = np.empty(len(batch), object)
        ids[:] = [text.decode() for text in database.columns["ids"][batch.rows].tolist()]
        themes = np.empty(len(batch), object)
        themes[:] = self._themes_of(database.columns["theme_sets"][batch.rows])
        fens = np.empty(len(batch), object)
        fens[:] = fens_of_rows(database, batch.rows)
        return {
            "instance": batch.instances.copy(),
            "puzzle_id": ids,
            "rating": database.columns["ratings"][batch.rows].astype(np.int64),
            "themes": themes,
            "fen": fens,
        }

    def _themes_of(self, theme_sets: np.ndarray) -> list[tuple[str, ...]]:
        """The names of sets of themes ``(count, bytes)`` uint8, each looked up once."""
        keys = theme_sets.view(f"S{theme_sets.shape[1]}")[:, 0].tolist()
        known = self._themes
        for index, key in enumerate(keys):
            if key not in known:
                known[key] = themes_of_set(self.task.puzzles.database, theme_sets[index])
        return [known[key] for key in keys]

    def solutions(self, rows: np.ndarray) -> np.ndarray:
        """The recorded moves of some puzzles, ``(count,)`` strings."""
        texts = np.empty(len(rows), object)
        texts[:] = solutions_of_rows(self.task.puzzles.database, rows)
        return texts

    def step(self, action: int | np.ndarray):
        """Play a move, or submit two squares.

        Raises:
            ValueError: If the action is out of range, or the squares have another shape or values.
            TypeError: If it is no integer, or the squares have the wrong dtype.
            gymnasium.error.ResetNeeded: If the episode is over.
        """
        self.check_open()
        if self.answer == "squares":
            marked = copy_of_answers(action, (8, 8))
            solved = bool(self.task.judge(self._batch, marked[None])[0][0])
            done = True
            self._marked = marked
        else:
            action = check_integer("action", action, 0, len(MOVES) - 1)
            done, solved = (
                bool(values[0]) for values in self.lines.play(np.array([action]), self._only)
            )
            if done and not solved:
                self._marked = squares_of_moves(MOVE_CODES[np.array([action])])[0]
        self._open = not done
        info = {
            "solved": solved,
            "solution": self.solutions(self._batch.rows)[0] if done else "",
        }
        if self.answer != "squares":
            mask = self.lines.action_masks(self._only)[0]
            info["action_mask"] = mask * np.int8(not done)
        return self.observe(self._batch)[0], float(solved), done, False, info

    def render(self) -> np.ndarray | str | None:
        """The board, in the chosen render mode."""
        if not self.can_render():
            return None
        return self.draw(self._batch, self.lines, 0, self._marked, str(self.render_mode))

    def draw(
        self,
        batch: ChessPuzzleBatch,
        lines: Lines,
        index: int,
        marked: np.ndarray | None,
        mode: str,
    ) -> np.ndarray | str:
        """A picture of one of some puzzles, with the squares that were marked."""
        right = None
        if marked is not None and self.answer == "squares":
            one = batch[index : index + 1]
            right = marked if self.task.judge(one, marked[None])[0][0] else one.solutions[0]
        elif marked is not None:
            right = squares_of_moves(np.array([lines.recorded_move(index)]))[0]
        if mode == "ansi":
            return drawing.write_text(
                lines.positions[index], int(lines.last_moves[index]), marked, right
            )
        return drawing.draw(lines.positions[index], int(lines.last_moves[index]), marked, right)


class ChessPuzzleVectorEnv(InstanceVectorEnv):
    """Many ``ChessPuzzle-v0`` at once: see ``ChessPuzzleEnv`` for the arguments.

    The default autoreset mode is ``SAME_STEP`` where an episode is one answer, and Gymnasium's,
    ``NEXT_STEP``, for whole lines.
    """

    def __init__(
        self,
        num_envs: int = 1,
        autoreset_mode: str | AutoresetMode | None = None,
        **arguments: Any,
    ):
        env = ChessPuzzleEnv(**arguments)
        if autoreset_mode is None:
            is_line = env.answer == "line"
            autoreset_mode = AutoresetMode.NEXT_STEP if is_line else AutoresetMode.SAME_STEP
        super().__init__(env, num_envs, autoreset_mode)
        self.lines = Lines(self.task.puzzles.database, self.num_envs, env.lines.first_only)
        self._everyone = np.arange(self.num_envs)
        self._marked = np.zeros((self.num_envs, 8, 8), np.int8)
        self._is_marked = np.zeros(self.num_envs, np.bool_)

    def _begin(self, which: np.ndarray) -> None:
        self._is_marked[which] = False
        self.lines.begin(self._batch.rows[which], which)

    def _reset_infos(self, which: np.ndarray) -> dict[str, np.ndarray]:
        batch = self._batch if len(which) == self.num_envs else self._batch[which]
        infos = self._env.puzzle_infos(batch)
        if self._env.answer != "squares":
            infos["action_mask"] = self.lines.action_masks(which)
        return infos

    def _observe(self) -> np.ndarray:
        if self._env.answer == "squares":
            return self._batch.planes.copy()  # the board does not change
        return self.lines.show(self._everyone)

    def _advance(self, actions: np.ndarray, stepped: np.ndarray):
        """Play in the puzzles that are going on, or judge the squares."""
        solved = np.zeros(self.num_envs, np.bool_)
        done = np.zeros(self.num_envs, np.bool_)
        if self._env.answer == "squares":
            answers = copy_of_answers(actions, (self.num_envs, 8, 8))
            solved[stepped], _ = self.task.judge(self._batch[stepped], answers[stepped])
            done[stepped] = True
            self._marked[stepped] = answers[stepped]
            self._is_marked[stepped] = True
        else:
            chosen = self._chosen(actions, stepped)
            done[stepped], solved[stepped] = self.lines.play(chosen, stepped)
            wrong = np.flatnonzero(done & ~solved)
            self._marked[wrong] = squares_of_moves(MOVE_CODES[actions[wrong]])
            self._is_marked[wrong] = True
        solutions = np.full(len(stepped), "", object)
        ended = done[stepped]
        solutions[ended] = self._env.solutions(self._batch.rows[stepped[ended]])
        infos = {"solved": solved[stepped], "solution": solutions}
        if self._env.answer != "squares":
            infos["action_mask"] = self.lines.action_masks(stepped)
            infos["action_mask"][ended] = 0
        return solved.astype(np.float64), done, np.zeros(self.num_envs, np.bool_), infos

    def _draw(self, index: int) -> np.ndarray | str:
        marked = self._marked[index] if self._is_marked[index] else None
        return self._env.draw(self._batch, self.lines, index, marked, self.render_mode)
