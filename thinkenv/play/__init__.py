"""Play by hand: what ``thinkenv play`` does.

``maze`` walks through a maze with the arrow keys, ``chess`` solves puzzles by typing moves; both in
the terminal, or from lines that are piped in. ``window`` shows the maze in a window of pygame.
"""
