"""Exact answers: the shortest path by breadth-first search, and the judge of submitted paths."""

import numpy as np
from numba import uint64

from thinkenv.checks import check_answers
from thinkenv.kernels.compilation import kernel
from thinkenv.mazes.lattice import (
    FREE,
    GOAL,
    ROOT,
    START,
    WALL,
    cell_of_room,
    pack_steps,
    unpack_step,
)

NOT_REACHED, BLOCKED = -1, -2  # instead of a distance


@kernel(inline="always")
def measure_flat(grid, width, source, target, distances, queue):
    """Distances from one cell to the others, by breadth-first search until a target is reached.

    Assumes a grid of rows of ``width`` with walls all around, a source that is no wall, and other
    arrays as large as the grid.

    Args:
        grid: ``(cells,)`` uint8 cell codes with an outer wall, ``width`` to a row.
        width: Cells in a row.
        source: The flat cell to measure from.
        target: The flat cell to stop at, or -1 to reach all that can be reached.
        distances: ``(cells,)`` int32, filled; ``NOT_REACHED`` or ``BLOCKED`` where there is none.
        queue: ``(cells,)`` int32, filled with the cells in the order in which they were reached.

    Returns:
        How many cells were reached.
    """
    for cell in range(distances.size):
        distances[cell] = BLOCKED if grid[cell] == WALL else NOT_REACHED
    one = uint64(1)
    stride = uint64(width)
    distances[source] = 0
    queue[0] = source
    head = uint64(0)
    tail = one
    while head < tail:
        cell = uint64(queue[head])
        head += one
        if cell == uint64(np.int64(target)):
            break
        tail = reach_around(cell, stride, distances[cell] + np.int32(1), distances, queue, tail)
    return np.int64(tail)


@kernel
def solve_flat(grid, width, start, goal, distances, queue, solution):
    """Mark a shortest path in a flat grid with an outer wall.

    Assumes a grid of rows of ``width`` with walls all around, a start and a goal that are no walls,
    and other arrays as large as the grid.

    Args:
        grid: ``(cells,)`` uint8 cell codes, row by row, ``width`` to a row.
        width: Cells in a row.
        start: The start's flat cell.
        goal: The goal's flat cell.
        distances: ``(cells,)`` int32, overwritten.
        queue: ``(cells,)`` int32, overwritten.
        solution: ``(cells,)`` uint8, filled: 1 on the path, else 0.

    Returns:
        ``(length, unique)``: the cells of a shortest path (0: the goal cannot be reached) and
        whether it is the only one.
    """
    solution[:] = 0
    measure_flat(grid, width, goal, start, distances, queue)
    if distances[start] < 0:
        return 0, False

    # There is another shortest path wherever two neighbours on this one are as close to the goal.
    unique = True
    cell = start
    solution[cell] = 1
    while cell != goal:
        closer = 0
        next_cell = cell
        for step in (-1, width, 1, -width):
            if distances[cell + step] == distances[cell] - 1:
                closer += 1
                next_cell = cell + step
        unique &= closer == 1
        cell = next_cell
        solution[cell] = 1
    return np.int64(distances[start]) + 1, unique


@kernel(inline="always")
def reach_around(cell, stride, distance, distances, queue, tail):
    """Append those neighbours of a cell to the queue that are not reached yet.

    Assumes a cell that is not at the edge of a grid of rows of ``stride``, both uint64, distances
    of its cells, and a queue as large.
    """
    tail = reach(cell - stride, distance, distances, queue, tail)
    tail = reach(cell + uint64(1), distance, distances, queue, tail)
    tail = reach(cell + stride, distance, distances, queue, tail)
    return reach(cell - uint64(1), distance, distances, queue, tail)


@kernel(inline="always")
def reach(cell, distance, distances, queue, tail):
    """Append a cell to the queue if it is not reached yet, without a branch.

    It is written behind the queue's end in any case, and the end moves on only if it counts.

    Assumes a cell of the grid, and a queue with a place at ``tail``.
    """
    known = distances[cell]
    is_new = known == NOT_REACHED
    distances[cell] = distance if is_new else known
    queue[tail] = cell
    return tail + uint64(is_new)


