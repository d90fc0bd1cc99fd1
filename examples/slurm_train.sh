#!/bin/bash
# Train on several nodes of a SLURM cluster; goes on from the last checkpoint when it is requeued.
#
#     sbatch examples/slurm_train.sh            # from the repository's root
#
# The loss does not depend on how many processes share the batch, so a run may go on with another
# number of nodes. The folder has to be on a file system that all nodes see.
#SBATCH --job-name=thinkenv-train
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=02:00:00
#SBATCH --requeue
#SBATCH --output=slurm-%j.log
set -euo pipefail

FOLDER=${FOLDER:-runs/maze_slurm}
PROCESSES_PER_NODE=${PROCESSES_PER_NODE:-4} # as many as the node has GPUs, or a few on its cores
HEAD=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)

OPTIONS=(--folder "$FOLDER")
if [ -e "$FOLDER/checkpoint.pt" ]; then
    OPTIONS+=(--resume)
fi

srun torchrun \
    --nnodes="$SLURM_NNODES" \
    --nproc-per-node="$PROCESSES_PER_NODE" \
    --rdzv-id="$SLURM_JOB_ID" \
    --rdzv-backend=c10d \
    --rdzv-endpoint="$HEAD:${PORT:-29500}" \
    agents/train_dt.py "${OPTIONS[@]}" "$@"
