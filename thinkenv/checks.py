"""Checks of arguments, with errors that name the argument, its value and what is allowed."""

import math
import numbers
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np


def check_choice(name: str, value: object, allowed: Sequence[str]) -> str:
    """Return ``value`` if it is one of the strings ``allowed``.

    Raises:
        ValueError: If it is anything else.
    """
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
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


def check_answers(answers: np.ndarray, shape: tuple[int, ...], name: str = "answer") -> np.ndarray:
    """Check submitted answers and return them as uint8 of 0 and 1.

    Args:
        answers: bool or integer array of 0 and 1.
        shape: The shape it must have.
        name: What they are called in errors.

    Raises:
        ValueError: If the shape is another one, or there are other values than 0 and 1.
        TypeError: If it holds neither integers nor bools.
    """
    answers = np.asarray(answers)
    if answers.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {answers.shape}")
    if answers.dtype.kind not in "biu":
        raise TypeError(f"{name} must hold bools or integers, 0 or 1, got {answers.dtype}")
    if answers.dtype.kind != "b" and answers.size and (answers.min() < 0 or answers.max() > 1):
        raise ValueError(f"{name} must hold 0 and 1 alone, got other values")
    return np.ascontiguousarray(answers, np.uint8)
