"""Where files that can be made again are kept between runs."""

import os
import sys
from pathlib import Path

VARIABLE = "THINKENV_CACHE"


def cache_folder() -> Path:
    """The folder for compiled kernels, converted puzzle databases and downloads.

    The environment variable ``THINKENV_CACHE``, or else what the platform reserves for caches:
    ``$XDG_CACHE_HOME`` or ``~/.cache`` on Linux, ``~/Library/Caches`` on macOS and
    ``%LOCALAPPDATA%`` on Windows, each with ``thinkenv`` in it. It need not exist yet.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "thinkenv"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "thinkenv"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "thinkenv"
