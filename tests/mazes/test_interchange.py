"""Files: round trips are exact, foreign files are judged, damaged ones refused."""

from pathlib import Path

import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.__main__ import main
from thinkenv.mazes import interchange


def batch_of(size=9, **options) -> mazes.MazeBatch:
    return mazes.generate(size, 20, split="test", **options)


def assert_same(first: mazes.MazeBatch, second: mazes.MazeBatch, instances: bool) -> None:
    for name in ("grids", "solutions", "path_lengths", "unique"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    expected = first.instances if instances else np.full(len(first), -1)
    assert np.array_equal(second.instances, expected)


def test_npz_keeps_everything(tmp_path):
    options = {"size": 9, "split": "test", "loops": 0.1}
    batch = batch_of(loops=0.1)
    interchange.write_npz(tmp_path / "mazes.npz", batch, options)
    read, read_options = interchange.read_npz(tmp_path / "mazes.npz")
    assert_same(batch, read, instances=True)
    assert read_options == {"generator_version": mazes.GENERATOR_VERSION, **options}


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
@pytest.mark.parametrize("size", [9, 13])
def test_easy_to_hard_round_trip(tmp_path, size, dtype):
    batch = batch_of(size, loops=0.1)
    interchange.write_easy_to_hard(tmp_path, batch, dtype)
    inputs, solutions = (np.load(tmp_path / f"{name}.npy") for name in ("inputs", "solutions"))
    side = 2 * (size + 2) + 2
    assert inputs.shape == (20, 3, side, side) and solutions.shape == (20, side, side)
    assert inputs.dtype == solutions.dtype == dtype
    assert_same(batch, interchange.read_easy_to_hard(tmp_path), instances=False)


def test_easy_to_hard_pictures_are_drawn_as_in_the_literature(tmp_path):
    """Size 9 is 24x24; the start is green, the goal red; each cell is 2x2 with a margin of 1."""
    batch = batch_of()
    interchange.write_easy_to_hard(tmp_path, batch)
    picture = np.load(tmp_path / "inputs.npy")[0].transpose(1, 2, 0)
    assert picture.shape == (24, 24, 3)
    colours = {0: (0, 0, 0), 1: (1, 1, 1), 2: (0, 1, 0), 3: (1, 0, 0)}
    for (row, column), code in np.ndenumerate(batch.grids[0]):
        block = picture[2 * row + 1 : 2 * row + 3, 2 * column + 1 : 2 * column + 3]
        assert (block == colours[int(code)]).all()
    assert not picture[[0, -1]].any() and not picture[:, [0, -1]].any()


@pytest.mark.parametrize(("size", "side"), [(27, 30), (9, 11)])
def test_tokens_round_trip(tmp_path, size, side):
    batch = batch_of(size, loops=0.1)
    interchange.write_tokens(tmp_path / "train", batch, side)
    read = interchange.read_tokens(tmp_path / "train")
    cells = size + 2
    assert read.grids.shape == (20, side, side)
    assert np.array_equal(read.grids[:, :cells, :cells], batch.grids)
    assert not read.grids[:, cells:].any() and not read.grids[:, :, cells:].any()
    assert np.array_equal(read.solutions[:, :cells, :cells], batch.solutions)
    inputs = np.load(tmp_path / "train" / "all__inputs.npy")
    assert inputs.shape == (20, side * side) and set(np.unique(inputs)) == {1, 2, 3, 4}
    labels = np.load(tmp_path / "train" / "all__labels.npy")
    changed = labels != inputs
    assert (inputs[changed] == 2).all() and (labels[changed] == 5).all()


def test_tokens_without_an_outer_wall_get_one(tmp_path):
    batch = batch_of(9)
    interchange.write_tokens(tmp_path / "test", batch, 11)
    for name in ("inputs", "labels"):
        path = tmp_path / "test" / f"all__{name}.npy"
        inner = np.load(path).reshape(20, 11, 11)[:, 1:-1, 1:-1]
        np.save(path, inner.reshape(20, 81))
    (tmp_path / "test" / "dataset.json").unlink()  # it says how many cells there were
    assert_same(batch, interchange.read_tokens(tmp_path / "test"), instances=False)


def test_a_wrong_solution_in_a_file_is_noticed(tmp_path):
    batch = batch_of()
    batch.solutions[7] = 0
    interchange.write_easy_to_hard(tmp_path, batch)
    with pytest.raises(
        interchange.MazeFileError, match="maze 7: its solution is not a shortest path"
    ):
        interchange.read_easy_to_hard(tmp_path)


@pytest.mark.parametrize(
    ("file", "read"),
    [
        ("inputs.npy", interchange.read_easy_to_hard),
        ("all__inputs.npy", interchange.read_tokens),
    ],
)
def test_missing_and_damaged_files_are_named(tmp_path, file, read):
    interchange.write_easy_to_hard(tmp_path, batch_of())
    interchange.write_tokens(tmp_path, batch_of())
    path = tmp_path / file
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(interchange.MazeFileError, match=f"{file}: the header of an array promises"):
        read(tmp_path)


def test_mazes_without_solutions_are_solved(tmp_path):
    batch = batch_of(loops=0.1)
    interchange.write_easy_to_hard(tmp_path / "pictures", batch)
    interchange.write_tokens(tmp_path / "tokens", batch, 11)
    (tmp_path / "pictures" / "solutions.npy").unlink()
    (tmp_path / "tokens" / "all__labels.npy").unlink()
    for read in (tmp_path / "pictures", tmp_path / "tokens"):
        again = interchange.read(read)
        assert np.array_equal(again.grids, batch.grids)
        assert np.array_equal(again.path_lengths, batch.path_lengths)


def test_mazes_without_a_way_come_back_from_every_format(tmp_path):
    drawn = "#####\n#S#G#\n#####\n\n#####\n#SG #\n#####\n"
    batch = mazes.from_text(drawn, allow_unsolvable=True)
    assert batch.path_lengths.tolist() == [0, 2]
    interchange.write_npz(tmp_path / "npz", batch, {})
    interchange.write_easy_to_hard(tmp_path / "pictures", batch)
    interchange.write_tokens(tmp_path / "tokens", batch, 5)
    for name in ("npz", "pictures", "tokens"):
        again = interchange.read(tmp_path / name, allow_unsolvable=True)
        assert np.array_equal(again.grids[:, :3], batch.grids)
        assert np.array_equal(again.solutions[:, :3], batch.solutions)
        with pytest.raises(interchange.MazeFileError, match="maze 0: .*no way from start to goal"):
            interchange.read(tmp_path / name)


def test_tokens_are_written_into_their_folder_alone(tmp_path):
    (tmp_path / "identifiers.json").write_text("mine")
    folder = tmp_path / "train"
    interchange.write_tokens(folder, batch_of())
    assert (folder / "identifiers.json").read_text() == '["<blank>"]'
    (folder / "identifiers.json").write_text("mine as well")
    interchange.write_tokens(folder, batch_of())
    assert {path.name for path in tmp_path.iterdir()} == {"identifiers.json", "train"}
    assert (tmp_path / "identifiers.json").read_text() == "mine"
    assert (folder / "identifiers.json").read_text() == "mine as well"


def test_a_failed_write_leaves_the_earlier_file(tmp_path, monkeypatch):
    path = tmp_path / "mazes.npz"
    interchange.write_npz(path, batch_of(), {})
    before = path.read_bytes()
    with pytest.raises(TypeError):
        interchange.write_npz(path, batch_of(), {"options": object()})

    def full_disk(file, **arrays):
        file.write(b"half of a file")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    with pytest.raises(OSError, match="No space left"):
        interchange.write_npz(path, batch_of(), {})
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["mazes.npz"]


@pytest.mark.parametrize("name", interchange.FORMATS)
def test_the_command_line_exports(tmp_path, capsys, name):
    target = tmp_path / "out"
    words = f"export {target} --format {name} --size 13 --count 30 --split test --loops 0.1"
    assert main(words.split()) == 0
    assert "30 mazes of size 13 written" in capsys.readouterr().out
    expected = mazes.generate(13, 30, split="test", loops=0.1)
    if name == "npz":
        read = interchange.read_npz(target)[0]
    elif name == "easy_to_hard":
        read = interchange.read_easy_to_hard(target)
    else:
        read = interchange.read_tokens(target)
        read.grids, read.solutions = (a[:, :15, :15] for a in (read.grids, read.solutions))
    assert_same(expected, read, instances=name == "npz")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--size 10", "size must be odd and in [5, 1601], got 10"),
        ("--count 0", "--count must be an integer in [1, 2147483647], got 0"),
        ("--dtype uint8", "--format must be easy_to_hard where --dtype is given, got npz"),
        ("--format easy_to_hard --side 30", "--format must be tokens where --side is given, got"),
        ("--format tokens --side 9", "side must be an integer in [11, 10000], got 9"),
        ("--generator caves --loops 0.1", "loops must be 0 with generator='caves', got 0.1"),
        ("--removed 0.1", "removed must be left out with generator='dfs', got 0.1"),
        ("--endpoints unreachable", "endpoints must be others with generator='dfs', got 'unreach"),
    ],
)
def test_the_command_line_names_a_wrong_option(tmp_path, capsys, options, words):
    assert main(["export", str(tmp_path / "x"), *options.split()]) == 1
    assert capsys.readouterr().err.startswith(f"error: {words}")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("format", ["npz", "easy_to_hard", "tokens"])