@kernel
def mark_tree_path(parents, rooms, start, goal, solution):
    """Mark the only path between two rooms of a maze without loops.

    Both ends climb towards the root; what lies above the room where they meet is unmarked again.

    Assumes ``1 <= rooms < 2**14``, parents that lead from every room to the one ``ROOT``, two rooms
    of those, and a solution of ``(2 * rooms + 1)**2`` cells.

    Args:
        parents: ``(rooms * rooms,)`` uint8, the direction from each room to its parent.
        rooms: Rooms per side.
        start: The start's room number.
        goal: The goal's room number.
        solution: ``(side * side,)`` uint8, filled: 1 on the path, else 0.

    Returns:
        The cells of the path.
    """
    solution[:] = 0
    # Unsigned, because a signed index costs a check for being negative.
    room_steps = pack_steps(rooms)
    cell_steps = pack_steps(2 * rooms + 1)
    room = uint64(start)
    cell = uint64(cell_of_room(start, rooms))
    solution[cell] = 1
    length = 1
    while parents[room] != ROOT:
        room, cell = climb(room, cell, parents, room_steps, cell_steps, 1, solution)
        solution[cell] = 1
        length += 2
    room = uint64(goal)
    cell = uint64(cell_of_room(goal, rooms))
    while solution[cell] == 0:
        solution[cell] = 1
        room, cell = climb(room, cell, parents, room_steps, cell_steps, 1, solution)
        length += 2
    while parents[room] != ROOT:
        room, cell = climb(room, cell, parents, room_steps, cell_steps, 0, solution)
        solution[cell] = 0
        length -= 2
    return length


@kernel(inline="always")
def climb(room, cell, parents, room_steps, cell_steps, mark, solution):
    """Step from a room to its parent, and write ``mark`` on the passage between them.

    Assumes a room that is not the ``ROOT``, its own cell, and what ``mark_tree_path`` assumes.

    Args:
        room: The room's number, uint64.
        cell: Its flat cell, uint64.
        parents: ``(rooms * rooms,)`` uint8, the direction from each room to its parent.
        room_steps: ``pack_steps`` of the rooms in a row.
        cell_steps: ``pack_steps`` of the cells in a row.
        mark: 1 or 0.
        solution: ``(side * side,)`` uint8, changed.

    Returns:
        ``(room, cell)``: those of the parent, two cells on.
    """
    direction = parents[room]
    step = unpack_step(cell_steps, direction)
    solution[cell + step] = mark
    return room + unpack_step(room_steps, direction), cell + (step << uint64(1))


@kernel
def is_connected_path(grid, width, answer):
    """Whether the marked cells of ``answer`` are all free and join start and goal.

    Assumes a grid of rows of ``width``, an answer as large, and one start and one goal at most.
    Marks at the edge of the grid join nothing.

    Args:
        grid: ``(cells,)`` uint8 cell codes with an outer wall.
        width: Cells in a row.
        answer: ``(cells,)`` uint8, 1 on marked cells.
    """
    start, goal = find_endpoints(grid)
    queue = np.empty(grid.size, np.int32)
    reached = np.zeros(grid.size, np.uint8)
    for cell in range(grid.size):
        if answer[cell] != 0 and grid[cell] == WALL:
            return False
    # Beyond marks at the edge, where there should be walls, the search would leave the grid.
    for cell in range(width):
        if answer[cell] != 0 or answer[grid.size - 1 - cell] != 0:
            return False
    for cell in range(0, grid.size, width):
        if answer[cell] != 0 or answer[cell + width - 1] != 0:
            return False
    if answer[start] == 0:
        return False
    reached[start] = 1
    queue[0] = start
    head = 0
    tail = 1
    while head < tail:
        cell = queue[head]
        head += 1
        if cell == goal:
            return True
        for step in (-width, 1, width, -1):
            neighbour = cell + step
            if answer[neighbour] != 0 and reached[neighbour] == 0:
                reached[neighbour] = 1
                queue[tail] = neighbour
                tail += 1
    return False


@kernel
def find_endpoints(grid):
    """The flat cells of start and goal.

    Assumes nothing; where there is no start or goal, it is cell 0, and of several it is the last.
    """
    start = 0
    goal = 0
    for cell in range(grid.size):
        if grid[cell] == START:
            start = cell
        elif grid[cell] == GOAL:
            goal = cell
    return start, goal


@kernel
def judge_flat(columns, width, answers, solved, cell_accuracies):
    """Judge a batch of answers.

    Assumes what ``is_connected_path`` does of every grid, and arrays of shapes that belong
    together.

    Args:
        columns: The mazes, as of ``MazeBatch.flat``.
        width: Cells in a row.
        answers: ``(count, cells)`` uint8, 1 on the cells of the submitted path.
        solved: ``(count,)`` bool, filled: the answer is a shortest path, or empty where there is
            no way.
        cell_accuracies: ``(count,)`` float64, filled: share of free cells equal to the reference.
    """
    grids, solutions, path_lengths, unique = columns
    count, cells = grids.shape
    for index in range(count):
        grid = grids[index]
        answer = answers[index]
        solution = solutions[index]
        free = 0
        right = 0
        marked = 0
        different = 0
        for cell in range(cells):
            same = answer[cell] == solution[cell]
            is_free = grid[cell] != WALL
            free += is_free
            right += is_free & same
            marked += answer[cell]
            different += not same
        cell_accuracies[index] = right / max(free, 1)
        solved[index] = different == 0
        # Another shortest path is as right as the reference: as many cells, joining both ends.
        if different > 0 and not unique[index] and marked == path_lengths[index]:
            solved[index] = is_connected_path(grid, width, answer)


