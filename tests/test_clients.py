"""Other people's wrappers, recorders, checkers, vector environments and learners."""

import re
import warnings
from pathlib import Path

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


# Every environment of the package, in its forms; one that is not named here has its defaults.
REGISTERED = sorted(
    name for name, spec in gym.registry.items() if str(spec.entry_point).startswith("thinkenv.")
)
FORMS = {
    "Maze-v0": [
        {"size": 5},
        {"size": 5, "reward": "cells"},
        {"size": 5, "observation": "planes"},
        {"size": 5, "observation": "rgb"},
    ],
    "MazeWalk-v0": [{"size": 5}, {"size": 5, "observation": "planes"}],
    "PrefixSum-v0": [{"bits": 8}, {"bits": 8, "reward": "cells"}],
    "ChessPuzzle-v0": [{}, {"answer": "first_move"}, {"answer": "squares"}],
}
LEARNED = [(name, options) for name in REGISTERED for options in FORMS.get(name, [{}])]
every_registered = pytest.mark.parametrize(
    ("name", "options"), LEARNED, ids=[f"{name}-{options}" for name, options in LEARNED]
)


@pytest.fixture(scope="module")
def flat():
    """The function of the documentation that shows the board of an answer as one row."""
    page = Path(__file__).parents[1] / "docs" / "clients.md"
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    (block,) = [block for block in blocks if "\ndef flat(" in block]
    names: dict = {}
    exec(block, names)
    return names["flat"]


def test_all_environments_are_found():
    assert {"Maze-v0", "MazeWalk-v0", "ChessPuzzle-v0", "PrefixSum-v0"} <= set(REGISTERED)


@every_registered
def test_ppo_trains_on_every_registered_environment(name, options, flat):
    stable_baselines = pytest.importorskip("stable_baselines3")
    env = flat(gym.make(name, **options))
    model = stable_baselines.PPO(
        "MlpPolicy", env, n_steps=64, batch_size=64, n_epochs=1, device="cpu", seed=0
    )
    before = [weights.detach().clone() for weights in model.policy.parameters()]
    model.learn(128)
    assert model.num_timesteps == 128
    after = model.policy.parameters()
    assert any((old != new).any() for old, new in zip(before, after, strict=True))
    returns = [episode["r"] for episode in model.ep_info_buffer]
    assert returns and all(-1 <= value <= 1 for value in returns)


@every_registered
def test_maskable_ppo_trains_on_every_registered_environment(name, options, flat):
    contrib = pytest.importorskip("sb3_contrib")
    env = flat(gym.make(name, **options))
    model = contrib.MaskablePPO(
        "MlpPolicy", env, n_steps=64, batch_size=64, n_epochs=1, device="cpu", seed=0
    )
    model.learn(64)
    assert model.num_timesteps == 64


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_returns_of_a_vector_environment_are_those_of_each_episode(mode):
    envs = RecordVectorStatistics(
        gym.make_vec("PrefixSum-v0", num_envs=3, bits=8, autoreset_mode=mode)
    )
    strings, _ = envs.reset(seed=0)
    for _ in range(6):
        strings, *_ = envs.step(np.cumsum(strings, axis=1) % 2)
    episodes = 18 if mode == "SameStep" else 9
    assert list(envs.return_queue) == [1.0] * episodes
    assert list(envs.length_queue) == [1] * episodes
