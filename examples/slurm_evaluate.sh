#!/bin/bash
# Evaluate an agent on a suite, in parts that know nothing of one another; then one report.
#
#     job=$(sbatch --parsable examples/slurm_evaluate.sh)     # from the repository's root
#     sbatch --dependency=afterok:$job --wrap "python agents/evaluate.py merge runs/maze-extrapolation-8/*.json --json runs/suite.json"
#     sbatch --array=3 examples/slurm_evaluate.sh             # part 3 alone, if it failed
#
# Part 3 of 8 is the same problems on every machine: each is a pure function of its number. For
# another number of parts: PARTS=20 sbatch --array=0-19 examples/slurm_evaluate.sh
#SBATCH --job-name=thinkenv-evaluate
#SBATCH --array=0-7
#SBATCH --cpus-per-task=1
#SBATCH --time=01:00:00
#SBATCH --output=slurm-%A-%a.log
set -euo pipefail

SUITE=${SUITE:-maze-extrapolation}
PARTS=${PARTS:-8}

python agents/evaluate.py \
    --suite "$SUITE" \
    --iterations converged \
    --threads 1 \
    --shard "$SLURM_ARRAY_TASK_ID" "$PARTS" \
    --json "runs/$SUITE-$PARTS/$SLURM_ARRAY_TASK_ID.json" "$@"
