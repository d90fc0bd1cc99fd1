"""Where this example went."""

raise SystemExit("agents/examples/stable_baselines.py is examples/stable_baselines.py now")
