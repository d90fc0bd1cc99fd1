"""Mazes in pictures, drawn here with Pillow and NumPy."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from thinkenv import mazes
from thinkenv.mazes import drawing

from .conftest import LOOPS, RECTANGLE, TREE, grid_of, length_of, open_border, with_ends

COLOURS = np.array([[0, 0, 0], [255, 255, 255], [0, 255, 0], [255, 0, 0]], np.uint8)
DRAWN = [grid_of(text) for text in (TREE, RECTANGLE, LOOPS)]
GRIDS = [*DRAWN, *mazes.generate(13, 2, seed=5).grids, *mazes.generate(21, 1, loops=0.2).grids]


def blocks(grid: np.ndarray, pixels: int) -> Image.Image:
    return Image.fromarray(COLOURS[grid].repeat(pixels, 0).repeat(pixels, 1))


def rooms(grid: np.ndarray, line: int, room: int, margin: int = 0, greys=(0, 255)) -> Image.Image:
    """Lines between rooms, as generators on the web draw them; openings are gaps."""
    widths = [np.where(np.arange(side) % 2 == 0, line, room) for side in grid.shape]
    free = (grid != 0).repeat(widths[0], 0).repeat(widths[1], 1)
    return Image.fromarray(
        np.pad(np.where(free, *greys[::-1]).astype(np.uint8), margin, constant_values=greys[1])
    )


def mark_rooms(
    picture: Image.Image, grid: np.ndarray, line: int, room: int, colours
) -> Image.Image:
    """Discs in the rooms of start and goal."""
    picture = picture.convert("RGB")
    pen = ImageDraw.Draw(picture)
    for code, colour in zip((2, 3), colours, strict=True):
        y, x = (
            side // 2 * (line + room) + line + room / 2 for side in np.argwhere(grid == code)[0]
        )
        pen.ellipse((x - room / 3, y - room / 3, x + room / 3, y + room / 3), fill=colour)
    return picture


def saved_as(picture: Image.Image, kind: str, **options) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return Image.open(io.BytesIO(file.getvalue()))


def assert_shows(picture, grid: np.ndarray) -> None:
    batch = mazes.from_image(picture)
    assert np.array_equal(batch.grids, grid[None])
    assert batch.path_lengths[0] == length_of(grid)
    assert mazes.is_solution(grid, batch.solutions[0])


@pytest.mark.parametrize("grid", GRIDS)
def test_square_cells_of_any_size_are_read(grid):
    for pixels in (1, 2, 3, 5, 16):
        assert_shows(blocks(grid, pixels), grid)
    for pixels in (6.4, 7.3, 11):  # smooth, and not a whole number of pixels for a cell
        size = (round(grid.shape[1] * pixels), round(grid.shape[0] * pixels))
        assert_shows(blocks(grid, 10).resize(size, Image.Resampling.BICUBIC), grid)


@pytest.mark.parametrize("grid", GRIDS)
def test_our_own_renderings_are_read(grid):
    for pixels in (1, 4, 5, 16, None):
        assert_shows(drawing.render(grid, pixels=pixels), grid)
    assert_shows(drawing.render(grid, mazes.solve(grid)), grid)
    in_pixels = np.pad(grid.repeat(2, 0).repeat(2, 1), 1)  # the easy_to_hard picture
    assert_shows(COLOURS[in_pixels], grid)
    assert_shows(COLOURS[in_pixels].transpose(2, 0, 1) / 255, grid)


@pytest.mark.parametrize("grid", GRIDS[:1] + GRIDS[3:])
@pytest.mark.parametrize(("line", "room"), [(1, 3), (1, 10), (2, 14), (3, 7), (10, 4)])
def test_lines_between_rooms_are_read_as_cells(grid, line, room):
    opened = open_border(grid)
    expected = np.pad(with_ends(opened), 1)
    assert_shows(rooms(opened, line, room), expected)
    picture = rooms(opened, line, room, margin=17, greys=(90, 235))
    assert_shows(picture, expected)
    assert_shows(rooms(opened, line, room).convert("1"), expected)
    if room >= 7:
        marked = mark_rooms(rooms(grid, line, room), grid, line, room, ("green", "red"))
        assert_shows(marked, grid)
        marked = mark_rooms(rooms(grid, line, room), grid, line, room, ("blue", "purple"))
        assert_shows(marked, grid)


def test_lines_are_read_after_scaling():
    opened = open_border(GRIDS[3])
    picture = rooms(opened, 3, 20, margin=10)
    for factor in (0.4, 0.5, 0.77, 1.3):
        size = (int(picture.width * factor), int(picture.height * factor))
        assert_shows(picture.resize(size, Image.Resampling.LANCZOS), np.pad(with_ends(opened), 1))


@pytest.mark.parametrize("grid", GRIDS[:3])
def test_pictures_of_every_kind_are_read(grid):
    picture = blocks(grid, 8)
    kinds = [
        ("PNG", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("WEBP", {}),
        ("JPEG", {"quality": 80}),
        ("TIFF", {}),
    ]
    for kind, options in kinds:
        assert_shows(saved_as(picture, kind, **options), grid)
    assert_shows(saved_as(picture.convert("P", palette=Image.Palette.ADAPTIVE), "PNG"), grid)
    for ground in ("white", "black"):
        framed = Image.new("RGB", (picture.width + 40, picture.height + 21), ground)
        framed.paste(picture, (13, 8))
        assert_shows(framed, grid)
    without_ground = np.dstack(
        [np.asarray(picture), np.where(grid == 1, 0, 255).repeat(8, 0).repeat(8, 1)]
    )
    assert_shows(without_ground.astype(np.uint8), grid)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32, np.uint16])
def test_greys_are_read_from_arrays_and_deep_pictures(kind):
    opened = open_border(GRIDS[0])
    expected = np.pad(with_ends(opened), 1)
    array = opened.repeat(4, 0).repeat(4, 1).astype(kind)
    if kind is np.uint16:
        assert_shows(Image.fromarray(array * 60_000), expected)
    else:
        assert_shows(array, expected)


def test_walls_may_be_of_a_dark_colour():
    opened = open_border(GRIDS[0])
    picture = np.where(opened[..., None] == 0, (20, 30, 160), 255).repeat(6, 0).repeat(6, 1)
    assert_shows(picture.astype(np.uint8), np.pad(with_ends(opened), 1))


@pytest.mark.parametrize("grid", GRIDS[3:])
def test_white_walls_are_refused_with_a_hint(grid):
    opened = open_border(grid)
    pictures = [
        255 - np.asarray(rooms(opened, *sides)) for sides in ((2, 14, 0), (2, 14, 20), (5, 5, 0))
    ]
    inverted = COLOURS[[1, 0, 2, 3]][grid].repeat(6, 0).repeat(6, 1)
    for picture in (*pictures, inverted):
        with pytest.raises(mazes.MazeFileError, match="walls look white: they must be dark"):
            mazes.from_image(picture)


def two_marks(colour: str) -> Image.Image:
    picture = blocks(GRIDS[0], 8)
    picture.paste(colour, (8, 8 * 7, 16, 8 * 8))
    return picture


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (Image.new("L", (50, 50), 255), "no dark walls on light ground"),
        (Image.new("L", (50, 50), 0), "no dark walls on light ground"),
        (np.random.default_rng(0).integers(0, 256, (60, 60), np.uint8), "lattice|outer wall|start"),
        (rooms(np.minimum(GRIDS[0], 1), 2, 14), "there is no start and no goal"),
        (two_marks("red"), "start and goal must be one cell each, got 2 cells in red"),
        (two_marks("lime"), "start and goal must be one cell each, got 2 cells in green"),
        (blocks(np.where(GRIDS[0] == 3, 1, GRIDS[0]), 5), "there is no goal"),
    ],
)
def test_what_is_wrong_with_a_picture_is_said(picture, words):
    with pytest.raises(mazes.MazeFileError, match=words) as caught:
        mazes.from_image(picture)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (np.zeros((5, 5, 2)), ValueError),
        (np.zeros((0, 5)), ValueError),
        (np.full((5, 5), 300), ValueError),
        (np.full((5, 5), -1), ValueError),
        (np.full((5, 5), np.nan), ValueError),
        (np.full((5, 5), "a"), TypeError),
        (None, TypeError),
    ],
)
def test_an_array_that_is_no_picture_is_refused(image, error):
    with pytest.raises(error, match="image must"):
        mazes.from_image(image)


def test_damaged_and_huge_files_are_refused_by_name(tmp_path):
    path = tmp_path / "maze.png"
    blocks(GRIDS[0], 8).save(path)
    content = path.read_bytes()
    for kept in (0, 5, 40, len(content) // 2):
        path.write_bytes(content[:kept])
        with pytest.raises(
            mazes.MazeFileError, match=r"maze\.png: (is empty|not a readable picture|damaged)"
        ):
            mazes.from_image(path)
    Image.new("1", (20_000, 20_000)).save(path)
    with pytest.raises(mazes.MazeFileError, match=r"maze\.png: .*20,?000 x 20,?000|pixels"):
        mazes.read(path)
    with pytest.raises(mazes.MazeFileError, match="there is no such file"):
        mazes.from_image(tmp_path / "none.png")


def test_separated_ends_are_allowed_on_request():
    grid = grid_of("#####\n#S#G#\n#####")
    with pytest.raises(mazes.MazeFileError, match="no way from start to goal"):
        mazes.from_image(blocks(grid, 9))
    assert mazes.from_image(blocks(grid, 9), allow_unsolvable=True).path_lengths[0] == 0


@given(
    shape=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["noise", "blocks", "colours"]),
)
def test_any_picture_is_a_maze_or_an_error_in_one_line(shape, seed, kind):
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (*shape, 3), np.uint8)
    if kind != "noise":
        picture = (
            COLOURS[rng.integers(0, 2 if kind == "blocks" else 4, shape)].repeat(3, 0).repeat(3, 1)
        )
    try:
        batch = mazes.from_image(picture)
    except mazes.MazeFileError as error:
        assert "\n" not in str(error)
    else:
        assert mazes.is_solution(batch.grids[0], batch.solutions[0])


def test_open_places_are_read_where_marks_show_how_large_a_cell_is():
    plaza = np.pad(np.ones((10, 13), np.uint8), 1)
    plaza[4:6, 4:8] = 0
    plaza[1, 1], plaza[10, 13] = 2, 3
    for pixels in (1, 2, 5, 10):
        assert_shows(blocks(plaza, pixels), plaza)
