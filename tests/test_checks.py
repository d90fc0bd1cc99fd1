"""Checks of arguments: the nearest right word is named; answers are what a space contains."""

import inspect

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from thinkenv import make_task, mazes, prefix_sums
from thinkenv.checks import check_answers, check_choice, suggest_arguments, suggestion

WORDS = ("size", "split", "SameStep", "hunt_and_kill")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sise", "size"),
        ("SIZE", "size"),
        ("spilt", "split"),
        ("same_step", "SameStep"),
        ("hunt-and-kill", "hunt_and_kill"),
        ("colour", None),
        ("", None),
        (3, None),
        (None, None),
        ("size" * 1000, None),
    ],
)
def test_the_nearest_word_is_suggested(given, meant):
    assert suggestion(given, WORDS) == (f"; did you mean {meant!r}?" if meant else "")


def test_a_misspelt_choice_is_named_with_what_is_allowed_and_what_was_meant():
    words = "endpoints must be one of 'any', 'corners', got 'corner'; did you mean 'corners'?"
    with pytest.raises(ValueError, match=f"^{words.replace('?', '.')}$"):
        check_choice("endpoints", "corner", ("any", "corners"))


def test_a_function_with_suggestions_is_otherwise_as_it_was():
    def carve(size: int, *, loops: float = 0.5) -> tuple[int, float]:
        """Carve."""
        return size, loops

    checked = suggest_arguments(carve)
    assert inspect.signature(checked) == inspect.signature(carve)
    assert (checked.__doc__, checked.__name__) == ("Carve.", "carve")
    assert checked(3) == (3, 0.5) and checked(size=3, loops=1) == (3, 1)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'size'"):
        checked()
    with pytest.raises(TypeError, match="got multiple values for argument 'size'"):
        checked(3, size=3)
    with pytest.raises(TypeError, match="among 'size', 'loops', got 'loop'; did you mean 'loops'"):
        checked(3, loop=1)

    def open_to_all(**named: int) -> int:
        return len(named)

    assert suggest_arguments(open_to_all)(anything=1) == 1


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: mazes.generate(size=5, count=1, endpoint="corners"), "endpoints"),
        (lambda: prefix_sums.generate(bit=9, count=1), "bits"),
        (lambda: make_task("maze", sise=9), "size"),
        (lambda: make_task("prefix_sum", splitt="test"), "split"),
        (lambda: make_task("prefix_sums"), "prefix_sum"),
        (lambda: make_task("maze", split="tets"), "test"),
    ],
)
def test_misspelt_words_are_named_all_over_the_package(call, meant):
    with pytest.raises((TypeError, ValueError), match=f"did you mean '{meant}'"):
        call()


KINDS = st.sampled_from([bool, "i1", "u1", "i8", "u8", "f2", "f8", complex, object, "U1", "S1"])


@given(
    st.tuples(
        KINDS,
        st.sampled_from([(2, 3), (2, 3), (3,), (2, 3, 1)]),
        st.sampled_from([1, 1, 2, 0.5, -1, np.nan]),
        st.booleans(),
        st.integers(0, 100),
    )
)
def test_answers_are_taken_exactly_where_a_space_contains_them(drawn):
    kind, shape, highest, as_list, seed = drawn
    with np.errstate(invalid="ignore"):
        values = (np.random.default_rng(seed).integers(0, 2, shape) * highest).astype(kind)
    answers = values.tolist() if as_list else values
    if spaces.MultiBinary((2, 3)).contains(answers):
        checked = check_answers(answers, (2, 3))
        assert checked.dtype == np.uint8 and np.array_equal(checked, values == 1)
    else:
        with pytest.raises((ValueError, TypeError), match="answer must h"):
            check_answers(answers, (2, 3))
