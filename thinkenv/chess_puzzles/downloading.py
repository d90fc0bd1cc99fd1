"""Downloading Lichess's puzzle database: resumed where it broke off, and never left half done.

This is not left to pooch, the usual library for downloads of data, because that begins anew what
broke off, and resuming a file of hundreds of megabytes is the point here.
"""

import http.client
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from io import RawIOBase
from pathlib import Path

from thinkenv import gate
from thinkenv.chess_puzzles.compression import BYTES_AT_A_TIME, ZSTANDARD_MAGIC, read_bytes
from thinkenv.chess_puzzles.errors import PuzzleFileError
from thinkenv.files import write_bytes

# Published under CC0 1.0; see https://database.lichess.org/#puzzles
LICHESS_ADDRESS = "https://database.lichess.org/lichess_db_puzzle.csv.zst"

ATTEMPTS = 5
TIMEOUT_SECONDS = 30
PAUSE_SECONDS = 1.0
MAX_TAG_BYTES = 1000
# What a server may call a version of a file (RFC 9110, section 8.8.3).
TAG = re.compile(r'"[\x21\x23-\x7e]*"')
# After these it is tried again. Some are an OSError, which is also what a full disk is: not that.
BROKEN_OFF = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError)

Report = Callable[[int], None]  # told a number of bytes


class DownloadError(OSError):
    """A download that could not be finished; what was received stays for the next attempt."""


def download(
    address: str,
    target: Path,
    advance: Report = lambda count: None,
    expect: Report = lambda count: None,
    attempts: int = ATTEMPTS,
    pause: float = PAUSE_SECONDS,
) -> None:
    """Download a file, in constant memory.

    The bytes go to ``<target>.part``. If the connection breaks off, the rest is asked for, and
    again in the next call; a file that the server has changed meanwhile is begun anew. When all is
    there, a compressed file is read once to see that it is whole, and only then takes its name.

    Args:
        address: Where to download from.
        target: Where to.
        advance: Called with the number of bytes received just now; with a negative number when
            what was there could not be used.
        expect: Called with the whole number of bytes, when the server says so.
        attempts: How often to try before giving up, counting only those that bring nothing new.
        pause: Seconds to wait before trying again, doubled each time.

    Raises:
        DownloadError: If the server cannot be reached, refuses, or breaks off again and again.
        PuzzleFileError: If what was received is damaged, in which case it is removed; or if there
            is something else than a file where it is kept.
        ValueError: If ``address`` is not one of a file.
        OSError: If the file cannot be written, for example because the disk is full; what was
            received is kept.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    mark = target.with_name(target.name + ".part.etag")
    failures = 0
    size_of(mark)  # something else than a file is refused
    advance(size_of(part))
    while True:
        before = size_of(part)
        try:
            if receive(address, part, mark, advance, expect):
                break
            problem = "the connection broke off"
        except http.client.InvalidURL as error:
            raise ValueError(f"address must be that of a file, got {address!r} ({error})") from None
        except urllib.error.HTTPError as error:
            raise DownloadError(
                f"{address}: the server answers {error.code} {error.reason}"
            ) from None
        except BROKEN_OFF as error:
            problem = str(getattr(error, "reason", error)) or type(error).__name__
        after = size_of(part)
        failures = 0 if after > before else failures + 1
        if failures == attempts:
            raise DownloadError(
                f"{address}: {problem}; {after:,} bytes are kept, and the same command goes on"
            )
        time.sleep(pause * 2**failures)
    try:
        check_whole(part, address)
    except ValueError as error:
        part.unlink()
        mark.unlink(missing_ok=True)
        raise PuzzleFileError(
            f"{address}: what the server sent is damaged and was removed; try again later"
        ) from error
    os.replace(part, target)
    mark.unlink(missing_ok=True)


def size_of(part: Path) -> int:
    """How many bytes of a file were received so far.

    Raises:
        PuzzleFileError: If what is there is no file.
    """
    if not os.path.lexists(part) or (part.is_file() and part.stat().st_size == 0):
        return 0
    with gate.reading(part, PuzzleFileError):
        return gate.check_file(part).st_size


def tag_of(mark: Path) -> str | None:
    """The server's tag of the version that was begun; None if it is not known.

    Raises:
        PuzzleFileError: If there is something else than a file.
    """
    if size_of(mark) == 0:
        return None
    try:
        tag = gate.read_text(mark, MAX_TAG_BYTES)
    except gate.FileError:  # damaged: the file is begun anew
        return None
    return tag if TAG.fullmatch(tag) else None


def check_whole(path: Path, address: str) -> None:
    """Check that a download is a whole compressed file, if its address says that it is one.

    Raises:
        ValueError: If it is not.
    """
    if not address.endswith(".zst"):
        return
    with gate.opened(path) as file:
        if file.read(len(ZSTANDARD_MAGIC)) != ZSTANDARD_MAGIC:
            raise ValueError("not compressed with zstandard")
    for _ in read_bytes(path, lambda raw: None):
        pass


def receive(address: str, part: Path, mark: Path, advance: Report, expect: Report) -> bool:
    """Receive what is missing of a file, in one connection.

    Args:
        address: Where to download from.
        part: The file with what was received so far; appended to.
        mark: A file with the server's tag of the version that was begun.
        advance: See ``download``.
        expect: See ``download``.

    Returns:
        Whether all is there.
    """
    have = size_of(part)
    headers = {"User-Agent": "thinkenv"}
    if have and (begun := tag_of(mark)):
        # Only the rest, and only if the file is still the same.
        headers |= {"Range": f"bytes={have}-", "If-Range": begun}
    request = urllib.request.Request(address, headers=headers)
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        return True  # nothing is left to send
    with response:
        # Otherwise the whole file comes again.
        goes_on = response.status == http.HTTPStatus.PARTIAL_CONTENT
        if have and not goes_on:
            advance(-have)
            have = 0
        # Weak tags, W/"…", do not promise the same bytes, so nothing can be joined by them.
        tag = response.headers.get("ETag", "")
        if tag and not tag.startswith("W/"):
            write_bytes(mark, tag.encode(errors="replace"))
        else:
            mark.unlink(missing_ok=True)
        length = response.headers.get("Content-Length", "")
        whole = have + int(length) if length.isdecimal() else None
        if whole is not None:
            expect(whole)
        with open(part, "ab" if goes_on else "wb", buffering=0) as file:
            while data := response.read1(BYTES_AT_A_TIME):
                write(file, data, part)
                have += len(data)
                advance(len(data))
        return whole is None or have == whole


def write(file: RawIOBase, data: bytes, part: Path) -> None:
    """Write all of some data.

    Raises:
        OSError: If that cannot be done; it names the file and says what is still whole.
    """
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        problem = f"cannot be written ({error.strerror}); what was received is kept"
        raise OSError(error.errno, problem, str(part)) from error
