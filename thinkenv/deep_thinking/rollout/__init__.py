"""Rollouts: a memory that is iterated, everywhere or only where it still changes."""
