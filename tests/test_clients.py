"""Other people's wrappers, recorders, checkers and vector environments."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_match import check_environments_match
from gymnasium.vector import AsyncVectorEnv
from gymnasium.wrappers import FlattenObservation, RecordEpisodeStatistics, RecordVideo, TimeLimit
from gymnasium.wrappers.vector import RecordEpisodeStatistics as RecordVectorStatistics

ENVIRONMENTS = [
    ("Maze-v0", {"size": 5}),
    ("Maze-v0", {"size": 5, "observation": "rgb"}),
    ("MazeWalk-v0", {"size": 5}),
    ("MazeWalk-v0", {"size": 5, "observation": "rgb"}),
    ("PrefixSum-v0", {"bits": 10}),
    ("ChessPuzzle-v0", {}),
    ("ChessPuzzle-v0", {"answer": "first_move"}),
    ("ChessPuzzle-v0", {"answer": "squares"}),
]
IDS = [f"{name}-{'-'.join(map(str, options.values()))}" for name, options in ENVIRONMENTS]
every_environment = pytest.mark.parametrize(("name", "options"), ENVIRONMENTS, ids=IDS)


def play(env: gym.Env, episodes: int) -> list[dict]:
    """Play at random; the infos of the last steps."""
    env.action_space.seed(0)
    last = []
    env.reset(seed=0)
    while len(last) < episodes:
        _, _, terminated, truncated, info = env.step(env.action_space.sample())
        if terminated or truncated:
            last.append(info)
            env.reset()
    return last


@every_environment
def test_two_of_them_match(name, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_environments_match(
            gym.make(name, **options).unwrapped, gym.make(name, **options).unwrapped, num_steps=60
        )


@every_environment
def test_episodes_are_counted_and_cut(name, options):
    env = RecordEpisodeStatistics(TimeLimit(gym.make(name, **options), max_episode_steps=3))
    for info in play(env, 5):
        assert 1 <= info["episode"]["l"] <= 3
        assert -1 <= info["episode"]["r"] <= 1


@every_environment
def test_episodes_of_the_vector_environment_are_counted(name, options):
    env = RecordVectorStatistics(gym.make_vec(name, num_envs=3, **options))
    env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(40):
        env.step(env.action_space.sample())
    assert env.episode_count > 0 and min(env.length_queue) >= 1


@every_environment
def test_a_video_is_recorded(name, options, tmp_path):
    env = RecordVideo(
        gym.make(name, render_mode="rgb_array", **options),
        str(tmp_path),
        episode_trigger=lambda episode: episode == 0,
        disable_logger=True,
    )
    play(env, 2)
    env.close()
    (video,) = tmp_path.glob("*.mp4")
    assert video.stat().st_size > 1000


@every_environment
def test_observations_are_flattened(name, options):
    env = FlattenObservation(gym.make(name, **options))
    observation, _ = env.reset(seed=0)
    assert observation.ndim == 1 and observation in env.observation_space


@every_environment
def test_environments_in_other_processes_give_the_same(name, options):
    ours = gym.make_vec(name, num_envs=2, autoreset_mode="SameStep", **options)
    # Fresh processes have not imported the package, so the id has to name it.
    theirs = AsyncVectorEnv(
        [lambda: gym.make(f"thinkenv:{name}", **options)] * 2,
        autoreset_mode="SameStep",
        context="spawn",
    )
    try:
        assert np.array_equal(ours.reset(seed=4)[0], theirs.reset(seed=4)[0])
        ours.action_space.seed(0)
        for _ in range(10):
            actions = ours.action_space.sample()
            result, other = ours.step(actions), theirs.step(actions)
            for ours_now, theirs_now in zip(result[:4], other[:4], strict=True):
                assert np.array_equal(ours_now, theirs_now)
    finally:
        theirs.close()


@every_environment
def test_stable_baselines_accepts_it(name, options):
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Advice for its own policies, which take small boards for odd vectors or for photographs.
        for advice in ("unconventional shape", "image", "[Cc]nn"):
            warnings.filterwarnings("ignore", f".*{advice}", UserWarning)
        checker.check_env(gym.make(name, **options), skip_render_check=True)
