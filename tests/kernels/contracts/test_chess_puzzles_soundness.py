"""The kernels that check databases stay within bounds on whatever a file says."""

import numpy as np

from tests.kernels.contracts.positions import POSITIONS
from tests.kernels.contracts.test_chess_puzzles_packing import any_bytes
from tests.kernels.contracts.test_chess_puzzles_playing import MAX_COUNT, moves_of, puzzles
from thinkenv.chess_puzzles import soundness
from thinkenv.chess_puzzles.columns import COLUMN_TYPES
from thinkenv.chess_puzzles.packing import PACKED_BYTES, position_key, unpack
from thinkenv.chess_puzzles.rules import POSITION_BYTES
from thinkenv.chess_puzzles.soundness import CheckedColumns

WIDTHS = {"ids": 8, "positions": PACKED_BYTES, "theme_sets": 16}


def columns_of_any_bytes(rows: int, seed: int) -> CheckedColumns:
    """Columns of rows that no check has seen, as they are mapped into memory."""
    rng = np.random.default_rng(seed)
    columns = {}
    for name, kind in COLUMN_TYPES.items():
        dtype = np.dtype("|u1" if name == "ids" else kind)
        shape = (rows, WIDTHS[name]) if name in WIDTHS else (rows,)
        content = rng.bytes(int(np.prod(shape)) * dtype.itemsize)
        columns[name] = np.frombuffer(content, dtype).reshape(shape)
    return CheckedColumns(**columns, unnamed_themes=np.zeros(16, np.uint8))


def sound_columns() -> CheckedColumns:
    """Columns in which nothing is wrong; the moves end with the last solution."""
    packed, (starts, counts, moves) = puzzles()
    sound = []
    for row, each in enumerate(packed):
        position = np.empty(POSITION_BYTES, np.uint8)
        unpack(each, position)
        if soundness.position_problem(position) == 0:
            sound.append(row)
    rows = len(sound)
    columns = {
        name: np.zeros((rows, WIDTHS[name]) if name in WIDTHS else rows, kind)
        for name, kind in (COLUMN_TYPES | {"ids": "|u1"}).items()
    }
    columns["positions"], columns["move_starts"] = packed[sound], starts[sound]
    columns["move_counts"] = counts[sound]
    columns["moves"] = moves[: starts[sound[-1]] + counts[sound[-1]]].copy()
    columns["ids"][:] = ord("a")
    columns["ratings"][:] = columns["split_ratings"][:] = 1500
    keys = [int(position_key(each)) for each in columns["positions"]]
    columns["split_percents"][:] = [(key >> 32) * 100 >> 32 for key in keys]
    for array in columns.values():
        array.setflags(write=False)
    return CheckedColumns(**columns, unnamed_themes=np.zeros(16, np.uint8))


def test_position_problem():
    position = np.empty(POSITION_BYTES, np.uint8)
    for packed in any_bytes():
        unpack(packed, position)
        assert soundness.position_problem(position) != 0
    for known in POSITIONS:
        position[:] = known
        problem = soundness.position_problem(position)
        assert problem in (0, soundness.BAD_CHECK, soundness.BAD_EN_PASSANT)
        for place in range(POSITION_BYTES):  # each byte at all its ends
            for value in (0, 1, 6, 7, 12, 13, 15, 40, 47, 48, 63, 64, 65, 255):
                position[:] = known
                position[place] = value
                soundness.position_problem(position)


def test_find_bad_position():
    any_positions = np.random.default_rng(17).integers(256, size=(99, POSITION_BYTES))
    assert soundness.find_bad_position(any_positions.astype(np.uint8)) != 0
    problems = [soundness.position_problem(position.copy()) for position in POSITIONS]
    before = np.array(POSITIONS)
    positions = before.copy()
    first = next(problem for problem in problems if problem)
    assert soundness.find_bad_position(positions) == first
    assert np.array_equal(positions, before)
    assert soundness.find_bad_position(positions[np.array(problems) == 0]) == 0
    assert soundness.find_bad_position(positions[:0]) == 0


def test_last_move_problem():
    for position in POSITIONS[::9]:
        for move in range(1 << 16):
            soundness.last_move_problem(position, move)


def test_solution_problem():
    rng = np.random.default_rng(14)
    for position in POSITIONS:
        if soundness.position_problem(position.copy()) != 0:
            continue
        for _ in range(20):
            moves = rng.integers(1 << 16, size=MAX_COUNT).astype(np.uint16)
            legal = moves_of(position)
            if legal:
                moves[0] = rng.choice(legal)
            moves.setflags(write=False)
            problem = soundness.solution_problem(position.copy(), moves, 0, MAX_COUNT)
            assert problem == soundness.BAD_MOVE
            assert soundness.solution_problem(position.copy(), moves, MAX_COUNT, 0) == 0
            if legal:
                assert soundness.solution_problem(position.copy(), moves[:1], 0, 1) == 0


def test_is_rating():
    for number in (-(2**15), -1, 0, 1, 9999, 10_000, 2**15 - 1):
        soundness.is_rating(np.int16(number))


def test_numbers_problem():
    columns = columns_of_any_bytes(200, 15)
    for row in range(200):
        assert soundness.numbers_problem(columns, row, 5) != 0


def test_id_problem():
    for content, is_right in {
        b"abcdefgh": True,
        b"a\0\0\0\0\0\0\0": True,
        b"\0\0\0\0\0\0\0\0": False,
        b"a\0b\0\0\0\0\0": False,
        b"abcdefg\xff": False,
        b"abcdefg\x1f": False,
    }.items():
        assert (soundness.id_problem(np.frombuffer(content, np.uint8)) == 0) == is_right
    soundness.id_problem(np.frombuffer(b"a", np.uint8))


def test_find_problem():
    for seed in range(300):
        row, code = soundness.find_problem(columns_of_any_bytes(3, seed), 0, 3, 5)
        assert 0 <= row < 3 and code != 0
    columns = sound_columns()
    rows = len(columns.ids)
    assert rows > 20 and soundness.find_problem(columns, 0, rows, 0) == (rows, 0)
    assert soundness.find_problem(columns, rows, rows, 0) == (rows, 0)
    rng = np.random.default_rng(16)
    names = [name for name in CheckedColumns._fields if name != "unnamed_themes"]
    for trial in range(600):  # one byte of one column is another one
        name = names[trial % len(names)]
        changed = getattr(columns, name).copy()
        content = changed.view(np.uint8).reshape(-1)
        content[rng.integers(len(content))] = rng.choice([0, 1, 127, 128, 255])
        changed.setflags(write=False)
        first = int(rng.integers(rows))
        soundness.find_problem(columns._replace(**{name: changed}), first, rows, 0)
    # The last solution ends with the moves; with one move less it would end beyond them.
    shorter = columns._replace(moves=columns.moves[:-1])
    assert soundness.find_problem(shorter, rows - 1, rows, 0) == (rows - 1, soundness.BAD_PLACES)
