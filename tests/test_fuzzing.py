"""Arguments and answers of every kind: a valid episode, or an error that names what is wrong.

A few thousand are tried in every run. For 200,000:

    python -m pytest tests/test_fuzzing.py --hypothesis-profile=thorough
"""

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import thinkenv  # noqa: F401  (registers the environments)

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 70),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.binary(max_size=3),
    st.lists(st.integers(-2, 3000), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
    st.sampled_from([np.int64(9), np.float64(0.5), np.array(7), np.array([1, 2]), object(), ...]),
)


def some(*allowed) -> st.SearchStrategy:
    """Mostly allowed values, sometimes anything."""
    return st.one_of(st.sampled_from(allowed), st.sampled_from(allowed), JUNK)


# Gymnasium looks at this one first: it asks for a string, and formats a warning with it.
RENDER_MODES = st.sampled_from(["rgb_array", "ansi", None, "svg", ""])
SPLITS = ("train", "validation", "test", "extrapolation", "all")
MAZES = {
    "size": some(5, 7, 9, 13, np.int32(11)),
    "split": some(*SPLITS),
    "generator": some("dfs", "wilson", "kruskal", "prim", "recursive_division", "hunt_and_kill"),
    "loops": some(0.0, 0.1, 1, np.float32(0.5)),
    "endpoints": some("any", "dead_ends", "corners", "farthest"),
    "observation": some("grid", "rgb"),
    "render_mode": RENDER_MODES,
}
ARGUMENTS = {
    "Maze-v0": MAZES | {"reward": some("exact", "cells")},
    "MazeWalk-v0": MAZES,
    "PrefixSum-v0": {
        "bits": some(8, 32, 100, 513),
        "split": some(*SPLITS),
        "reward": some("exact", "cells"),
        "render_mode": RENDER_MODES,
    },
    "ChessPuzzle-v0": {
        "database": some("bundled"),
        "split": some(*SPLITS),
        "rating": some(None, [400, 3000], (1000, 1400)),
        "themes": some(None, [], ["mateIn1"], ["fork", "endgame"]),
        "answer": some("line", "first_move", "squares"),
        "render_mode": RENDER_MODES,
    },
}
OPTIONS = st.one_of(
    st.none(),
    JUNK,
    st.fixed_dictionaries({"instance": some(0, 17, 2**63 - 1)}),
    st.fixed_dictionaries({"reset_mask": some(np.array([True, False]), np.ones(2, bool))}),
)


def arrays(shape: tuple[int, ...]) -> st.SearchStrategy:
    """Answers of that shape or nearly, of all kinds of numbers."""
    shapes = st.sampled_from([shape, shape, shape, (*shape, 1), shape[1:], (2, *shape)])
    kinds = st.sampled_from([np.int8, np.uint8, np.int64, np.float64, bool, object, "U1"])
    highest = st.sampled_from([2, 2, 3, 2000])
    return st.builds(
        lambda shape, kind, high, seed: (
            np.random.default_rng(seed).integers(high, size=shape).astype(kind)
        ),
        shapes,
        kinds,
        highest,
        st.integers(0, 1000),
    )


def attempt(names: list[str], function, *arguments, **options):
    """The result, or None after an error that names what is wrong."""
    try:
        return function(*arguments, **options)
    except (ValueError, TypeError) as error:
        assert any(name in str(error) for name in names), f"{error!r} names none of {names}"
        return None


def play(data: st.DataObject, env, names: list[str]) -> None:
    """Reset, answer a few times, render.

    Some combinations of arguments leave no problem in a split (all walls of a maze open, say),
    which is found out when one is drawn; errors may name any of them.
    """
    asked = {"seed": data.draw(some(None, 0, [1, 2])), "options": data.draw(OPTIONS)}
    shown = attempt(["seed", "options", *names], env.reset, **asked)
    if shown is None and attempt(names, env.reset, seed=0) is None:
        return
    env.action_space.seed(data.draw(st.integers(0, 1000)))
    for _ in range(3):
        shape = env.action_space.shape or ()
        action = data.draw(st.one_of(st.just(env.action_space.sample()), arrays(shape), JUNK))
        result = attempt(["action", "answer", *names], env.step, action)
        if result is not None:
            observation, reward, terminated, truncated, _ = result
            assert observation in env.observation_space
            assert np.all((np.asarray(reward) >= -1) & (np.asarray(reward) <= 1))
            if env.render_mode is not None:
                assert env.render() is not None
            if np.any(terminated | truncated) and attempt(names, env.reset) is None:
                return
    env.close()


@pytest.mark.parametrize("name", ARGUMENTS)
@given(data=st.data())
def test_single_environments(name, data):
    chosen = data.draw(st.fixed_dictionaries({}, optional=ARGUMENTS[name]))
    env = attempt(list(chosen), gym.make, name, disable_env_checker=True, **chosen)
    if env is not None:
        play(data, env, list(chosen))


@pytest.mark.parametrize("name", ARGUMENTS)
@given(data=st.data())
def test_vector_environments(name, data):
    arguments = ARGUMENTS[name] | {"autoreset_mode": some("SameStep", "NextStep", "Disabled")}
    chosen = data.draw(st.fixed_dictionaries({}, optional=arguments))
    num_envs = data.draw(some(1, 2, 3))
    if isinstance(num_envs, int) and num_envs > 1000:
        num_envs = -1  # a million environments are allowed, and take their time
    env = attempt(["num_envs", *chosen], gym.make_vec, name, num_envs=num_envs, **chosen)
    if env is not None:
        play(data, env, list(chosen))
