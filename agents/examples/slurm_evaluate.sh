#!/bin/bash
# Evaluate an agent on a suite, in parts that know nothing of one another; then one report.
#
#     job=$(sbatch --parsable agents/examples/slurm_evaluate.sh)
#     sbatch --dependency=afterok:$job --wrap "python agents/evaluate.py --merge runs/parts/*.json --json runs/suite.json"
#
# Part 3 of 8 is the same problems on every machine: each is a pure function of its number.
#SBATCH --job-name=thinkenv-evaluate
#SBATCH --array=0-7
#SBATCH --cpus-per-task=1
#SBATCH --time=01:00:00
#SBATCH --output=runs/slurm-%A-%a.log
set -euo pipefail

python agents/evaluate.py \
    --suite "${SUITE:-maze-extrapolation}" \
    --iterations converged \
    --threads 1 \
    --shard "$SLURM_ARRAY_TASK_ID" "$SLURM_ARRAY_TASK_COUNT" \
    --json "runs/parts/$SLURM_ARRAY_TASK_ID.json" "$@"