def are_mazes(grids: np.ndarray) -> np.ndarray:
    """Which grids have our codes, an outer wall, one start and one goal.

    Args:
        grids: ``(count, H, W)`` integers.

    Returns:
        ``(count,)`` bool.
    """
    count, height, width = grids.shape
    if grids.dtype != np.uint8:
        has_codes = ((grids >= WALL) & (grids <= GOAL)).all(axis=(1, 2), keepdims=True)
        grids = np.where(has_codes, grids, WALL)  # which has no start
    are_right = np.zeros(count, np.bool_)
    if height * width > 0:
        flat = np.ascontiguousarray(grids, np.uint8).reshape(count, height * width)
        mark_mazes(flat, width, are_right)
    return are_right


@kernel
def mark_mazes(grids, width, are_right):
    """Find the grids that have our codes, an outer wall, one start and one goal.

    Assumes grids of rows of ``width``, at least one each, and a place for each in ``are_right``.

    Args:
        grids: ``(count, cells)`` uint8.
        width: Cells in a row.
        are_right: ``(count,)`` bool, filled.
    """
    count, cells = grids.shape
    for index in range(count):
        grid = grids[index]
        starts = 0
        goals = 0
        others = 0
        for cell in range(cells):
            starts += grid[cell] == START
            goals += grid[cell] == GOAL
            others += grid[cell] > GOAL
        for cell in range(width):
            others += (grid[cell] != WALL) | (grid[cells - 1 - cell] != WALL)
        for cell in range(0, cells, width):
            others += (grid[cell] != WALL) | (grid[cell + width - 1] != WALL)
        are_right[index] = (starts == 1) & (goals == 1) & (others == 0)


