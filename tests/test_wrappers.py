"""The anytime wrapper: thinking costs, and the last answer counts."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import thinkenv
from thinkenv.wrappers import Anytime

ENVIRONMENTS = [
    ("Maze-v0", {"size": 5}),
    ("PrefixSum-v0", {"bits": 8}),
    ("ChessPuzzle-v0", {"answer": "squares"}),
]


def wrapped(most_steps: int = 4, cost: float = 0.25) -> tuple[Anytime, np.ndarray]:
    env = Anytime(gym.make("PrefixSum-v0", bits=16), cost, most_steps)
    bits, _ = env.reset(seed=3)
    return env, np.cumsum(bits) % 2


@pytest.mark.parametrize(("name", "options"), ENVIRONMENTS)
def test_passes_the_checker_of_gymnasium_without_a_warning(name, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # The checker advises against wrappers, but this one is what is to be checked.
        warnings.filterwarnings("ignore", message=".*different from the unwrapped version.*")
        check_env(Anytime(gym.make(name, **options).unwrapped, most_steps=3))


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
    env, right = wrapped(most_steps=2)
    assert not env.step({"answer": 1 - right, "done": 0})[2]
    _, reward, terminated, _, _ = env.step({"answer": right, "done": 0})
    assert (reward, terminated) == (0.75, True)
    with pytest.raises(gym.error.ResetNeeded):
        env.step({"answer": right, "done": 0})


def test_a_refused_answer_is_no_step():
    env, right = wrapped(most_steps=2)
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
        ({"answer": np.zeros(16, np.int8), "done": 2}, ValueError, "done=2"),
        ({"answer": np.zeros(15, np.int8), "done": 1}, ValueError, "shape"),
        ({"answer": np.zeros(15, np.int8), "done": 0}, ValueError, "answer"),
        ({"answer": "junk", "done": 0}, ValueError, "answer"),
        ({"answer": np.zeros(16, np.int8), "done": None}, TypeError, "done=None"),
    ],
)
def test_wrong_actions_are_named(action, error, words):
    env, _ = wrapped()
    with pytest.raises(error, match=words):
        env.step(action)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"cost": -1}, ValueError, "cost=-1"),
        ({"cost": "much"}, TypeError, "cost='much'"),
        ({"cost": 10**400}, ValueError, "cost=1000"),
        ({"cost": float("nan")}, ValueError, "cost=nan"),
        ({"most_steps": 0}, ValueError, "most_steps=0"),
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
    assert isinstance(restored, Anytime) and (restored.most_steps, restored.cost) == (4, 0.5)
