"""The stream of instances does not change unnoticed: hashes of mazes of every kind.

``golden_instances.json`` holds, for each set of options, a hash of 32 mazes (4 of size 201, 2 of
size 801). If a test fails, the same options and instance numbers give other mazes than before:
undo that, or raise ``GENERATOR_VERSION``, run ``python tests/mazes/test_golden_instances.py``, and
measure anew whatever rests on these mazes.
"""

import hashlib
import json
from pathlib import Path

import pytest

from thinkenv import mazes
from thinkenv.tasks.splits import SPLITS

GOLDEN = Path(__file__).with_name("golden_instances.json")
COUNTS = {201: 4, 801: 2}  # of other sizes, 32


def pinned_options(generator: str) -> list[dict]:
    """The kinds of mazes that are pinned for a generator."""
    options = [dict(size=size, split=split) for size in (5, 9, 33, 59) for split in SPLITS]
    for size in (9, 33):
        options += [dict(size=size, endpoints=name) for name in ("dead_ends", "corners")]
    if generator in mazes.OF_LATTICES:
        for size in (9, 33):
            options += [dict(size=size, endpoints="farthest", loops=loops) for loops in (0.0, 0.2)]
            options += [dict(size=size, loops=0.1)]
        options += [dict(size=201, split="test"), dict(size=801, split="all", loops=0.05)]
        kinds = [dict(endpoints="free_cells"), dict(endpoints="adjacent", loops=0.1)]
    else:
        options += [dict(size=201, split="test"), dict(size=801, split="all")]
        kinds = [dict(endpoints=name) for name in ("free_cells", "adjacent", "farthest")]
    if generator == "percolation":
        kinds += [dict(removed=0.45), dict(removed=0.2, endpoints="unreachable")]
    return options + [dict(size=size, **kind) for size in (9, 33) for kind in kinds]


def digest_of(generator: str, options: dict) -> str:
    count = COUNTS.get(options["size"], 32)
    batch = mazes.generate(count=count, seed=1, generator=generator, **options)
    arrays = (batch.grids, batch.solutions, batch.path_lengths, batch.unique)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16]


def digests() -> dict[str, dict[str, str]]:
    return {
        generator: {
            json.dumps(kind): digest_of(generator, kind) for kind in pinned_options(generator)
        }
        for generator in mazes.GENERATORS
    }


@pytest.mark.parametrize("generator", list(mazes.GENERATORS))
def test_instances_are_those_of_this_generator_version(generator):
    golden = json.loads(GOLDEN.read_text())
    assert mazes.GENERATOR_VERSION == golden["generator_version"]
    kinds = pinned_options(generator)
    found = {json.dumps(kind): digest_of(generator, kind) for kind in kinds}
    assert found == golden["digests"][generator]


if __name__ == "__main__":
    golden = {"generator_version": mazes.GENERATOR_VERSION, "digests": digests()}
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")
