"""Wrappers: thinking costs and the last answer counts; cells are shown as planes."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import examples.flood_fill  # noqa: F401  (registers FloodFill-v0)
import thinkenv
from thinkenv.wrappers import Anytime, OneHot

ENVIRONMENTS = [
    ("Maze-v0", {"size": 5}),
    ("PrefixSum-v0", {"bits": 8}),
    ("ChessPuzzle-v0", {"answer": "squares"}),
]


def wrapped(max_steps: int = 4, cost: float = 0.25) -> tuple[Anytime, np.ndarray]:
    env = Anytime(gym.make("PrefixSum-v0", bits=16), cost, max_steps)
    bits, _ = env.reset(seed=3)
    return env, np.cumsum(bits) % 2


@pytest.mark.parametrize(("name", "options"), ENVIRONMENTS)
def test_passes_the_checker_of_gymnasium_without_a_warning(name, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # The checker advises against wrappers, but this one is what is to be checked.
        warnings.filterwarnings("ignore", message=".*different from the unwrapped version.*")
        check_env(Anytime(gym.make(name, **options).unwrapped, max_steps=3))


def test_every_step_costs_and_the_final_answer_earns():
    env, right = wrapped()
    earned = []
    for done in (0, 0, 1):
        observation, reward, terminated, truncated, info = env.step(
            {"answer": right if done else 1 - right, "done": done}
        )
        earned.append(reward)
        assert terminated == bool(done) and not truncated
    assert earned == [-0.25, -0.25, 0.75]
    assert info["solved"] and info["thinking_steps"] == 3


def test_a_wrong_final_answer_only_costs():
    env, right = wrapped()
    _, reward, terminated, _, info = env.step({"answer": 1 - right, "done": 1})
    assert (reward, terminated, info["solved"]) == (-0.25, True, False)


def test_the_answer_of_the_last_step_counts_whether_or_not_the_agent_is_done():
    env, right = wrapped(max_steps=2)
    assert not env.step({"answer": 1 - right, "done": 0})[2]
    _, reward, terminated, _, _ = env.step({"answer": right, "done": 0})
    assert (reward, terminated) == (0.75, True)
    with pytest.raises(gym.error.ResetNeeded):
        env.step({"answer": right, "done": 0})


def test_a_refused_answer_is_no_step():
    env, right = wrapped(max_steps=2)
    env.step({"answer": right, "done": False})
    for done in (True, False):
        with pytest.raises(ValueError, match="shape"):
            env.step({"answer": right[1:], "done": done})
    _, reward, terminated, _, info = env.step({"answer": right, "done": True})
    assert (reward, terminated, info["thinking_steps"]) == (0.75, True, 2)


def test_the_same_problem_is_shown_until_the_end():
    env, right = wrapped()
    bits, _ = env.reset(options={"instance": 5})
    bits[:] = 0  # what the agent does with its copy is its own affair
    shown = env.step({"answer": right, "done": 0})[0]
    assert np.array_equal(shown, thinkenv.prefix_sums.generate(16, instances=[5]).bits[0])


@pytest.mark.parametrize(
    ("action", "error", "words"),
    [
        (1, TypeError, "dict"),
        ({"answer": np.zeros(16, np.int8)}, ValueError, "keys"),
        ({"answer": np.zeros(16, np.int8), "done": 2}, ValueError, "done must be .*, got 2"),
        ({"answer": np.zeros(15, np.int8), "done": 1}, ValueError, "shape"),
        ({"answer": np.zeros(15, np.int8), "done": 0}, ValueError, "answer"),
        ({"answer": "junk", "done": 0}, ValueError, "answer"),
        ({"answer": np.zeros(16, np.int8), "done": None}, TypeError, "done must be .*, got None"),
    ],
)
def test_wrong_actions_are_named(action, error, words):
    env, _ = wrapped()
    with pytest.raises(error, match=words):
        env.step(action)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"cost": -1}, ValueError, "cost must be a number of at least 0, got -1"),
        ({"cost": "much"}, TypeError, "cost must be .*, got 'much'"),
        ({"cost": 10**400}, ValueError, "cost must be .*, got 1000"),
        ({"cost": float("nan")}, ValueError, "cost must be .*, got nan"),
        ({"max_steps": 0}, ValueError, "max_steps must be an integer in .*, got 0"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, words):
    with pytest.raises(error, match=words):
        Anytime(gym.make("PrefixSum-v0"), **arguments)


@pytest.mark.parametrize("name", ["MazeWalk-v0", "ChessPuzzle-v0", "CartPole-v1"])
def test_environments_of_many_answers_are_refused(name):
    with pytest.raises(ValueError, match="one answer"):
        Anytime(gym.make(name))


def test_spec_survives_json():
    env, _ = wrapped(cost=np.float32(0.5))
    restored = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert isinstance(restored, Anytime) and (restored.max_steps, restored.cost) == (4, 0.5)


def test_the_old_name_of_the_number_of_steps_works_with_a_warning():
    with pytest.warns(DeprecationWarning, match="max_steps"):
        env = Anytime(gym.make("PrefixSum-v0"), most_steps=7)
    assert env.max_steps == 7


@pytest.mark.parametrize(
    ("name", "options", "codes"),
    [
        ("Maze-v0", {"size": 5}, 4),
        ("MazeWalk-v0", {"size": 5}, 5),
        ("PrefixSum-v0", {"bits": 8}, 2),
        ("FloodFill-v0", {"size": 4}, 3),
    ],
)
def test_cells_are_shown_as_planes(name, options, codes):
    plain, planar = gym.make(name, **options), OneHot(gym.make(name, **options))
    cells, _ = plain.reset(seed=2)
    planes, _ = planar.reset(seed=2)
    assert planes.shape == (*cells.shape, codes) and planes in planar.observation_space
    for code in range(codes):
        assert np.array_equal(planes[..., code] == 1, cells == code)
    assert np.array_equal(planes.sum(axis=-1), np.ones(cells.shape))
    action = plain.action_space.sample()
    assert np.array_equal(planar.step(action)[0].argmax(axis=-1), plain.step(action)[0])


def test_planes_pass_the_checker_of_gymnasium_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*different from the unwrapped version.*")
        check_env(OneHot(gym.make("MazeWalk-v0", size=5).unwrapped))


def test_the_spec_of_planes_survives_json():
    env = OneHot(gym.make("MazeWalk-v0", size=5))
    restored = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert isinstance(restored, OneHot)
    assert np.array_equal(restored.reset(seed=1)[0], env.reset(seed=1)[0])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Maze-v0", {"observation": "rgb"}),
        ("ChessPuzzle-v0", {}),
        ("CartPole-v1", {}),
    ],
)
def test_what_are_no_cell_codes_is_refused(name, options):
    with pytest.raises(ValueError, match="env must show cell codes on a board or a string, got"):
        OneHot(gym.make(name, **options))
