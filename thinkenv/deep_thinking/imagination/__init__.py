"""Imagination: an agent plays moves in its head, carries its memory along, and values what it sees.

A tree of positions grows from the position thought about, one imagined position after the other.
Each has a memory: that of the position before it, iterated a few times on what is on the board now.
From this memory the net says how probable it is that the thinker's moves so far are right, and
which moves come next; always from the thinker's side, whoever is to move. The values of all that
was imagined behind a move are averaged. Played is the move that was looked into most often, where
more counts what was found there: see ``Trees.scores``.

The rules are given: which moves are legal, what a move does to the board, mate (the side that mates
has won) and stalemate (the thinker has not won). Everything else comes from the net.
"""
