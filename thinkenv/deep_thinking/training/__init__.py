"""Training: plans, recipes, the trainer and the folder of a run. Inference needs none of it."""
