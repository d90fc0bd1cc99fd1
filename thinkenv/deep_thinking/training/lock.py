"""A lock on the folder of a training, so that two do not write into one another's files.

The lock is the operating system's, on an open file: it ends with its process, however that ends, so
that what a kill or a power cut leaves behind holds nobody up. What is in the file is for people.
"""

import contextlib
import errno
import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from thinkenv import gate
from thinkenv.deep_thinking.distributed import Distributed
from thinkenv.deep_thinking.tensor_files import CheckpointError
from thinkenv.provenance import now

LOCK = "training.lock"
MAX_BYTES = 10_000
# How a file system says that it knows no locks, or that nothing can be written there.
WITHOUT_LOCKS = {
    getattr(errno, name, None)
    for name in ("ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL", "EROFS", "EACCES", "EPERM")
}
# Where Windows locks a byte: what it locks cannot be read, and the text is at the beginning.
LOCKED_BYTE = 2**30


@contextlib.contextmanager
def locked_folder(folder: Path, processes: Distributed) -> Iterator[None]:
    """Keep other trainings out of a folder; of several processes of one training, the first does.

    Args:
        folder: The folder, made if it is missing; it goes again if nothing was written into it.
        processes: The processes that share the training.

    Raises:
        CheckpointError: In all of them, if another training goes on in the folder; it names that
            one's process, machine and time.
    """
    with contextlib.ExitStack() as stack:
        refusal = ""
        if processes.is_first:
            try:
                stack.enter_context(lock(folder))
            except CheckpointError as error:
                refusal = str(error)
        refusal = processes.gather(refusal)[0]
        if refusal:
            raise CheckpointError(refusal)
        yield


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder; where there can be none, say so and go on without.

    Raises:
        CheckpointError: If another process holds it.
        OSError: If its file cannot be made.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open_locked(path)
    except BlockingIOError:
        raise CheckpointError(
            f"{folder}: another training is going on in it, {describe_holder(path)}: wait for it, "
            "stop it, or name another folder with --folder"
        ) from None
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise OSError(error.errno, f"cannot be locked ({error.strerror})", str(path)) from error
        print(
            f"{folder} cannot be locked ({error.strerror}): take care that no other training "
            "writes into it",
            file=sys.stderr,
            flush=True,
        )
        yield
        return
    try:
        yield
    finally:
        # While it is held, so that nobody has locked it in between; Windows wants it closed.
        if sys.platform != "win32":
            path.unlink(missing_ok=True)
        file.close()
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                path.unlink(missing_ok=True)
            for place in made:
                place.rmdir()  # if nothing was written into it


def open_locked(path: Path) -> IO[bytes]:
    """Open the file of a lock, lock it, and write into it who did so.

    Raises:
        BlockingIOError: If another process has locked it.
        OSError: If it cannot be opened or locked.
    """
    while True:
        file = path.open("a+b")
        try:
            lock_handle(file.fileno())
            # Whoever held it may have removed the file since it was opened, and somebody else made
            # another: a lock on what has no name keeps nobody out.
            if os.path.exists(path) and os.path.samestat(os.stat(path), os.fstat(file.fileno())):
                break
        except BaseException:
            file.close()
            raise
        file.close()
    holder = {"process": os.getpid(), "host": platform.node(), "started": now()}
    with contextlib.suppress(OSError):  # of a full disk: it is only for people
        file.truncate(0)
        file.write(f"{json.dumps(holder)}\n".encode())
        file.flush()
    return file


def lock_handle(handle: int) -> None:
    """Lock an open file, without waiting.

    Raises:
        BlockingIOError: If another process has locked it.
        OSError: If its file system knows no locks.
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(error.errno, error.strerror) from error
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def describe_holder(path: Path) -> str:
    """Who holds a lock, as its file says."""
    try:
        said = gate.read_json(path, MAX_BYTES)
        process, host, started = (str(said[key]) for key in ("process", "host", "started"))
    except (ValueError, LookupError, TypeError):  # it is just being written
        return "of a process that does not say which"
    return f"process {process:.20} on {host:.80} since {started:.40}"