def edges_of(grids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The cells at the edges of grids ``(count, H, W)``: above, below, left, right."""
    return grids[:, 0], grids[:, -1], grids[:, :, 0], grids[:, :, -1]


def check_walled(grids: np.ndarray) -> np.ndarray:
    """Check what kernels rely on that follow ways through grids.

    Args:
        grids: ``(count, H, W)`` cell codes.

    Returns:
        The grids as contiguous uint8.

    Raises:
        ValueError: If they are of another shape, hold other numbers, or one has no outer wall.
    """
    grids = np.asarray(grids)
    if grids.ndim != 3 or min(grids.shape[1:]) < 3:
        raise ValueError(f"grids must be (count, height, width) from 3 each, got {grids.shape}")
    if grids.dtype != np.uint8:
        is_whole = grids.dtype.kind in "iu"
        if not is_whole or grids.min(initial=WALL) < WALL or grids.max(initial=GOAL) > GOAL:
            raise ValueError("grids must hold the integer codes 0 to 3, got others")
    if any(np.count_nonzero(edge) for edge in edges_of(grids)):  # walls are 0
        raise ValueError("grids must have an outer wall of border cells 0, got an opening in it")
    return np.ascontiguousarray(grids, np.uint8)


def check_grid(grid: np.ndarray) -> np.ndarray:
    """Check a maze given by the user.

    Args:
        grid: ``(height, width)`` cell codes: 0 wall, 1 free, 2 start, 3 goal.

    Returns:
        The grid as contiguous uint8.

    Raises:
        ValueError: If it is not a two-dimensional grid of codes 0 to 3 with an outer wall, one
            start and one goal.
    """
    grid = np.asarray(grid)
    if grid.ndim != 2 or min(grid.shape) < 3:
        raise ValueError(f"grid must have shape (height, width), at least 3 each, got {grid.shape}")
    if grid.dtype.kind not in "iu" or grid.min() < WALL or grid.max() > GOAL:
        raise ValueError(
            "grid must hold the integer codes 0 wall, 1 free, 2 start, 3 goal, got others"
        )
    border = np.concatenate([grid[0], grid[-1], grid[:, 0], grid[:, -1]])
    if 2 * np.count_nonzero(border == FREE) > border.size:
        raise ValueError(
            "grid must have an outer wall of border cells 0, got 1: is 1 a wall here? The codes "
            "look exchanged (0 is a wall and 1 is free; thinkenv.mazes.read takes either)"
        )
    if np.any(border != WALL):
        raise ValueError("grid must have an outer wall of border cells 0, got an opening in it")
    starts, goals = (np.count_nonzero(grid == code) for code in (START, GOAL))
    if starts != 1 or goals != 1:
        raise ValueError(
            f"grid must have one start (code 2) and one goal (code 3), got {starts} starts "
            f"and {goals} goals"
        )
    return np.ascontiguousarray(grid, np.uint8)


def shortest_path(grid: np.ndarray) -> tuple[np.ndarray, int, bool]:
    """A shortest path of one maze, its number of cells, and whether it is the only one.

    Args:
        grid: ``(height, width)`` cell codes with an outer wall, one start and one goal.

    Returns:
        ``(solution, length, unique)``: the mask of a shortest path ``(height, width)`` uint8, its
        cells, and whether no other path is as short.

    Raises:
        ValueError: If ``grid`` is not such a maze, or its goal cannot be reached.
    """
    solutions, lengths, unique = solve_each(check_grid(grid)[None])
    if lengths[0] == 0:
        raise ValueError("grid must have a path from its start to its goal, got none")
    return solutions[0], int(lengths[0]), bool(unique[0])


def solve_each(grids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A shortest path of each of many mazes, or nothing where there is no way.

    Args:
        grids: ``(count, H, W)`` uint8 in C order, each a maze as ``check_grid`` wants it.

    Returns:
        ``(solutions, lengths, unique)``: as the columns of a ``MazeBatch``; where the goal cannot
        be reached, the solution is empty, its length 0, and it is not unique.
    """
    count, height, width = grids.shape
    flat = grids.reshape(count, height * width)
    solutions = np.empty_like(flat)
    lengths = np.empty(count, np.int32)
    unique = np.empty(count, np.bool_)
    scratch = np.empty((2, height * width), np.int32)
    for index, grid in enumerate(flat):
        ends = find_endpoints(grid)
        result = solve_flat(grid, width, *ends, *scratch, solutions[index])
        lengths[index], unique[index] = result
    return solutions.reshape(grids.shape), lengths, unique


def on_shortest_paths(grid: np.ndarray) -> np.ndarray:
    """The cells that lie on any shortest path of a maze; none where there is no way.

    Args:
        grid: ``(H, W)`` cell codes, a maze as ``check_grid`` wants it.

    Returns:
        ``(H, W)`` bool.
    """
    flat = np.ascontiguousarray(grid, np.uint8).reshape(-1)
    start, goal = find_endpoints(flat)
    from_start, from_goal, queue = np.empty((3, flat.size), np.int32)
    measure_flat(flat, grid.shape[1], start, -1, from_start, queue)
    measure_flat(flat, grid.shape[1], goal, -1, from_goal, queue)
    is_between = (from_start >= 0) & (from_goal >= 0)
    return (is_between & (from_start + from_goal == from_goal[start])).reshape(grid.shape)


def solve(grid: np.ndarray) -> np.ndarray:
    """The exact reference answer to one maze: the cells of a shortest path.

    Args:
        grid: ``(height, width)`` cell codes (0 wall, 1 free, 2 start, 3 goal) with an outer wall.

    Returns:
        ``(height, width)`` uint8, 1 on the path, start and goal included. Where several paths are
        shortest, one of them.

    Raises:
        ValueError: If ``grid`` is not such a maze, or its goal cannot be reached.

    Example:
        >>> import numpy as np
        >>> solve(np.array([[0, 0, 0, 0], [0, 2, 3, 0], [0, 1, 1, 0], [0, 0, 0, 0]]))
        array([[0, 0, 0, 0],
               [0, 1, 1, 0],
               [0, 0, 0, 0],
               [0, 0, 0, 0]], dtype=uint8)
    """
    return shortest_path(grid)[0]


def is_solution(grid: np.ndarray, answer: np.ndarray) -> bool:
    """Whether an answer is exactly a shortest path of a maze (any of them).

    Where there is no way from start to goal, the empty answer is right, and nothing else.

    Args:
        grid: ``(height, width)`` cell codes (0 wall, 1 free, 2 start, 3 goal) with an outer wall.
        answer: ``(height, width)`` bool or integers, 1 on the path, start and goal included.

    Raises:
        ValueError: If ``grid`` is not a maze, or ``answer`` has another shape or other values.
        TypeError: If ``answer`` holds neither integers nor bools.
    """
    grid = check_grid(grid)
    answer = check_answers(answer, grid.shape)
    length = solve_each(grid[None])[1][0]
    if length == 0 or answer.sum() != length:
        return not answer.any() and length == 0
    # As many cells as a shortest path has, joining start and goal, can only be such a path.
    return bool(is_connected_path(grid.reshape(-1), grid.shape[1], answer.reshape(-1)))
