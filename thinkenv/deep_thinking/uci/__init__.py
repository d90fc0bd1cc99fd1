"""Agents in chess programs: the engine's side of the protocol UCI, ``thinkenv uci``.

Programs write a command on each line, such as ``position startpos moves e2e4`` and ``go movetime
1000``, and read what was found. The protocol is that of Stefan Meyer-Kahlen and Rudolf Huber, of
April 2006; ``docs/uci.md`` says what of it is meant for agents.
"""
