"""Checks of arguments, with errors that name the argument, its value and what is allowed."""

import difflib
import functools
import inspect
import math
import numbers
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

import numpy as np

# A function as its callers see it, which a decorator does not change.
Function = TypeVar("Function", bound=Callable)

LONGEST_WORD = 100  # Characters; nobody means a name with a longer one.


def suggestion(value: object, allowed: Iterable[str]) -> str:
    """The end of an error about a misspelt word: ``"; did you mean 'size'?"``, or nothing.

    Args:
        value: What was given.
        allowed: The words that are known.

    Example:
        >>> suggestion("sise", ["size", "split"])
        "; did you mean 'size'?"
        >>> suggestion("colour", ["size", "split"])
        ''
    """
    if not isinstance(value, str) or len(value) > LONGEST_WORD:
        return ""
    words = {plain(word): word for word in allowed}
    near = difflib.get_close_matches(plain(value), words, n=1)
    return f"; did you mean {words[near[0]]!r}?" if near else ""


def plain(word: str) -> str:
    """A word without what is easily confused: capitals, hyphens and underscores."""
    return word.lower().replace("-", "").replace("_", "")


def check_arguments(owner: str, given: Iterable[str], allowed: Sequence[str]) -> None:
    """Check that there are arguments of these names.

    Raises:
        TypeError: If one is not among those ``allowed``; it names the nearest that is.
    """
    for name in given:
        if name not in allowed:
            words = ", ".join(map(repr, allowed)) or "none"
            raise TypeError(
                f"arguments of {owner} must be among {words}, got {name!r}"
                + suggestion(name, allowed)
            )


def arguments_of(function: Callable) -> list[str] | None:
    """The names by which arguments can be given; None where a function takes any name."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind == inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return None
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    names = [parameter.name for parameter in parameters if parameter.kind in by_name]
    return [name for name in names if name != "self"]


def suggest_arguments(function: Function) -> Function:
    """A decorator: the error about a misspelt argument names the nearest that there is.

    Nothing else changes, and ``inspect.signature`` shows the function as it was.

    Example:
        >>> @suggest_arguments
        ... def carve(size=9): ...
        >>> carve(sise=5)
        Traceback (most recent call last):
        ...
        TypeError: arguments of carve must be among 'size', got 'sise'; did you mean 'size'?
    """
    allowed = arguments_of(function)
    if allowed is None:
        return function
    known = frozenset(allowed)
    owner = function.__qualname__.removesuffix(".__init__")

    @functools.wraps(function)
    def checked(*arguments: Any, **named: Any) -> Any:
        if not known.issuperset(named):
            check_arguments(owner, named, allowed)
        return function(*arguments, **named)

    return cast(Function, checked)


def check_choice(name: str, value: object, allowed: Sequence[str]) -> str:
    """Return ``value`` if it is one of the strings ``allowed``.

    Raises:
        ValueError: If it is anything else; it names the nearest of them.
    """
    if not isinstance(value, str) or value not in allowed:
        words = ", ".join(map(repr, allowed))
        message = f"{name} must be one of {words}, got {value!r}"
        raise ValueError(message + suggestion(value, allowed))
    return value


def check_integer(name: str, value: Any, low: int, high: int) -> int:
    """Return ``value`` as an ``int`` if it is a whole number from ``low`` to ``high``.

    Raises:
        TypeError: If it is not an integer (a NumPy integer will do, a bool will not).
        ValueError: If it is out of range.
    """
    try:
        integer = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        integer = None
    if integer is None or not low <= integer <= high:
        message = f"{name} must be an integer in [{low}, {high}], got {value!r}"
        raise TypeError(message) if integer is None else ValueError(message)
    return integer


def check_number(name: str, value: Any, low: float, high: float = math.inf) -> float:
    """Return ``value`` as a ``float`` if it is a finite number from ``low`` to ``high``.

    Raises:
        TypeError: If it is not a real number.
        ValueError: If it is out of range or not finite.
    """
    allowed = f"of at least {low:g}" if high == math.inf else f"in [{low:g}, {high:g}]"
    message = f"{name} must be a number {allowed}, got {value!r}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(message)
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        number = math.inf
    if not math.isfinite(number) or not low <= number <= high:
        raise ValueError(message)
    return number


def check_answers(answers: Any, shape: tuple[int, ...], name: str = "answer") -> np.ndarray:
    """Check submitted answers and return them as uint8 of 0 and 1.

    Right is what ``gymnasium.spaces.MultiBinary(shape)`` contains: arrays and sequences of 0 and 1
    as bools, integers, floats or objects.

    Args:
        answers: What was submitted.
        shape: The shape it must have.
        name: What they are called in errors.

    Raises:
        ValueError: If the shape is another one, or there are other values than 0 and 1.
        TypeError: If it is no array and no sequence, or it holds no numbers.
    """
    answers = as_array(answers, shape, name)
    if answers.dtype.kind in "biu":
        # Bools are right, and of unsigned integers none is negative.
        is_negative = answers.dtype.kind == "i" and answers.min(initial=0) < 0
        if is_negative or answers.dtype.kind != "b" and answers.max(initial=0) > 1:
            raise ValueError(f"{name} must hold 0 and 1 alone, got other values")
        return np.ascontiguousarray(answers, np.uint8)
    try:
        ones, zeros = answers == 1, answers == 0
        is_right = bool(np.all(np.logical_or(ones, zeros)))
    except (ValueError, TypeError):  # such as from an array of arrays
        is_right = False
    if not is_right:
        if answers.dtype.kind not in "fcO":
            raise TypeError(f"{name} must hold numbers, 0 or 1, got {answers.dtype}")
        raise ValueError(f"{name} must hold 0 and 1 alone, got other values")
    return np.ascontiguousarray(ones, np.uint8)


def as_array(value: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    """An array as it is, or a sequence as an array: what a space looks at.

    Raises:
        ValueError: If it has another shape than ``shape``.
        TypeError: If it is neither.
    """
    if isinstance(value, Sequence):
        try:
            value = np.array(value)
        except ValueError:
            raise ValueError(
                f"{name} must have shape {shape}, got a list of unequal lists"
            ) from None
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be an array or a list, got {type(value).__name__}")
    if value.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {value.shape}")
    return value
