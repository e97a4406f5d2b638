"""One file from a server to the disk: in portions, to be stopped anywhere, to be gone on with anywhere.

huggingface_hub's own downloads are not used: they begin again at the first byte in every process,
and report through a progress bar from which no event can be yielded. Its session, addresses and
credentials are.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO

import httpx2
from huggingface_hub.utils import get_session

from imagesorter.errors import ModelError
from imagesorter.model.hub import CONNECT_SECONDS, RemoteFile, answered, require_network, unreachable

logger = logging.getLogger(__name__)

PART = ".part"
"""Suffix of a file that is not whole yet."""

PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try, where the last one brought nothing."""

_READ_SECONDS = (3.0, 5.0, 10.0, 20.0, 20.0, 20.0)
"""Silence after which a connection counts as broken. Short at first, for so long nothing can stop it."""

_PORTION = 1 << 20
_MOMENT = 0.1
_BEYOND = 416
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others a moment later."""


class BrokenError(Exception):
    """A connection that may be had again; the text is a sentence for the user."""


def part_of(target: Path, file: RemoteFile) -> Path:
    """Where the bytes of a file wait until it is whole. Another content has another place."""
    return target.with_name(f"{target.name}.{file.digest[:16]}{PART}")


def fetch(file: RemoteFile, target: Path) -> Generator[int, None, str]:
    """Download a file, or what is missing of it.

    `target` appears when all of it is there and its checksum is right. Stopped, cut off or killed, this
    leaves the bytes so far beside `target`, and the next call goes on behind them.

    Yields: bytes of it that are there, at every portion and while it waits.

    Returns:
        SHA-256 of the file, 64 hex digits.

    Raises:
        ModelError: the connection cannot be had, or broke again and again; the file is not there; or its
            bytes are wrong, which are deleted then.
        OSError: it cannot be written.
    """
    part = part_of(target, file)
    for stale in target.parent.iterdir():
        if stale.name.startswith(f"{target.name}.") and stale.suffix == PART and stale != part:
            stale.unlink(missing_ok=True)
    digest = _Digest(file)
    if target.is_file():  # whole once; whether it still is, the checksum says
        with target.open("rb") as whole:
            yield from _read_again(whole, digest)
        if digest.right:
            return digest.sha256
        target.unlink()
        digest.restart()
    with part.open("a+b") as kept:
        have = yield from _read_again(kept, digest)
        tries = 0
        while have < file.size:
            before = have
            try:
                have = yield from _receive(file, kept, digest, _READ_SECONDS[tries])
            except BrokenError as broken:
                logger.info("%s: %s (%s)", file.address, broken, broken.__cause__)
                have = kept.tell()
                tries = 0 if have > before else tries + 1
                if tries > len(PAUSES):
                    raise ModelError(
                        f"{broken} {have / 1e6:,.0f} MB of {file.size / 1e6:,.0f} have arrived and are kept: "
                        "get it again to go on."
                    ) from broken
                yield have  # so that it can be stopped here too
                if tries:
                    yield from _pause(PAUSES[tries - 1], have)
        kept.flush()
        os.fsync(kept.fileno())
    if have != file.size or not digest.right:
        part.unlink()
        raise ModelError(
            f"{file.address}: what arrived is not what was promised (wrong checksum). It was deleted. Get it "
            "again; if that does not help, something between here and the server is changing it."
        )
    part.replace(target)
    yield have
    return digest.sha256


class _Digest:
    """The checksums of what has been read, and whether they are the promised ones."""

    def __init__(self, file: RemoteFile) -> None:
        self._file = file
        self.restart()

    def restart(self) -> None:
        self._sha256 = hashlib.sha256()
        # git's own: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
        self._blob = hashlib.sha1(b"blob %d\0" % self._file.size, usedforsecurity=False)

    def update(self, portion: bytes) -> None:
        self._sha256.update(portion)
        if self._file.blob:
            self._blob.update(portion)

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    @property
    def right(self) -> bool:
        if self._file.sha256:
            return self._file.sha256 == self.sha256
        return self._file.blob == self._blob.hexdigest()


def _read_again(kept: BinaryIO, digest: _Digest) -> Generator[int, None, int]:
    """Take what an earlier call left into the checksum. Returns how much that is."""
    kept.seek(0)
    while portion := kept.read(_PORTION):
        digest.update(portion)
        yield kept.tell()
    return kept.tell()


def _receive(file: RemoteFile, kept: BinaryIO, digest: _Digest, patience: float) -> Generator[int, None, int]:
    """One connection: append what comes, until the end. Returns the bytes that are there.

    Raises:
        BrokenError: the connection did not come about, or ended before the file did.
    """
    have = kept.tell()
    require_network()
    headers = {**file.headers, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with get_session().stream(
            "GET",
            file.address,
            headers=headers,
            timeout=httpx2.Timeout(patience, connect=CONNECT_SECONDS),
            follow_redirects=True,
        ) as response:
            if _begins_anew(response, file, have):
                kept.seek(0)
                kept.truncate()
                digest.restart()
                have = 0
                if response.status_code == _BEYOND:  # its body is no part of the file
                    raise BrokenError(answered(_BEYOND, file.address))
            for portion in response.iter_raw():
                kept.write(portion)
                kept.flush()  # so that a killed process leaves all that it received
                digest.update(portion)
                have += len(portion)
                if have > file.size:
                    return have
                yield have
    except httpx2.TransportError as error:
        raise BrokenError(unreachable(error, file.address)) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise ModelError(f"{file.address}: the server's answer makes no sense ({error}).") from error
    if have < file.size:
        raise BrokenError(f"The connection to {httpx2.URL(file.address).host} was lost.")
    return have


def _begins_anew(response: httpx2.Response, file: RemoteFile, have: int) -> bool:
    """Whether the answer begins at the first byte although `have` of them are there.

    Raises:
        BrokenError, ModelError: it brings nothing that can be used.
    """
    status, sent = response.status_code, response.headers
    if status in _PASSING:
        raise BrokenError(answered(status, file.address))
    if status == _BEYOND:  # what is here is longer than what is there
        return True
    if status not in (200, 206):
        raise ModelError(answered(status, file.address))
    part = sent.get("Content-Range", "") if status == 206 else f"bytes 0-/{sent.get('Content-Length', '')}"
    size = part.rpartition("/")[2]
    begins = status == 200 or part.startswith(f"bytes {have}-")
    if not begins or (size.isdecimal() and int(size) != file.size):
        raise ModelError(
            f"{file.address}: the server sends something other than the promised file. If this "
            "network asks for a login, open a page in a browser first; then get it again."
        )
    return status == 200 and have > 0


def _pause(seconds: float, have: int) -> Iterator[int]:
    """Wait, and go on saying so: between two of these it can be stopped."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield have
        time.sleep(min(_MOMENT, max(0.0, end - time.monotonic())))
