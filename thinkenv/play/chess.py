"""Solve chess puzzles by hand: type moves, and the recorded replies come back."""

import sys
from collections.abc import Callable

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import ChessPuzzleTask
from thinkenv.envs.base import InstanceEnv
from thinkenv.envs.chess_puzzle import MovesDynamics
from thinkenv.play import terminal

PICTURES = "♔♕♖♗♘♙♚♛♜♝♞♟·"
PIECES = str.maketrans("KQRBNPkqrbnp.", PICTURES)
BOARD_LINES = 8
HELP = (
    "type a move, such as e2e4, Nf3, exd5, O-O or e8=Q; or hint, moves, solution (gives up), "
    "next, quit"
)
# By the first letter of a move in short notation; castling begins with an O.
PIECE_NAMES = {"K": "king", "O": "king", "Q": "queen", "R": "rook", "B": "bishop", "N": "knight"}


class Puzzle:
    """A puzzle in play.

    Args:
        env: ``ChessPuzzle-v0`` with the answer ``line``, rendered as text.
        task: What draws its puzzles.
        instance: Which puzzle.

    Attributes:
        fen: The position on the board.
        played: The right moves so far, in UCI notation.
        mistakes: How many wrong moves were tried.
        is_solved: Whether it was solved by the player.
        gave_up: Whether the solution was shown.
    """

    def __init__(self, env: InstanceEnv, task: ChessPuzzleTask, instance: int):
        self.env = env
        self.instance = instance
        self.mistakes = 0
        self.is_solved = self.gave_up = False
        self.played: list[str] = []
        self.begin()
        (solution,) = task.puzzles_of(task.draw([instance])).solutions()
        self.solution = solution.split()  # replies included

    def begin(self) -> None:
        """Set the board up, and play the right moves again that were found before."""
        _, self.about = self.env.reset(options={"instance": self.instance})
        self.fen = self.about["fen"]
        for move in self.played:
            self._step(move)

    def _step(self, move: str) -> dict:
        action = chess_puzzles.action_of(self.fen, move)
        _, _, self.is_over, _, info = self.env.step(action)
        self.fen = info["fen"]
        return info

    def move(self, text: str) -> str:
        """Play a move, and tell what came of it.

        Raises:
            ValueError: If it is not a legal move.
        """
        before = self.fen
        action = chess_puzzles.action_of(before, text)
        move = chess_puzzles.move_of(before, action)
        name = chess_puzzles.san_of(before, move)
        info = self._step(move)
        if info["solved"]:
            self.is_solved = True
            return f"{name} is right: {self.outcome()}"
        if self.is_over:
            self.mistakes += 1
            self.begin()
            return f"{name} is not the move: try another, or ask for a hint"
        self.played.append(move)
        return f"{name} is right, and the reply is {info['reply']}"

    def next_move(self) -> str:
        """The recorded move that is to be found now, in UCI notation."""
        return self.solution[2 * len(self.played)]

    def hint(self) -> str:
        """Which piece is to move."""
        move = self.next_move()
        piece = PIECE_NAMES.get(chess_puzzles.san_of(self.fen, move)[0], "pawn")
        return f"it is a move of the {piece} on {move[:2]}"

    def give_up(self) -> str:
        """The rest of the solution."""
        self.gave_up = True
        return f"{self.outcome()}; from here: {' '.join(self.solution[2 * len(self.played) :])}"

    def title(self) -> str:
        """Which puzzle it is."""
        side = "White" if self.fen.split()[1] == "w" else "Black"
        about = self.about
        return f"puzzle {about['puzzle_id']} rated {about['rating']}, {side} to move"

    def outcome(self) -> str:
        """How it stands."""
        if self.is_solved and not self.gave_up:
            mistakes = f"{self.mistakes or 'no'} mistake{'s' * (self.mistakes > 1)}"
            return f"solved with {mistakes} (themes: {', '.join(self.about['themes'])})"
        tried = len(self.played) + self.mistakes
        return f"not solved after {tried} move{'s' * (tried != 1)}"


def board_of(text: str) -> str:
    """A board with letters for its pieces, with pictures of them where the output has them."""
    try:
        PICTURES.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return text
    lines = text.splitlines()
    board = [line.translate(PIECES) for line in lines[:BOARD_LINES]]
    return "\n".join([*board, *lines[BOARD_LINES:]])


def play(task: ChessPuzzleTask, instance: Callable[[], int]) -> None:
    """Solve puzzles until the player ends it.

    Args:
        task: What draws the puzzles.
        instance: Gives the number of the next.

    Raises:
        ValueError: If there is no standard input.
    """
    terminal.check_input()
    env = InstanceEnv(MovesDynamics(task, first_only=False), render_mode="ansi")
    print(HELP)
    while play_one(Puzzle(env, task, instance())):
        pass


def play_one(puzzle: Puzzle) -> bool:
    """Play one puzzle; whether another is asked for."""
    print(f"\n{board_of(str(puzzle.env.render()))}\n{puzzle.title()}")
    while line := next_line():
        word = line.strip()
        if word in ("quit", "q", "exit"):
            break
        if word in ("next", "n"):
            return True
        print(answer_to(puzzle, word))
    if not (puzzle.is_solved or puzzle.gave_up):
        print(puzzle.outcome())
    return False


def answer_to(puzzle: Puzzle, word: str) -> str:
    """What is said to a word that was typed."""
    is_over = puzzle.is_solved or puzzle.gave_up
    if word in ("", "help", "?"):
        return HELP
    if is_over:
        return f"{puzzle.outcome()}; next or quit?"
    if word == "moves":
        return " ".join(chess_puzzles.legal_moves(puzzle.fen))
    if word in ("hint", "h"):
        return puzzle.hint()
    if word in ("solution", "give up", "resign"):
        return puzzle.give_up()
    try:
        said = puzzle.move(word)
    except ValueError as error:
        return str(error).partition(", in the position")[0]
    return f"\n{board_of(str(puzzle.env.render()))}\n{said}"


def next_line() -> str:
    """The next line that is typed; empty at the end of the input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    try:
        return input("> ") + "\n"
    except EOFError:
        return ""
