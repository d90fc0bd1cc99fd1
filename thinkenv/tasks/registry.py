"""Classes by name: those of this package, and those of your own.

There is one registry of tasks, ``thinkenv.tasks.TASKS``; the agents' architectures are found in
the same way.
"""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar

from thinkenv.checks import suggestion

Found = TypeVar("Found")


class Registry(Generic[Found]):
    """Subclasses of one class, by their attribute ``name``; imported when they are asked for.

    Args:
        kind: What they are called in errors, such as ``task``.
        base: The class that they are subclasses of.
        entries: For each name where the class is, as ``module:Class``.
    """

    def __init__(self, kind: str, base: type[Found], entries: Mapping[str, str]):
        self.kind = kind
        self.base = base
        self._entries = dict(entries)
        self._found: dict[str, type[Found]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are known by now."""
        return tuple(dict.fromkeys([*self._entries, *self._found]))

    def find(self, reference: str) -> type[Found]:
        """A class by its name, or one of your own, which is known by its name from then on.

        Args:
            reference: A name; or ``module:Class``, for a module that Python can import; or
                ``path/to/file.py:Class``.

        Raises:
            ValueError: If there is no such class, it is none of this kind, or it has the name of
                another one.
        """
        if reference in self._found:
            return self._found[reference]
        place, colon, attribute = self._entries.get(reference, reference).rpartition(":")
        if not colon:
            raise ValueError(
                f"{self.kind} must be one of {', '.join(map(repr, self.names))}, or a class of "
                f"your own as 'file.py:Class' or 'module:Class', got {reference!r}"
                f"{suggestion(reference, self.names)}"
            )
        try:
            is_file = place.endswith(".py")
            module = import_file(Path(place)) if is_file else importlib.import_module(place)
            found = getattr(module, attribute)
        except (ImportError, AttributeError, ValueError, TypeError, OSError) as error:
            raise ValueError(f"{self.kind} {reference!r}: {error}") from error
        if not (isinstance(found, type) and issubclass(found, self.base)):
            raise ValueError(
                f"{self.kind} {reference!r} must be a subclass of "
                f"{self.base.__module__}.{self.base.__name__}"
            )
        if missing := sorted(getattr(found, "__abstractmethods__", ())):
            raise ValueError(f"{self.kind} {reference!r} lacks {', '.join(missing)}")
        name = getattr(found, "name", None)
        if not isinstance(name, str):
            raise ValueError(f"{self.kind} {reference!r} lacks a name: set the attribute 'name'")
        if name in self._entries and reference != name:
            self.find(name)  # ours comes first
        if self._found.setdefault(name, found) is not found:
            raise ValueError(f"{self.kind} {reference!r}: there is another one called {name!r}")
        return found


def import_file(path: Path) -> ModuleType:
    """Import a Python file by its path; a second time it is the same module.

    Raises:
        OSError: If it cannot be read.
    """
    path = path.expanduser().resolve()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == str(path):
            return module
    # A name of its own, so that a file called random.py takes nobody's place.
    name = f"{path.stem}_of_{path.parent.name}".replace(".", "_")
    if name in sys.modules:
        name = f"{name}_{abs(hash(path))}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # it is there, and ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