@pytest.mark.parametrize(
    "options",
    [
        {"generator": "percolation", "removed": 0.45},
        {"generator": "percolation", "endpoints": "unreachable"},
        {"generator": "plazas", "endpoints": "corners"},
        {"generator": "caves", "endpoints": "adjacent"},
        {"endpoints": "free_cells", "loops": 0.3},
    ],
    ids=str,
)
def test_mazes_of_every_kind_are_read_back_as_they_were_exported(tmp_path, format, options):
    path = tmp_path / "mazes.npz" if format == "npz" else tmp_path / "mazes"
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    assert main(["export", str(path), "--count", "6", "--format", format, *words]) == 0
    expected = mazes.generate(count=6, **options)
    found = mazes.read(path, allow_unsolvable=options.get("endpoints") == "unreachable")
    # Tokens are padded with walls to 30 rows and columns.
    assert np.array_equal(found.grids[:, :11, :11], expected.grids)
    assert np.array_equal(found.path_lengths, expected.path_lengths)
    assert np.array_equal(found.unique, expected.unique)


FILES = Path(__file__).with_name("files")


def test_a_file_of_the_public_easy_to_hard_generator_is_read_and_judged():
    """Six mazes of size 9, by the functions of ``make_mazes.py`` of aks2203/easy-to-hard-data."""
    batch = interchange.read_easy_to_hard(FILES / "easy_to_hard")
    assert batch.grids.shape == (6, 11, 11)
    assert batch.unique.all()
    # In its pictures of 24x24, the first green and red pixel of each maze.
    inputs = np.load(FILES / "easy_to_hard" / "inputs.npy")
    for grid, picture in zip(batch.grids, inputs, strict=True):
        for code, colour in ((2, (0, 1, 0)), (3, (1, 0, 0))):
            pixels = np.argwhere((picture.transpose(1, 2, 0) == colour).all(axis=2))
            assert np.argwhere(grid == code).tolist() == [((pixels[0] - 1) // 2).tolist()]
    for grid, solution in zip(batch.grids, batch.solutions, strict=True):
        assert mazes.is_solution(grid, solution)
        solution[tuple(np.argwhere(solution)[0])] = 0
        assert not mazes.is_solution(grid, solution)


def test_every_format_is_read_by_what_it_is(tmp_path):
    batch = mazes.generate(size=9, count=4)
    interchange.write_npz(tmp_path / "mazes.npz", batch, {})
    interchange.write_easy_to_hard(tmp_path / "pictures", batch)
    interchange.write_tokens(tmp_path / "tokens", batch, 11)
    for name in ("mazes.npz", "pictures", "tokens"):
        assert_same(batch, interchange.read(tmp_path / name), instances=name == "mazes.npz")
    with pytest.raises(interchange.MazeFileError, match="nothing: there is no such file"):
        interchange.read(tmp_path / "nothing")
