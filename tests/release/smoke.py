"""What must work where only the wheel was installed, without torch: run by ``check.py``.

Prints, as JSON, a digest of the first problems of every suite, to be compared between Pythons.
"""

import hashlib
import importlib.util
import json
import sys
import warnings

import gymnasium as gym
import numpy as np
from gymnasium.wrappers.vector import RecordEpisodeStatistics

import thinkenv
from thinkenv import chess_puzzles, mazes, prefix_sums, suites
from thinkenv.tasks.seeds import instances_of_seed

SOLVERS = {
    "Maze-v0": mazes.solve,
    "PrefixSum-v0": prefix_sums.solve,
}


def check_environments() -> None:
    """Every environment shows a problem, takes an answer, and is drawn."""
    ids = [name for name, spec in gym.registry.items() if "thinkenv" in str(spec.entry_point)]
    assert len(ids) == 4, ids
    for name in ids:
        env = gym.make(name, render_mode="rgb_array")
        observation, info = env.reset(seed=0)
        if name in SOLVERS:
            action = SOLVERS[name](observation)
        else:
            action = int(np.flatnonzero(info["action_mask"])[0])
        _, reward, _, _, _ = env.step(action)
        assert name not in SOLVERS or reward == 1.0
        assert env.render().ndim == 3
        vector = gym.make_vec(name, num_envs=3)
        vector.reset(seed=0)
        vector.step(vector.action_space.sample())


def check_returns() -> None:
    """Gymnasium counts the episodes of a vector environment right, whichever way it resets."""
    for mode, episodes in (("SameStep", 18), ("NextStep", 9)):
        envs = gym.make_vec("PrefixSum-v0", num_envs=3, autoreset_mode=mode)
        envs = RecordEpisodeStatistics(envs)
        strings, _ = envs.reset(seed=0)
        for _ in range(6):
            strings, *_ = envs.step(np.stack([prefix_sums.solve(bits) for bits in strings]))
        assert list(envs.return_queue) == [1.0] * episodes, (mode, envs.return_queue)
        assert list(envs.length_queue) == [1] * episodes, (mode, envs.length_queue)


def digests() -> dict[str, str]:
    """A digest of the first problems of every set of every suite."""
    found = {}
    for suite in suites.SUITES.values():
        digest = hashlib.sha256()
        for problems in suite.sets:
            task = problems.make_task()
            batch = task.draw(instances_of_seed(problems.seed, min(5, problems.count)))
            digest.update(batch.problems.tobytes())
            digest.update(batch.solutions.tobytes())
        found[suite.name] = digest.hexdigest()
    return found


def main() -> None:
    """Check, and print the digests."""
    warnings.simplefilter("error")
    assert importlib.util.find_spec("torch") is None, "torch was installed with the wheel"
    assert "site-packages" in thinkenv.__file__, thinkenv.__file__
    check_environments()
    check_returns()
    assert len(chess_puzzles.load("bundled", split="all")) == 6605
    (row, *_) = suites.evaluate(suites.baselines.exact, "maze-extrapolation", max_problems=3)
    assert row["exact"] == 1.0
    json.dump({"python": sys.version.split()[0], "digests": digests()}, sys.stdout)


if __name__ == "__main__":
    main()
