"""Where a result comes from: commit, versions and machine, to be stored beside every figure."""

import json
import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from thinkenv.files import atomic_write

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = (
    "thinkenv",
    "gymnasium",
    "numpy",
    "numba",
    "torch",
    # Used by benchmarks and examples, where they are installed.
    "mazelib",
    "maze-dataset",
    "minigrid",
    "stable-baselines3",
)


def commit() -> str:
    """The commit of this checkout, with ``+changes`` if files differ from it, or ``unknown``."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{found}+changes" if changed else found


def versions() -> dict[str, str]:
    """The versions of Python and of the installed packages that results depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue  # the environments work without torch
    return found


def processor() -> str:
    """The processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def command() -> str:
    """The command that runs this process, as one would type it in the repository's root."""
    script = Path(sys.argv[0]).resolve()
    if script.is_relative_to(REPOSITORY):
        script = script.relative_to(REPOSITORY)
    words = [word.replace(f"{REPOSITORY}{os.sep}", "") for word in sys.argv[1:]]
    return shlex.join(["python", str(script), *words])


# As it was when this process began: what is committed while it runs is not what runs.
COMMIT = commit()


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def provenance() -> dict:
    """Command, commit, time, versions and machine of this process."""
    return {
        "command": command(),
        "commit": COMMIT,
        "time": now(),
        "versions": versions(),
        "machine": f"{processor()}, {os.cpu_count()} cores, {platform.system()}",
    }


def store_result(path: Path, result: dict[str, Any]) -> None:
    """Write a result as JSON, with where it comes from before it.

    Raises:
        OSError: If the file cannot be written; an earlier one stays as it was.
    """
    with atomic_write(path) as file:
        file.write((json.dumps({**provenance(), **result}, indent=2) + "\n").encode())
