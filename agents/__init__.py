"""Reference agents that think longer: run the scripts here, or ``agents.deep_thinking.load``."""
