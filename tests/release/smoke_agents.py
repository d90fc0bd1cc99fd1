"""What must work where the wheel was installed with the extra ``agents``: run by ``check.py``.

Every shipped agent is loaded by name from an empty folder, and answers problems that it was not
trained on. Prints the names as JSON.
"""

import json
import sys
from pathlib import Path

import thinkenv
from thinkenv.deep_thinking import load
from thinkenv.tasks import make_task

ANY_MAZE = {"size": 13, "loops": 0.1, "endpoints": "free_cells"}
SEEDS = ("", "_seed1", "_seed2", "_seed3", "_seed4")
EASY = {"rating": (400, 999)}
CONVERGED = {"iterations": "converged"}
IMAGINING = {"iterations": 8, "imagine": 16}
# For each agent the problems, how long it thinks, and the share that it must solve.
TRIALS = {
    **{f"maze{seed}": ("maze", ANY_MAZE, CONVERGED, 1.0) for seed in SEEDS},
    **{f"maze_trees{seed}": ("maze", {"size": 13}, CONVERGED, 1.0) for seed in SEEDS},
    **{f"prefix_sum{seed}": ("prefix_sum", {"bits": 48}, CONVERGED, 1.0) for seed in SEEDS},
    **{f"chess{seed}": ("chess", EASY, IMAGINING, 0.8) for seed in SEEDS[:3]},
    "chess_squares": ("chess", EASY, {"iterations": 12}, 0.8),
    "chess_feed_forward": ("chess", EASY, {"iterations": 1}, 0.8),
}


def main() -> None:
    """Load every agent, let it think, and print the names."""
    assert "site-packages" in thinkenv.__file__, thinkenv.__file__
    assert not any(Path.cwd().iterdir()), "this is for an empty folder"
    for name, (task_name, options, thinking, least) in TRIALS.items():
        task = make_task(task_name, split="test", **options)
        batch = task.draw(range(20))
        solved, _ = task.judge(batch, load(name).think(batch.problems, **thinking).answer)
        assert solved.mean() >= least, f"{name} solves {solved.mean():.0%}"
    json.dump({"python": sys.version.split()[0], "agents": list(TRIALS)}, sys.stdout)


if __name__ == "__main__":
    main()
