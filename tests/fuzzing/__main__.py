"""Fuzz all readers of files for as long as one likes.

    python -m tests.fuzzing                       # an hour
    python -m tests.fuzzing --minutes 5 --only puzzles

What fails is printed with its seed, and the damaged file is put into ``tests/fuzzing/corpus``, from
which ``make test`` tries it from then on.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tqdm import tqdm

from tests.fuzzing.samples import SAMPLES
from tests.fuzzing.trials import Failure, make_damaged, trials

CORPUS = Path(__file__).parent / "corpus"
AT_ONCE = 50  # files of each kind before the next has its turn


def keep(failure: Failure) -> Path:
    """Put the file that failed into the corpus."""
    target = CORPUS / failure.sample / f"seed_{failure.seed}"
    shutil.rmtree(target, ignore_errors=True)
    make_damaged(failure.sample, failure.seed, target)
    return target


def main() -> int:
    """Fuzz until the time is over; 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--only", default="", help="samples with this word in their name")
    parser.add_argument("--seed", type=int, help="the first seed; by default another each time")
    arguments = parser.parse_args()
    names = [name for name in SAMPLES if arguments.only in name]
    if not names:
        parser.error(f"--only must be part of one of {', '.join(SAMPLES)}")
    seed = time.time_ns() // 10**6 if arguments.seed is None else arguments.seed
    print(f"{len(names)} kinds of files, seeds from {seed} on")
    end = time.monotonic() + 60 * arguments.minutes
    tried, failures = 0, []
    with tqdm(unit="file") as bar:
        while time.monotonic() < end:
            for name in names:
                with tempfile.TemporaryDirectory(prefix="fuzzing-") as folder:
                    for failure in trials(name, range(seed, seed + AT_ONCE), Path(folder)):
                        tried += 1
                        bar.update()
                        if failure is not None:
                            failures.append(failure)
                            bar.write(f"{failure}\n    kept in {keep(failure)}")
                if time.monotonic() > end:
                    break
            seed += AT_ONCE
    print(f"{tried:,} damaged files tried: {len(failures)} not as they should be")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
