"""What every reader of puzzles raises."""

from thinkenv import gate


class PuzzleFileError(gate.FileError):
    """A file of puzzles or positions that cannot be used, with its name and the reason."""
