"""Where this example went."""

raise SystemExit("agents/examples/anytime.py is examples/anytime.py now")
