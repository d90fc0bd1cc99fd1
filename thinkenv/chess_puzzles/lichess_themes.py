"""The themes that Lichess gives to puzzles.

Databases of the formats 1 and 2 have no checksum over the names of their themes, so that a name in
which one character is another one has to be recognized by what it nearly is.
"""

from collections.abc import Iterable

THEMES = frozenset(
    """
    advancedPawn advantage anastasiaMate arabianMate attackingF2F7 attraction backRankMate
    balestraMate bishopEndgame blindSwineMate bodenMate capturingDefender castling checkFirst
    clearance collinearMove cornerMate crushing defensiveMove deflection discoveredAttack
    discoveredCheck doubleBishopMate doubleCheck dovetailMate enPassant endgame epauletteMate
    equality exposedKing fork hangingPiece hookMate interference intermezzo killBoxMate
    kingsideAttack knightEndgame long master masterVsMaster mate mateIn1 mateIn2 mateIn3 mateIn4
    mateIn5 middlegame morphysMate oneMove opening operaMate pawnEndgame pillsburysMate pin
    playerGames promotion queenEndgame queenRookEndgame queensideAttack quietMove rookEndgame
    sacrifice short skewer smotheredMate superGM swallowstailMate trappedPiece triangleMate
    underPromotion veryLong vukovicMate xRayAttack zugzwang
    """.split()
)
LONGEST = max(map(len, THEMES))

# ``mateInN`` says how long a solution is: of these, one nearly is another.
MATES = {f"mateIn{moves}": 2 * moves - 1 for moves in range(1, 6)}


def gaps(name: str) -> list[tuple[str, str]]:
    """What stands before and behind each character of a name."""
    return [(name[:place], name[place + 1 :]) for place in range(len(name))]


def altered(names: Iterable[str]) -> tuple[str, str] | None:
    """The one name that nearly is a theme of Lichess, if there is just one.

    Several are somebody's own spelling, such as ``Fork`` and ``Pin``; one that stands beside the
    theme that it resembles is another theme.

    Returns:
        The name and a theme that it nearly is, or None.
    """
    known = set(names)
    theme_of_gap = {gap: theme for theme in THEMES - known for gap in gaps(theme)}
    found = [
        (name, theme_of_gap[gap])
        for name in known - THEMES
        if len(name) <= LONGEST
        for gap in gaps(name)
        if gap in theme_of_gap
    ]
    return found[0] if len(found) == 1 else None
