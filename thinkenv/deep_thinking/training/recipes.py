"""The recipes: with which plan a net for each task is trained unless something else is said."""

from dataclasses import replace

from thinkenv.deep_thinking.architectures.base import AnyArchitecture
from thinkenv.deep_thinking.training.plan import Plan
from thinkenv.tasks.base import AnyTask

# Short rollouts teach what to do, long ones from every kind of memory make it stay right: the
# defaults of ``Plan`` do so for any task of cells.
CELLS = Plan()
# Where a task has small changes, problems that almost stay the same teach to let go of an answer.
WITH_CHANGES = replace(
    CELLS,
    short_starts=("empty", "continued", "continued", "changed"),
    long_starts=("empty", "foreign", "changed", "random"),
)
PLANS = {
    "maze": replace(WITH_CHANGES, steps=5_000, short_steps=400, long_iterations=(40, 72), batch=16),
    "prefix_sum": WITH_CHANGES,
    "chess": Plan(
        steps=132_000,
        short_steps=66_000,
        short_iterations=(1, 3),
        long_iterations=(3, 6),
        short_starts=("empty", "foreign"),
        long_starts=("empty", "foreign"),
        learning_rate=1.5e-3,
        max_grad_norm=1.0,
        update_prob=1.0,
        memory_noise_std=0.0,
        residual_penalty=0.0,
    ),
}


def plan_for(task: type[AnyTask], architecture: type[AnyArchitecture]) -> Plan:
    """The plan for a task, with what the architecture wants otherwise."""
    return replace(PLANS.get(task.name, CELLS), **architecture.plan_changes(task))
