"""Try readers on damaged files, each in a process with limits on its memory and time."""

import faulthandler
import json
import os
import random
import resource
import shutil
import signal
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzzing.damage import damage
from tests.fuzzing.samples import SAMPLES
from thinkenv import gate

KINDS = ("flip", "bytes", "bytes", "contents", "contents", "contents", "special")
SECONDS = 20  # in which a file is read or refused, on a busy machine; it takes milliseconds
ADDRESSES = 3 * 10**9  # bytes of addresses that a process may take up beyond those it has
GROWTH = 300 * 10**6  # bytes by which a process may grow when it reads a file of kilobytes


@dataclass(frozen=True)
class Failure:
    """A damaged file that was not refused as it should be.

    Attributes:
        sample: Of which sample it was made.
        seed: Of the damage; -1 for a file of the corpus.
        done: What was done to the file.
        problem: What came of it.
    """

    sample: str
    seed: int
    done: str
    problem: str

    def __str__(self) -> str:
        return f"{self.sample}, seed {self.seed} ({self.done}): {self.problem}"


def make_damaged(name: str, seed: int, folder: Path) -> tuple[Path, str, str]:
    """A damaged file.

    Args:
        name: Of which sample.
        seed: Decides what is done.
        folder: Where to; made.

    Returns:
        The file, the kind of damage, and what was done.
    """
    folder.mkdir(parents=True)
    rng = random.Random(f"{name}/{seed}")
    path = SAMPLES[name].make(folder)
    kind = rng.choice(KINDS)
    return path, kind, damage(path, rng, kind)


def healthy_digest(name: str, folder: Path) -> str:
    """What the healthy file gives; it also compiles the kernels before any limit counts."""
    folder.mkdir(parents=True)
    sample = SAMPLES[name]
    return sample.judge(sample.read(sample.make(folder)))


def try_file(name: str, path: Path, healthy: str | None) -> str:
    """Read a damaged file; what is wrong with how that went, or nothing.

    Args:
        name: Of which sample it was made.
        path: The file.
        healthy: What the healthy file gives, where the damaged one must be refused or give the
            same; None where it may give anything that is sound.
    """
    sample = SAMPLES[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        found = sample.judge(sample.read(path))
    except gate.READERS[sample.reader].error as error:
        if not any(part in str(error) for part in (str(path), path.name)):
            return f"does not name the file: {error}"
        if "\n" in str(error) or len(str(error)) > len(str(path)) * 2 + 1500:
            return f"is not one line: {str(error)[:200]}"
        found = None
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(str(error).split())[:200]
        return f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {said}"
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    if grown > GROWTH:
        return f"took {grown / 1e6:.0f} MB"
    if found is not None and healthy is not None and found != healthy:
        return "gives other contents, in silence"
    return ""


def in_limits(work: Iterator[dict]) -> Iterator[dict]:
    """Do work in a process of its own, with limits; what it tells, and at last how it ended.

    Args:
        work: Yields what is told, in the other process; for each new step something with ``begun``.
    """
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        status = 1
        try:
            with open("/proc/self/statm") as file:
                pages = int(file.read().split()[0])
            most = pages * os.sysconf("SC_PAGE_SIZE") + ADDRESSES
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.signal(signal.SIGALRM, signal.SIG_DFL)  # also where a kernel never returns
            with open(send, "w", buffering=1) as told:
                for one in work:
                    signal.alarm(SECONDS)
                    faulthandler.dump_traceback_later(SECONDS - 2)  # where it hangs, before it dies
                    told.write(json.dumps(one) + "\n")
            status = 0
        except BaseException:
            traceback.print_exc()  # of the damaging, not of the reader
        finally:
            os._exit(status)
    os.close(send)
    with open(receive) as told:
        for line in told:
            yield json.loads(line)
    number = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    yield {"ended": "" if number == 0 else describe_death(number)}


def describe_death(number: int) -> str:
    """How a process ended, by its exit code."""
    if number == -signal.SIGALRM:
        return f"no end after {SECONDS} s"
    return f"the process died: {signal.Signals(-number).name if number < 0 else number}"


def trials(name: str, seeds: Iterable[int], folder: Path) -> Iterator[Failure | None]:
    """Try a reader on damaged files of these seeds; for each a failure, or None.

    Args:
        name: Of which sample they are made.
        seeds: Decide what is done to the files.
        folder: Where they are written, and removed when they are read.
    """
    sample = SAMPLES[name]
    healthy = healthy_digest(name, folder / "healthy")
    left = list(seeds)

    def work(seeds: list[int]) -> Iterator[dict]:
        for seed in seeds:
            place = folder / str(seed)
            path, kind, done = make_damaged(name, seed, place)
            yield {"begun": seed, "done": done}
            must_be_same = sample.is_checked and kind in ("flip", "bytes")
            problem = try_file(name, path, healthy if must_be_same else None)
            shutil.rmtree(place)
            yield {"seed": seed, "done": done, "problem": problem}

    while left:
        begun = {"begun": left[0], "done": "not begun"}
        for told in in_limits(work(left)):
            if "begun" in told:
                begun = told
            elif "seed" in told:
                left.remove(told["seed"])
                failed = Failure(name, told["seed"], told["done"], told["problem"])
                yield failed if told["problem"] else None
            elif told["ended"]:
                assert begun["begun"] in left, f"no file is damaged: {told['ended']}"
                left.remove(begun["begun"])
                shutil.rmtree(folder / str(begun["begun"]), ignore_errors=True)
                yield Failure(name, begun["begun"], begun["done"], told["ended"])


def try_again(name: str, path: Path) -> Failure | None:
    """Try a reader on a file that is there, such as one of the corpus; it must refuse it."""
    begin = time.monotonic()

    def work() -> Iterator[dict]:
        yield {"begun": -1}
        yield {"problem": try_file(name, path, "")}

    problem = ""
    for told in in_limits(work()):
        problem = problem or told.get("problem") or told.get("ended") or ""
    seconds = time.monotonic() - begin
    return Failure(name, -1, path.name, f"{problem} ({seconds:.1f} s)") if problem else None
