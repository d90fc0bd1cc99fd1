"""The command line: ``python -m thinkenv export --help``."""

import argparse
import sys
from pathlib import Path

from thinkenv import mazes
from thinkenv.mazes import interchange
from thinkenv.mazes.endpoints import ENDPOINTS
from thinkenv.splits import SPLITS


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(prog="python -m thinkenv", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser(
        "export",
        help="write mazes to files in our own format or those of the literature",
        description=interchange.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.add_argument("path", type=Path, help="the file (npz) or the folder (others) to write")
    export.add_argument("--format", choices=interchange.FORMATS, default="npz")
    export.add_argument("--size", type=int, default=9, help="odd, 5 to 1601 (default 9)")
    export.add_argument("--count", type=int, default=1000, help="how many (default 1000)")
    export.add_argument("--seed", type=int, default=0, help="which mazes of the split (default 0)")
    export.add_argument("--split", choices=SPLITS, default="train")
    export.add_argument("--generator", choices=list(mazes.GENERATORS), default="dfs")
    export.add_argument("--loops", type=float, default=0.0, help="0.0 to 1.0 (default 0.0)")
    export.add_argument("--endpoints", choices=list(ENDPOINTS), default="any")
    export.add_argument(
        "--dtype",
        choices=("float64", "float32", "uint8"),
        default="float64",
        help="of easy_to_hard arrays (default float64)",
    )
    export.add_argument(
        "--side",
        type=int,
        default=interchange.TOKEN_SIDE,
        help="cells per side of token grids (default 30)",
    )
    return parser


def export(arguments: argparse.Namespace) -> None:
    """Generate mazes and write them."""
    names = ("size", "count", "seed", "split", "generator", "loops", "endpoints")
    options = {name: getattr(arguments, name) for name in names}
    batch = mazes.generate(**options)
    if arguments.format == "npz":
        interchange.write_npz(arguments.path, batch, options)
    elif arguments.format == "easy_to_hard":
        interchange.write_easy_to_hard(arguments.path, batch, arguments.dtype)
    else:
        interchange.write_tokens(arguments.path, batch, arguments.side)
    print(f"{len(batch):,} mazes of size {arguments.size} written to {arguments.path}")


def main(words: list[str] | None = None) -> int:
    """Run a command; report errors in one line."""
    arguments = build_parser().parse_args(words)
    try:
        export(arguments)
    except (ValueError, TypeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
