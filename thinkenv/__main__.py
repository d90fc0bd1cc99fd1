"""The command ``thinkenv``, also ``python -m thinkenv``: files, puzzles, playing by hand."""

import argparse
import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import gymnasium
import numpy as np

from thinkenv import __version__, mazes
from thinkenv.checks import check_integer
from thinkenv.command_line import Parser, check_writable, run_command
from thinkenv.envs.arguments import LARGEST_SEED
from thinkenv.files import cache_dir, write_bytes
from thinkenv.gate import check_file
from thinkenv.machine import check_fits_into_memory
from thinkenv.mazes import interchange
from thinkenv.mazes.endpoints import ENDPOINTS
from thinkenv.tasks.seeds import LAST_INSTANCE
from thinkenv.tasks.splits import SPLITS

MAX_COUNT = 2**31 - 1  # of mazes to export, or of puzzles to replay
PLAYED_SIZE = 15
CELLS_AT_ONCE = 10_000_000  # of mazes drawn before the progress bar moves on


def build_parser() -> Parser:
    """The commands and their options."""
    called_as_module = Path(sys.argv[0]).name == "__main__.py"
    parser = Parser(
        prog="python -m thinkenv" if called_as_module else "thinkenv",
        description="Write mazes to files, prepare chess puzzles, play by hand, be a chess engine.",
        epilog="Every command takes --help.",
    )
    parser.add_argument("--version", action="version", version=f"thinkenv {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_export_command(commands)
    add_chess_commands(commands)
    add_play_commands(commands)
    add_uci_command(commands)
    docs = commands.add_parser("docs", help="print the environments' documentation as Markdown")
    docs.description = "Make one Markdown page of the environments' docstrings."
    docs.add_argument("path", type=Path, nargs="?", help="the file to write (default: print it)")
    docs.set_defaults(run=run_docs)
    return parser


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Help with defaults, and descriptions whose lines stay as they are."""


def add_export_command(commands: argparse._SubParsersAction) -> None:
    """The command that writes mazes to files."""
    export = commands.add_parser(
        "export",
        help="write mazes to files, in our own format or those of the literature",
        description=interchange.__doc__,
        formatter_class=HelpFormatter,
    )
    add = export.add_argument
    add("path", type=Path, help="the file (npz) or the folder (others) to write")
    add("--format", choices=interchange.FORMATS, default="npz", help="see above")
    add("--count", type=int, default=1000, help="how many")
    add("--seed", type=int, default=0, help="which mazes of the split")
    add_kind_of_mazes(export, default_size=9)
    dtypes = ("float64", "float32", "uint8")
    add("--dtype", choices=dtypes, help="of the easy_to_hard arrays; None is float64")
    sides = f"cells on each side of the token grids; None is {interchange.TOKEN_SIDE}"
    add("--side", type=int, help=sides)
    export.set_defaults(run=run_export)


def add_kind_of_mazes(parser: argparse.ArgumentParser, default_size: int) -> None:
    """The options that say what mazes are like."""
    add = parser.add_argument
    add("--size", type=int, default=default_size, help="odd, from 5 to 1601")
    add("--split", choices=SPLITS, default="train", help="the split")
    add("--generator", choices=list(mazes.GENERATORS), default="dfs", help="how they are carved")
    add("--loops", type=float, default=0.0, help="the chance that a wall is opened, 0.0 to 1.0")
    add("--endpoints", choices=list(ENDPOINTS), default="any", help="where start and goal are")
    removed = "the chance that percolation makes a cell a wall, 0.0 to 0.6"
    add("--removed", type=float, default=mazes.REMOVED, help=removed)


def add_play_commands(commands: argparse._SubParsersAction) -> None:
    """The commands for playing by hand."""
    play = commands.add_parser("play", help="walk through a maze, or solve chess puzzles, by hand")
    games = play.add_subparsers(dest="game", required=True, metavar="GAME")
    maze = games.add_parser(
        "maze",
        help="walk through a maze with the arrow keys",
        description="Walk from S to G with the arrow keys, wasd or hjkl.",
        formatter_class=HelpFormatter,
    )
    add_kind_of_mazes(maze, default_size=PLAYED_SIZE)
    add = maze.add_argument
    add("--file", type=Path, help="mazes of a file instead: all that thinkenv.mazes.read takes")
    add("--window", action="store_true", help="in a window of pygame, where that is installed")
    add_choice_of_instance(maze)
    maze.set_defaults(run=run_play_maze)
    chess = games.add_parser(
        "chess",
        help="solve rated puzzles by typing moves",
        description="Solve Lichess's puzzles by typing moves; the recorded replies come back.",
        formatter_class=HelpFormatter,
    )
    add = chess.add_argument
    add("--database", default="bundled", help="bundled, a table of puzzles, or a database")
    add("--split", choices=SPLITS, default="all", help="the split")
    add("--rating", type=int, nargs=2, metavar=("LOW", "HIGH"), help="only puzzles rated so")
    add("--themes", nargs="+", metavar="THEME", help="only puzzles with one of these themes")
    add_choice_of_instance(chess)
    chess.set_defaults(run=run_play_chess)


def add_choice_of_instance(parser: argparse.ArgumentParser) -> None:
    """The options that choose what is played first."""
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--instance", type=int, help="the number of the first one; None for any")
    chosen.add_argument(
        "--seed", type=int, help="decides which they are; None for others each time"
    )


def add_uci_command(commands: argparse._SubParsersAction) -> None:
    """The command that chess programs start."""
    uci = commands.add_parser(
        "uci",
        help="let chess programs play an agent that thinks about positions",
        description="Be an engine for chess programs, which speak the protocol UCI.",
        formatter_class=HelpFormatter,
    )
    uci.add_argument("--agent", default="chess", help="the name of an agent, or its folder")
    uci.set_defaults(run=run_uci)


def add_chess_commands(commands: argparse._SubParsersAction) -> None:
    """The commands for puzzle databases."""
    chess = commands.add_parser("chess", help="import, download and describe chess puzzles")
    actions = chess.add_subparsers(dest="action", required=True, metavar="ACTION")
    importing = actions.add_parser(
        "import", help="make a database of a table of puzzles, checking every row"
    )
    importing.add_argument("file", type=Path, help="the file to read")
    importing.add_argument(
        "--to", type=Path, help="the database to write (default: beside the file, .puzzles)"
    )
    importing.set_defaults(run=run_import)
    downloading = actions.add_parser(
        "download", help="download the puzzles of Lichess (about 300 MB); resumes where it stopped"
    )
    downloading.add_argument("--address", help="another address than that of Lichess")
    downloading.add_argument(
        "--to", type=Path, help="the folder to write into (default: the cache folder)"
    )
    downloading.set_defaults(run=run_download)
    info = actions.add_parser("info", help="describe a database or puzzle file, and check it")
    info.add_argument(
        "database", nargs="?", default="bundled", help="its path (default: the bundled puzzles)"
    )
    info.add_argument(
        "--replay", type=int, metavar="N", help="replay N puzzles with python-chess, 0 for all"
    )
    info.set_defaults(run=run_info)


def run_export(arguments: argparse.Namespace) -> None:
    """Generate mazes and write them."""
    from tqdm import tqdm

    check_integer("--count", arguments.count, 1, MAX_COUNT)
    for name, of_format in (("dtype", "easy_to_hard"), ("side", "tokens")):
        if getattr(arguments, name) is not None and arguments.format != of_format:
            raise ValueError(
                f"--format must be {of_format} where --{name} is given, got {arguments.format}"
            )
    check_writable("path", arguments.path, is_folder=arguments.format != "npz")
    task = kind_of_mazes(arguments)
    options = {"count": arguments.count, "seed": arguments.seed, **task.options}
    if arguments.format == "tokens":
        side = interchange.TOKEN_SIDE if arguments.side is None else arguments.side
        interchange.check_token_side(side, *task.shape)
    if arguments.format == "easy_to_hard":
        number = np.dtype(arguments.dtype or "float64").itemsize
        pixels = (2 * task.side + 2) ** 2  # four numbers each: three colours, and the solution
        check_fits_into_memory(
            f"--count {arguments.count:,} pictures", 4 * number * pixels * arguments.count
        )
    with tqdm(total=arguments.count, desc="drawing", unit="maze", delay=1.0, leave=False) as bar:
        batch = draw(task, mazes.instances_of_seed(arguments.seed, arguments.count), bar.update)
        bar.set_description(f"writing {arguments.path}")
        write_mazes(arguments, batch, options)
    print(f"{len(batch):,} mazes of size {arguments.size} written to {arguments.path}")


def write_mazes(arguments: argparse.Namespace, batch: mazes.MazeBatch, options: dict) -> None:
    """Write mazes in the format that is asked for."""
    if arguments.format == "npz":
        interchange.write_npz(arguments.path, batch, options)
    elif arguments.format == "easy_to_hard":
        interchange.write_easy_to_hard(arguments.path, batch, arguments.dtype or "float64")
    else:
        side = interchange.TOKEN_SIDE if arguments.side is None else arguments.side
        interchange.write_tokens(arguments.path, batch, side)


def kind_of_mazes(arguments: argparse.Namespace) -> mazes.MazeTask:
    """The mazes that the options of ``add_kind_of_mazes`` describe."""
    names = ("size", "split", "generator", "loops", "endpoints", "removed")
    return mazes.MazeTask(**{name: getattr(arguments, name) for name in names})


def draw(
    task: mazes.MazeTask, instances: np.ndarray, advance: Callable[[int], object]
) -> mazes.MazeBatch:
    """Draw mazes by their numbers, in parts, so that one sees how it goes on and can stop it."""
    task.check_memory(len(instances))
    at_once = max(1, CELLS_AT_ONCE // task.side**2)
    begun = task.draw(instances[:at_once])
    whole = mazes.MazeBatch(
        **{
            name: np.empty((len(instances), *column.shape[1:]), column.dtype)
            for name, column in begun.columns().items()
        }
    )
    for first in range(0, len(instances), at_once):
        part = task.draw(instances[first : first + at_once]) if first else begun
        whole.replace(np.arange(first, first + len(part)), part)
        advance(len(part))
    return whole


def numbers_of(arguments: argparse.Namespace, count: int | None) -> Callable[[], int]:
    """Gives the instance numbers of what is played, one in each call.

    Args:
        arguments: With ``instance``, the number of the first, after which the following ones come;
            or with ``seed``, for the numbers that an environment draws of that seed.
        count: How many different ones there are, or None.
    """
    highest = LAST_INSTANCE if count is None else count - 1
    if arguments.instance is not None:
        first = check_integer("--instance", arguments.instance, 0, highest)
        return itertools.count(first).__next__
    if arguments.seed is not None:
        check_integer("--seed", arguments.seed, 0, LARGEST_SEED)
    generator, _ = gymnasium.utils.seeding.np_random(arguments.seed)
    return lambda: int(generator.integers(LAST_INSTANCE, endpoint=True)) % (highest + 1)


def run_play_maze(arguments: argparse.Namespace) -> None:
    """Walk through mazes."""
    from thinkenv.play import maze, window

    task: mazes.MazeTask | mazes.MazeFileTask = kind_of_mazes(arguments)
    options = {**task.options}
    if arguments.file is not None:
        plain = mazes.MazeTask(size=PLAYED_SIZE).options
        others = [f"--{name}" for name, value in options.items() if value != plain.get(name)]
        if others:
            raise ValueError(
                "--file must be given without --size, --split, --generator, --loops, --endpoints, "
                f"--removed, got {', '.join(others)} beside it"
            )
        task = mazes.MazeFileTask(arguments.file)
        options = {"file": str(arguments.file)}
    numbers = numbers_of(arguments, task.count)
    if arguments.window:
        window.play(options, numbers)
    else:
        maze.play(task, numbers)


def run_play_chess(arguments: argparse.Namespace) -> None:
    """Solve chess puzzles."""
    from thinkenv.chess_puzzles import ChessPuzzleTask
    from thinkenv.play import chess

    task = ChessPuzzleTask(arguments.database, arguments.split, arguments.rating, arguments.themes)
    chess.play(task, numbers_of(arguments, task.count))


def run_uci(arguments: argparse.Namespace) -> None:
    """Obey a chess program."""
    from thinkenv.deep_thinking.uci.command import run

    run(arguments.agent)


def run_docs(arguments: argparse.Namespace) -> None:
    """Write the environments' documentation."""
    from thinkenv.documentation import environment_page

    if arguments.path is None:
        print(environment_page(), end="")
        return
    check_writable("path", arguments.path)
    write_bytes(arguments.path, environment_page().encode())


def make_database(source: Path, target: Path | None) -> None:
    """Make a database of a puzzle file, by default beside it."""
    from thinkenv.chess_puzzles.puzzles import database_beside, import_with_progress

    target = check_writable("--to", target or database_beside(source))
    database = import_with_progress(source, target)
    print(f"{len(database):,} puzzles written to {target}")


def run_import(arguments: argparse.Namespace) -> None:
    """Make a database of a puzzle file."""
    check_file(arguments.file)
    make_database(arguments.file, arguments.to)


def run_download(arguments: argparse.Namespace) -> None:
    """Download Lichess's puzzles, and make a database of them."""
    from tqdm import tqdm

    from thinkenv.chess_puzzles.downloading import LICHESS_ADDRESS, download

    address = arguments.address or LICHESS_ADDRESS
    folder = arguments.to or cache_dir() / "chess_puzzles"
    check_writable("--to", folder, is_folder=True)
    source = folder / (address.rsplit("/", 1)[-1] or "puzzles")
    with tqdm(desc=f"downloading {source.name}", unit="B", unit_scale=True) as bar:

        def expect(whole: int) -> None:
            bar.total = whole
            bar.refresh()

        download(address, source, bar.update, expect)
    make_database(source, None)


def run_info(arguments: argparse.Namespace) -> None:
    """Describe a database, and check it."""
    from tqdm import tqdm

    from thinkenv import chess_puzzles
    from thinkenv.chess_puzzles.database import is_database, verify_database
    from thinkenv.chess_puzzles.puzzles import NoPuzzleError, describe_ratings, list_themes
    from thinkenv.chess_puzzles.rating_splits import BOUNDS_OF_SPLIT

    if arguments.replay is not None:
        check_integer("--replay", arguments.replay, 0, MAX_COUNT)
    puzzles = chess_puzzles.load(arguments.database)
    path = Path(arguments.database)
    if arguments.database != "bundled" and is_database(path):
        verify_database(path)
    database = puzzles.database
    print(f"{len(puzzles):,} puzzles from {database.source}, SHA-256 {database.source_sha256}")
    print(f"{database.refused:,} rows of that file were refused")
    print(describe_ratings(database))
    for split in BOUNDS_OF_SPLIT:
        try:
            count = len(chess_puzzles.load(arguments.database, split=split))
        except NoPuzzleError:
            count = 0
        print(f"  {split:<14} {count:>12,}")
    print(f"{len(database.themes):,} themes: {list_themes(database)}")
    if arguments.replay is not None:
        from thinkenv.chess_puzzles.replaying import check_by_replay

        some = puzzles[: arguments.replay] if arguments.replay else puzzles
        with tqdm(total=len(some), desc="replaying with python-chess") as bar:
            problems = check_by_replay(some, bar.update)
        for problem in problems[:20]:
            print(problem)
        if problems:
            raise ValueError(f"{len(problems):,} problems were found by replaying {len(some):,}")
        print(f"{len(some):,} puzzles replayed with python-chess: no problem found")


def main(words: list[str] | None = None) -> int:
    """Run a command; report errors in one line."""
    arguments = build_parser().parse_args(words)
    return run_command(lambda: arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
