"""Where the agents' library went: ``from thinkenv.deep_thinking import load``."""

raise ImportError("agents.deep_thinking is thinkenv.deep_thinking now: import that")
