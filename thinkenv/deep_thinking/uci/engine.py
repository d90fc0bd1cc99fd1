"""The engine: obeys the commands of a chess program, one a line."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np

from thinkenv import __version__
from thinkenv.checks import suggestion
from thinkenv.chess_puzzles.rules import BLACK
from thinkenv.command_line import in_one_line
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.checkpoint import find_agent, load_agent
from thinkenv.deep_thinking.rollout.acceleration import Acceleration
from thinkenv.deep_thinking.uci.limits import Limits, read_limits
from thinkenv.deep_thinking.uci.options import KINDS, Options
from thinkenv.deep_thinking.uci.search import NO_MOVE, Search
from thinkenv.deep_thinking.uci.words import read_position

LONGEST_LINE = 2**16  # bytes; a game of ten thousand moves fits
LONGEST_SAID = 300  # characters of a line about something wrong
# Commands that mean nothing to agents.
WITHOUT_MEANING = ("debug", "register", "ucinewgame")


class Engine:
    """An agent as an engine for chess programs.

    Args:
        options: What is set at first.
        write: Writes a line to the program; the only thing that may fail, with an ``OSError``.
    """

    def __init__(self, options: Options, write: Callable[[str], object]):
        self.options = options
        self._first_options = options
        self._write = write
        self._writing = threading.Lock()
        self._lost: OSError | None = None  # why the program is not there any more
        self._agent: Agent[Any] | None = None
        self._loaded_as = ("", "")  # its name and precision
        self._position: np.ndarray | None = read_position(["startpos"])
        self._search: Search | None = None

    def run(self, lines: BinaryIO) -> None:
        """Obey commands until one of them is to quit, or there are no more.

        Raises:
            OSError: If nobody reads what is written.
        """
        try:
            for words in words_of(lines, self.complain):
                if words[0] == "quit" or self._lost is not None:
                    break
                self.obey(words)
        finally:
            self._stop()
            if self._search is not None:
                self._search.end()
        if self._lost is not None:
            raise self._lost

    def obey(self, words: Sequence[str]) -> None:
        """Obey one command; of one that cannot be obeyed, say why in one line.

        Args:
            words: The command and what follows it.
        """
        command, *rest = words
        commands: dict[str, Callable[[Sequence[str]], None]] = {
            "uci": self._introduce,
            "isready": self._get_ready,
            "setoption": self._set_option,
            "position": self._set_up,
            "go": self._go,
            "stop": self._stop,
            "ponderhit": self._ponder_hit,
        }
        if command in WITHOUT_MEANING:
            return
        if command not in commands:
            known = (*commands, *WITHOUT_MEANING, "quit")
            self.complain(f"there is no command {command!r:.60}{suggestion(command, known)}")
            return
        try:
            commands[command](rest)
        except (ValueError, TypeError, OSError) as error:
            self.complain(in_one_line(error))

    def say(self, line: str) -> None:
        """Write a line to the program, while others may do so."""
        with self._writing:
            try:
                self._write(line.encode("ascii", "backslashreplace").decode())
            except OSError as error:
                self._lost = error

    def complain(self, reason: str) -> None:
        """Tell whoever watches the program what is wrong, in one line."""
        if len(reason) > LONGEST_SAID:
            reason = f"{reason[:LONGEST_SAID]}..."
        self.say(f"info string {' '.join(reason.split())}")

    def _introduce(self, rest: Sequence[str]) -> None:
        self.say(f"id name thinkenv {__version__}")
        self.say("id author the thinkenv contributors")
        for kind in KINDS:
            self.say(kind.told(getattr(self._first_options, kind.field)))
        self.say("uciok")

    def _get_ready(self, rest: Sequence[str]) -> None:
        if not self._is_thinking():
            self._load()
        self.say("readyok")

    def _set_option(self, rest: Sequence[str]) -> None:
        if rest[:1] != ["name"]:
            raise ValueError(f"setoption must be name ... value ..., got {' '.join(rest)!r:.60}")
        end = rest.index("value") if "value" in rest else len(rest)
        changed = self.options.changed(" ".join(rest[1:end]), " ".join(rest[end + 1 :]))
        if changed.agent != self.options.agent:
            find_agent(changed.agent)  # which says if there is none
        self.options = changed

    def _set_up(self, rest: Sequence[str]) -> None:
        self._position = None  # nothing is answered about another one than was meant
        self._position = read_position(rest)

    def _go(self, rest: Sequence[str]) -> None:
        began = time.perf_counter()
        if self._is_thinking():
            raise ValueError("go: thinking already; stop comes first")
        if self._search is not None:
            self._search.end()  # its answer is being written
        if self._position is None:
            self.complain("go: there is no position, since the last one was refused")
            self.say(f"bestmove {NO_MOVE}")
            return
        self._load()
        limits = read_limits(rest, bool(self._position[BLACK]))
        self._search = Search(
            self._agent, self._position, limits, self.options, self.say, self.complain, began
        )
        self._search.start()

    def _is_thinking(self) -> bool:
        return self._search is not None and not self._search.is_answered.is_set()

    def _load(self) -> None:
        """Load the agent that is wanted, unless it is there; say so if it cannot be loaded."""
        wanted = (self.options.agent, self.options.precision)
        if self._loaded_as == wanted:
            return
        self._agent, self._loaded_as = None, wanted
        try:
            precision = self.options.precision
            acceleration = Acceleration(precision=precision)  # type: ignore[arg-type]
            agent = load_agent(self.options.agent, task="chess", acceleration=acceleration)
        except (ValueError, OSError) as error:
            self.complain(f"{in_one_line(error)}; moves are played without thinking")
            return
        # The first thought takes longer, while no clock is running.
        start, few = read_position(["startpos"]), Limits(positions=2)
        rehearsal = Search(agent, start, few, Options(), print_nothing, print_nothing, 0.0)
        rehearsal.start()
        rehearsal.end()
        self._agent = agent

    def _ponder_hit(self, rest: Sequence[str] = ()) -> None:
        if self._search is None or not self._search.ponder_hit():
            raise ValueError("ponderhit: nothing is pondered")

    def _stop(self, rest: Sequence[str] = ()) -> None:
        if self._search is not None:
            self._search.stop()


def words_of(lines: BinaryIO, complain: Callable[[str], None]) -> Iterator[list[str]]:
    """The words of each line that has any; lines that are too long are left out.

    Args:
        lines: What is read.
        complain: Told of such lines.
    """
    while line := lines.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            complain(f"a line must have fewer than {LONGEST_LINE:,} bytes")
            while line and not line.endswith(b"\n"):
                line = lines.readline(LONGEST_LINE)
        elif words := line.decode(errors="replace").split():
            yield words


def print_nothing(line: str) -> None:
    """What is said in a rehearsal."""
