"""What every registered environment owes Gymnasium, whatever its task."""

import json
import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

ENVIRONMENTS = [
    ("Maze-v0", {}),
    ("Maze-v0", {"observation": "rgb"}),
    ("Maze-v0", {"size": 33, "split": "test", "reward": "cells", "endpoints": "dead_ends"}),
    ("Maze-v0", {"size": 7, "split": "all", "loops": 0.3}),
    ("MazeWalk-v0", {"size": 5}),
    ("MazeWalk-v0", {"size": 5, "observation": "rgb", "generator": "wilson"}),
    ("PrefixSum-v0", {}),
    ("PrefixSum-v0", {"bits": 200, "split": "test", "reward": "cells"}),
    ("ChessPuzzle-v0", {}),
    ("ChessPuzzle-v0", {"split": "extrapolation", "answer": "first_move"}),
    ("ChessPuzzle-v0", {"rating": [900, 1400], "themes": ["mateIn1"], "answer": "squares"}),
]
IDS = [f"{name}-{'-'.join(map(str, options.values()))}" for name, options in ENVIRONMENTS]
every_environment = pytest.mark.parametrize(("name", "options"), ENVIRONMENTS, ids=IDS)


def test_the_list_above_names_every_registered_environment():
    ours = {
        spec.id for spec in gym.registry.values() if str(spec.entry_point).startswith("thinkenv.")
    }
    assert ours == {name for name, _ in ENVIRONMENTS}


@every_environment
def test_passes_the_checker_of_gymnasium_without_a_warning(name, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gym.make(name, **options)
        check_env(env.unwrapped)
        env.close()


@every_environment
def test_same_seed_gives_the_same_episodes(name, options):
    first, second = gym.make(name, **options), gym.make(name, **options)
    for seed in (7, None, None):
        assert data_equivalence(first.reset(seed=seed), second.reset(seed=seed), exact=True)
        action = first.action_space.sample()
        assert data_equivalence(first.step(action), second.step(action), exact=True)


@every_environment
def test_spec_survives_json(name, options):
    env = gym.make(name, **options)
    restored = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert json.loads(env.spec.to_json())["kwargs"] == options
    assert data_equivalence(env.reset(seed=3), restored.reset(seed=3), exact=True)


@every_environment
def test_survives_pickling_in_the_middle_of_an_episode(name, options):
    env = gym.make(name, **options)
    env.reset(seed=3)
    copy = pickle.loads(pickle.dumps(env))
    action = env.action_space.sample()
    assert data_equivalence(env.step(action), copy.step(action), exact=True)
    assert data_equivalence(env.reset(), copy.reset(), exact=True)


@every_environment
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_vector_environment_equals_single_ones_in_a_row(name, options, mode):
    num_envs, steps = 4, 300  # more episodes than the vector environment draws numbers ahead
    ours = gym.make_vec(name, num_envs=num_envs, autoreset_mode=mode, **options)
    theirs = SyncVectorEnv([lambda: gym.make(name, **options)] * num_envs, autoreset_mode=mode)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert data_equivalence(ours.reset(seed=5), theirs.reset(seed=5), exact=True)
    ours.action_space.seed(0)
    our_result = None
    for step in range(steps):
        if mode == AutoresetMode.DISABLED and step > 0:
            ended = our_result[2] | our_result[3]
            if ended.any():
                our_reset = ours.reset(options={"reset_mask": ended.copy()})
                their_reset = theirs.reset(options={"reset_mask": ended.copy()})
                assert data_equivalence(our_reset, their_reset, exact=True)
        actions = ours.action_space.sample()
        if step % 2 and actions.ndim > 1:  # right answers too, not only random ones
            actions = ours.unwrapped.dynamics.batch.solutions.astype(actions.dtype)
        our_result, their_result = ours.step(actions), theirs.step(actions)
        assert data_equivalence(our_result, their_result, exact=True)


@every_environment
def test_actions_in_place_of_finished_episodes_are_ignored(name, options):
    envs = gym.make_vec(name, num_envs=3, autoreset_mode=AutoresetMode.NEXT_STEP, **options)
    envs.reset(seed=1)
    actions = envs.action_space.sample()
    finished = np.zeros(3, bool)
    for _ in range(200):
        if finished.any():
            break
        _, _, terminated, truncated, _ = envs.step(actions)
        finished = terminated | truncated
    assert finished.any()
    actions[finished] = 99 if actions.dtype == np.int8 else 99_999
    _, rewards, terminated, truncated, _ = envs.step(actions)
    assert not rewards[finished].any() and not (terminated | truncated)[finished].any()


@every_environment
def test_more_environments_than_memory_are_refused(name, options):
    with pytest.raises(ValueError, match="num_envs=2,147,483,647 problems need"):
        gym.make_vec(name, num_envs=2**31 - 1, **options)


@every_environment
def test_vector_environment_resets_only_what_the_mask_names(name, options):
    ours = gym.make_vec(name, num_envs=3, autoreset_mode=AutoresetMode.DISABLED, **options)
    theirs = SyncVectorEnv(
        [lambda: gym.make(name, **options)] * 3, autoreset_mode=AutoresetMode.DISABLED
    )
    ours.reset(seed=1)
    theirs.reset(seed=1)
    mask = np.array([True, False, True])
    actions = ours.action_space.sample()
    one_step = ours.step(actions)[2].all()
    theirs.step(actions)
    our_result = ours.reset(options={"reset_mask": mask})
    assert data_equivalence(our_result, theirs.reset(options={"reset_mask": mask}), exact=True)
    if one_step:
        with pytest.raises(gym.error.ResetNeeded):
            ours.step(actions)  # the second one was not reset


@every_environment
def test_results_of_earlier_calls_stay_as_they_were(name, options):
    env = gym.make_vec(name, num_envs=2, **options)
    observations, infos = env.reset(seed=0)
    before = observations.copy(), {key: value.copy() for key, value in infos.items()}
    for _ in range(3):
        env.step(env.action_space.sample())
    assert data_equivalence((observations, infos), before, exact=True)


@every_environment
@pytest.mark.parametrize("mode", ["rgb_array", "ansi"])
def test_renders_before_and_after_the_answer(name, options, mode):
    env = gym.make(name, render_mode=mode, **options)
    _, info = env.reset(seed=0)
    asked = env.render()
    env.step(env.action_space.sample(info.get("action_mask")))
    answered = env.render()
    if mode == "ansi":
        assert isinstance(asked, str) and asked != answered
    else:
        assert asked.dtype == np.uint8 and asked.ndim == 3 and asked.shape[2] == 3
        assert asked.shape == answered.shape and not np.array_equal(asked, answered)


def test_works_without_import_by_its_qualified_name():
    assert gym.make("thinkenv:Maze-v0", size=5).reset(seed=0)[0].shape == (7, 7)
