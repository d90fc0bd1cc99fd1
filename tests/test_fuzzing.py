"""Arguments and answers of every kind: a valid episode, or an error that names what is wrong.

A few thousand are tried in every run; files are damaged in ``tests/fuzzing``. For 220,000:

    python -m pytest tests/test_fuzzing.py --hypothesis-profile=thorough
"""

from collections import Counter

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import examples.flood_fill  # noqa: F401  (registers FloodFill-v0)
import thinkenv  # noqa: F401  (registers the environments)
from thinkenv import mazes
from thinkenv.mazes.endpoints import ENDPOINTS
from thinkenv.wrappers import Anytime, MaskInObservation, VectorMaskInObservation

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
# Gymnasium looks at this one first: it asks for a string, and formats a warning with it.
JUNK_OF = {"render_mode": st.sampled_from(["svg", ""])}

RENDER_MODES = ("rgb_array", "ansi", None)
SPLITS = ("train", "validation", "test", "extrapolation", "all")
MAZES = {
    "size": (5, 7, 9, 13, np.int32(11)),
    "split": SPLITS,
    "generator": tuple(mazes.GENERATORS),
    "loops": (0.0, 0.1, 1, np.float32(0.5)),
    "endpoints": tuple(ENDPOINTS),
    "removed": (0.3, 0.3, np.float64(0.5)),
    "observation": ("grid", "rgb", "planes"),
    "pixels": (1, 1, 2),
    "new_endpoints": (False, True),
    "render_mode": RENDER_MODES,
}
REWARDS = ("exact", "cells")
ARGUMENTS = {
    "Maze-v0": MAZES | {"reward": REWARDS},
    "MazeWalk-v0": MAZES,
    "PrefixSum-v0": {
        "bits": (8, 32, 100, 513),
        "split": SPLITS,
        "reward": REWARDS,
        "render_mode": RENDER_MODES,
    },
    "ChessPuzzle-v0": {
        "database": ("bundled",),
        "split": SPLITS,
        "rating": (None, [400, 3000], (1000, 1400)),
        "themes": (None, ["mateIn1"], ["fork", "mateIn2"]),
        "answer": ("line", "first_move", "squares"),
        "render_mode": RENDER_MODES,
    },
    # On the base for tasks in plain Python.
    "FloodFill-v0": {
        "size": (3, 6, np.int64(9)),
        "split": SPLITS,
        "reward": REWARDS,
        "render_mode": RENDER_MODES,
    },
}
# Some combinations of allowed arguments leave no problem in a split: all walls of a maze open, say.
# Some are not of one generator of mazes.
EMPTY = (
    "is empty or too rare",
    "no puzzle of",
    "observation must be 'rgb' where pixels",
    "loops must be 0 with generator",
    "removed must be left out with generator",
    "endpoints must be others",
)
INSTANCES = (0, 17, 2**63 - 1)


@pytest.fixture
def counts():
    """How many examples there were, and accepted steps: a fuzzer that is always refused is none."""
    counts = Counter()
    yield counts
    assert counts["steps"] >= counts["examples"]
    assert counts["refused"] >= counts["examples"] / 20


def choose(data: st.DataObject, allowed: dict[str, tuple]) -> tuple[dict, list[str]]:
    """Some of the allowed arguments, of which at most one is anything; and the name of that one."""
    chosen = data.draw(
        st.fixed_dictionaries(
            {}, optional={name: st.sampled_from(values) for name, values in allowed.items()}
        )
    )
    wrong = data.draw(st.sampled_from([None] * len(allowed) + list(allowed)))
    if wrong is None:
        return chosen, []
    junk = data.draw(JUNK_OF.get(wrong, JUNK))
    if wrong in ("num_envs", "size") and isinstance(junk, int) and 70 < junk < 10**10:
        junk += 10**10  # thousands are allowed, and take their time
    return chosen | {wrong: junk}, [wrong]


def attempt(counts: Counter, named: list[str], function, *arguments, **options):
    """The result, or None after an error that names what is wrong."""
    try:
        return function(*arguments, **options)
    except (ValueError, TypeError) as error:
        allowed = (*named, *EMPTY)
        assert any(name in str(error) for name in allowed), f"{error!r} names none of {allowed}"
        counts["refused"] += 1
        return None


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


