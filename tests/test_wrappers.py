"""Wrappers: thinking costs, and the last answer counts; cells as planes; masks to be seen."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import examples.flood_fill  # noqa: F401  (registers FloodFill-v0)
import thinkenv
from thinkenv.wrappers import Anytime, MaskInObservation, OneHot, VectorMaskInObservation

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
        ({"answer": [[0], [0, 1]], "done": 0}, ValueError, "answer"),
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


MASKED = [("MazeWalk-v0", {"size": 5}), ("ChessPuzzle-v0", {})]


@pytest.mark.parametrize(("name", "options"), MASKED)
def test_masks_beside_observations_are_those_of_the_infos(name, options):
    plain, masked = gym.make(name, **options), MaskInObservation(gym.make(name, **options))
    (observation, info), (seen, _) = plain.reset(seed=1), masked.reset(seed=1)
    over = False
    while not over:
        assert seen in masked.observation_space
        assert np.array_equal(seen["observation"], observation)
        assert np.array_equal(seen["action_mask"], info["action_mask"])
        action = masked.action_space.sample(seen["action_mask"])
        observation, _, terminated, truncated, info = plain.step(action)
        seen = masked.step(action)[0]
        over = terminated or truncated
    assert np.array_equal(seen["action_mask"], info["action_mask"]) and seen["action_mask"].any()
    assert masked.get_wrapper_attr("action_masks")().any()


def test_masks_beside_observations_pass_the_checker_of_gymnasium_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*different from the unwrapped version.*")
        check_env(MaskInObservation(gym.make("MazeWalk-v0", size=5).unwrapped))


def test_the_spec_of_masks_survives_json():
    env = MaskInObservation(gym.make("MazeWalk-v0", size=5), "obs", "mask")
    restored = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert set(restored.reset(seed=1)[0]) == {"mask", "obs"}
    assert np.array_equal(restored.reset(seed=1)[0]["mask"], env.reset(seed=1)[0]["mask"])


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize(("name", "options"), MASKED)
def test_masks_of_a_vector_are_those_of_single_environments(name, options, mode):
    def make_one() -> gym.Env:
        return MaskInObservation(gym.make(name, **options))

    ours = VectorMaskInObservation(gym.make_vec(name, num_envs=3, autoreset_mode=mode, **options))
    theirs = SyncVectorEnv([make_one] * 3, autoreset_mode=mode)
    rows = VectorMaskInObservation(
        SyncVectorEnv([lambda: gym.make(name, **options)] * 3, autoreset_mode=mode)
    )
    assert ours.observation_space == theirs.observation_space
    seen = [env.reset(seed=4)[0] for env in (ours, theirs, rows)]
    random = np.random.default_rng(0)
    for _ in range(60):
        masks = seen[0]["action_mask"]
        assert masks.any(axis=1).all() and seen[0] in ours.observation_space
        for other in seen[1:]:
            assert data_equivalence(dict(other), dict(seen[0]), exact=True)
        actions = np.array([random.choice(np.flatnonzero(mask)) for mask in masks])
        results = [env.step(actions) for env in (ours, theirs, rows)]
        seen = [result[0] for result in results]
        ended = results[0][2] | results[0][3]
        if mode == AutoresetMode.SAME_STEP and ended.any():
            final, other = (result[-1]["final_obs"] for result in results[:2])
            for index in np.flatnonzero(ended):
                assert data_equivalence(final[index], dict(other[index]), exact=True)
        if mode == AutoresetMode.DISABLED and ended.any():
            again = [
                env.reset(options={"reset_mask": ended.copy()})[0] for env in (ours, theirs, rows)
            ]
            assert data_equivalence(dict(again[1]), dict(again[0]), exact=True)
            seen = again


@pytest.mark.parametrize(
    ("name", "keys", "error", "words"),
    [
        ("Maze-v0", {}, ValueError, "env must have Discrete actions, got MultiBinary"),
        ("MazeWalk-v0", {"mask_key": 3}, TypeError, "mask_key must be text, got 3"),
        ("MazeWalk-v0", {"mask_key": "observation"}, ValueError, "mask_key must differ"),
    ],
)
def test_what_has_no_masks_is_refused(name, keys, error, words):
    with pytest.raises(error, match=words):
        MaskInObservation(gym.make(name), **keys)
    with pytest.raises(error, match=words):
        VectorMaskInObservation(gym.make_vec(name, num_envs=2), **keys)


def test_an_environment_that_reports_no_masks_is_named():
    with pytest.raises(ValueError, match="env must have masks"):
        MaskInObservation(gym.make("CartPole-v1")).reset()
