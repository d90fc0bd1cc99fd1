"""Say where a result comes from: commit, versions and machine, stored beside every figure."""

import functools
import json
import os
import platform
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from thinkenv import __version__
from thinkenv.files import write_bytes

# The checkout, if the package lies in one; else the folder that packages are installed in.
REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("gymnasium", "numpy", "numba", "torch", "safetensors", "tyro")
# Used by benchmarks and examples, where they are installed.
OTHER_PACKAGES = ("mazelib", "maze-dataset", "minigrid", "stable-baselines3")


def git(*arguments: str) -> str:
    """What git says in the folder of the package.

    Raises:
        OSError: If there is no git.
        CalledProcessError: If it fails, as in a folder that is no checkout.
    """
    words = ["git", "-C", str(REPOSITORY), *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


@functools.cache
def commit() -> str:
    """The commit of this checkout, with ``+changes`` if files differ from it, or ``unknown``.

    It is found out once: call it when a long process begins, because what is committed while that
    runs is not what runs.
    """
    try:
        # A package installed below somebody's own repository has nothing to do with its commits.
        is_ours = 'name = "thinkenv"' in (REPOSITORY / "pyproject.toml").read_text()
        if not is_ours or Path(git("rev-parse", "--show-toplevel")).resolve() != REPOSITORY:
            return "unknown"
        # Tags left out, it is the whole hash.
        return git("describe", "--always", "--exclude=*", "--abbrev=40", "--dirty=+changes")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def versions() -> dict[str, str]:
    """The versions of Python, of this package, and of the installed ones that results depend on."""
    # Ours is that of the code that runs: a checkout may have gone on since it was installed.
    found = {"python": platform.python_version(), "thinkenv": __version__}
    for package in PACKAGES + OTHER_PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue  # the environments work without torch
    return found


def processor() -> str:
    """The processor's name."""
    cores = Path("/proc/cpuinfo")  # on Linux, where Python does not know it
    named = re.search(r"^model name\s*: (.*)", cores.read_text(), re.M) if cores.exists() else None
    return named[1].strip() if named else platform.processor() or platform.machine()


def command() -> str:
    """The command that runs this process, as one would type it in the repository's root."""
    script = Path(sys.argv[0])
    if script.resolve().is_relative_to(REPOSITORY):
        script = script.resolve().relative_to(REPOSITORY)
    words = [word.replace(f"{REPOSITORY}{os.sep}", "") for word in sys.argv[1:]]
    return shlex.join(["python", script.as_posix(), *words])


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def provenance() -> dict:
    """Command, commit, time, versions and machine of this process."""
    return {
        "command": command(),
        "commit": commit(),
        "time": now(),
        "versions": versions(),
        "machine": f"{processor()}, {os.cpu_count()} cores, {platform.system()}",
    }


def store_result(path: Path, result: dict) -> None:
    """Write a result as JSON, with where it comes from before it.

    Raises:
        OSError: If the file cannot be written; an earlier one stays as it was.
    """
    write_bytes(path, (json.dumps({**provenance(), **result}, indent=2) + "\n").encode())