def reset_options(data: st.DataObject, env) -> tuple[dict, list[str]]:
    """Options of reset, for all sub-environments or for each, of which at most one is anything."""
    allowed: dict[str, tuple] = {"instance": INSTANCES}
    if "size" in env.dynamics.reset_options:
        allowed["size"] = (7, env.task.size)
    num_envs = getattr(env, "num_envs", None)
    if num_envs is not None:
        allowed = {name: (*values, list(values)[:num_envs]) for name, values in allowed.items()}
        allowed["reset_mask"] = (np.ones(num_envs, bool), np.arange(2) > 0, None)
    options, wrong = choose(data, allowed)
    if data.draw(st.integers(0, 9)) == 0:
        return options | {data.draw(st.text(max_size=8)): 1}, ["options must have no key but"]
    named = ["size", *wrong] if "size" in options else wrong  # even, or above the environment's
    return options, [f"options[{name!r}]" for name in (*named, "instance")]


def play(data: st.DataObject, env, counts: Counter) -> None:
    """Reset, answer a few times, render."""
    num_envs = getattr(env, "num_envs", None)
    arguments, wrong = choose(data, {"seed": (None, 0, 2**70), "options": (None, {})})
    if not wrong:
        arguments["options"], wrong = reset_options(data, env.unwrapped)
    if attempt(counts, [*wrong, "options['reset_mask']"], env.reset, **arguments) is None:
        if attempt(counts, [], env.reset, seed=0) is None:
            return
    env.action_space.seed(data.draw(st.integers(0, 1000)))
    shape = getattr(env.action_space, "shape", None) or ()
    for _ in range(4):
        is_wrong = data.draw(st.sampled_from([False, False, True]))
        action = (
            data.draw(st.one_of(arrays(shape), JUNK)) if is_wrong else env.action_space.sample()
        )
        named = ["action", "answer", "done"] if is_wrong else []
        assert np.any(env.unwrapped.action_masks(), axis=-1).all()
        result = attempt(counts, named, env.step, action)
        if result is None:
            continue
        counts["steps"] += 1
        observation, reward, terminated, truncated, info = result
        assert "action_mask" not in info or np.any(info["action_mask"], axis=-1).all()
        assert observation in env.observation_space
        assert np.all((np.asarray(reward) >= -2) & (np.asarray(reward) <= 1))
        if env.render_mode is not None:
            assert env.render() is not None
        finished = terminated | truncated
        if num_envs is None and finished and attempt(counts, [], env.reset) is None:
            return
        is_disabled = num_envs is not None and env.metadata["autoreset_mode"].value == "Disabled"
        if is_disabled and finished.any():
            attempt(counts, [], env.reset, options={"reset_mask": finished})


@pytest.mark.parametrize("name", ARGUMENTS)
@given(data=st.data())
def test_single_environments(name, counts, data):
    counts["examples"] += 1
    chosen, wrong = choose(data, ARGUMENTS[name])
    env = attempt(counts, wrong, gym.make, name, disable_env_checker=True, **chosen)
    if env is not None:
        play(data, env, counts)
        env.close()


@pytest.mark.parametrize("name", ARGUMENTS)
@given(data=st.data())
def test_vector_environments(name, counts, data):
    counts["examples"] += 1
    modes = ("SameStep", "NextStep", "Disabled")
    allowed = ARGUMENTS[name] | {"num_envs": (1, 2, 3), "autoreset_mode": modes}
    allowed["max_episode_steps"] = (None, -1, 1, 2)
    chosen, wrong = choose(data, allowed)
    env = attempt(counts, wrong, gym.make_vec, name, **chosen)
    if env is not None:
        play(data, env, counts)
        env.close()


@given(data=st.data())
def test_the_anytime_wrapper(counts, data):
    counts["examples"] += 1
    name = data.draw(st.sampled_from(["Maze-v0", "PrefixSum-v0", "FloodFill-v0"]))
    chosen, wrong = choose(data, {"cost": (0, 0.5, np.float32(0.25)), "max_steps": (1, 3)})
    env = attempt(counts, wrong, Anytime, gym.make(name, disable_env_checker=True), **chosen)
    if env is not None and env.cost <= 1:
        play(data, env, counts)


@pytest.mark.parametrize("name", ["MazeWalk-v0", "ChessPuzzle-v0"])
@given(data=st.data())
def test_the_wrappers_with_masks(name, counts, data):
    counts["examples"] += 1
    keys = {"observation_key": ("observation", "obs"), "mask_key": ("action_mask", "mask", "obs")}
    chosen, wrong = choose(data, keys)
    named = ["mask_key", *wrong]
    modes = ("SameStep", "NextStep", "Disabled")
    if data.draw(st.booleans()):
        mode = data.draw(st.sampled_from(modes))
        envs = gym.make_vec(name, num_envs=2, autoreset_mode=mode)
        env = attempt(counts, named, VectorMaskInObservation, envs, **chosen)
    else:
        single = gym.make(name, disable_env_checker=True)
        env = attempt(counts, named, MaskInObservation, single, **chosen)
    if env is not None:
        play(data, env, counts)
