"""Segment files: fixed-size records of image tokens, appended by seek and write, read memory-mapped.

Each record carries its content key and a checksum. A record that fails either (a power cut can
lose pages of a file) counts as missing.
"""

from __future__ import annotations

import logging
import secrets
import threading
import zlib
from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagesorter.library.decode import KEY_BYTES

logger = logging.getLogger(__name__)

HEADER_BYTES = 32
"""Of a record, before its tokens."""

_SUFFIX = ".tokens"


def record_type(count: int, width: int) -> np.dtype[Any]:
    """Layout of a record: content key, CRC-32 of the tokens' bytes, padding to 32 bytes, tokens."""
    return np.dtype(
        [
            ("key", "u1", (KEY_BYTES,)),
            ("crc", "<u4"),
            ("padding", "V", HEADER_BYTES - KEY_BYTES - 4),
            ("tokens", "<f2", (count, width)),
        ]
    )


def pack(keys: Sequence[bytes], tokens: NDArray[np.float16]) -> NDArray[Any]:
    """Records of n contents; `tokens` is (n, T, D)."""
    records = np.zeros(len(keys), record_type(*tokens.shape[1:]))
    records["key"] = _key_array(keys)
    records["tokens"] = tokens
    records["crc"] = _checksums(records["tokens"])
    return records


def unpack(
    records: NDArray[Any], slots: NDArray[np.int64], keys: Sequence[bytes]
) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """Tokens (n, T, D) at n slots, and for each whether it is whole and belongs to its key."""
    tokens = np.ascontiguousarray(records["tokens"][slots])
    whole = (records["key"][slots] == _key_array(keys)).all(axis=1)
    whole &= records["crc"][slots] == _checksums(tokens)
    return tokens, whole


def _key_array(keys: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), KEY_BYTES)


def _checksums(tokens: NDArray[np.float16]) -> NDArray[np.uint32]:
    return np.fromiter((zlib.crc32(row.data) for row in np.ascontiguousarray(tokens)), np.uint32, len(tokens))


class SegmentFiles:
    """The files of one folder, by name. Names are random: none is ever used again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._maps: dict[str, NDArray[Any]] = {}
        self._lock = threading.Lock()

    def begin(self, size: int) -> str:
        """Create a file of `size` bytes, sparse where the file system can; returns its name.

        Raises:
            OSError: the disk refuses.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        name = secrets.token_hex(8)
        with self._path(name).open("xb") as file:
            file.truncate(size)
        return name

    def append(self, name: str, records: NDArray[Any], first: int) -> None:
        """Write records to the slots from `first` on.

        Raises:
            OSError: the disk is full, among others. What was written then stands in slots that nobody reads.
        """
        with self._path(name).open("r+b") as file:
            file.seek(first * records.itemsize)
            file.write(records.data)

    def map(self, name: str, record: np.dtype[Any], capacity: int) -> NDArray[Any] | None:
        """The (capacity,) records of a file, read-only; None where it is gone or cut short."""
        with self._lock:
            mapped = self._maps.get(name)
            if mapped is None:
                try:
                    mapped = np.memmap(self._path(name), record, "r", shape=(capacity,))
                except (OSError, ValueError) as error:
                    logger.info("tokens of segment %s are lost: %s", name, error)
                    return None
                self._maps[name] = mapped
            return mapped

    def is_whole(self, name: str, size: int) -> bool:
        """Whether the file is there with all its `size` bytes; `map` would refuse a shorter one."""
        try:
            return self._path(name).stat().st_size >= size
        except OSError:
            return False

    def names(self) -> set[str]:
        """All files of the folder."""
        return {path.stem for path in self._folder.glob(f"*{_SUFFIX}")}

    def drop(self, names: Iterable[str]) -> None:
        """Remove files. A process that has one mapped goes on reading it."""
        for name in names:
            with self._lock:
                self._maps.pop(name, None)
            # Windows keeps a file that somebody has mapped; the next start removes it.
            with suppress(OSError):
                self._path(name).unlink(missing_ok=True)

    def release(self, keep: Set[str]) -> None:
        """Unmap all files but `keep`, so that the disk gets the space of removed ones back."""
        with self._lock:
            for name in self._maps.keys() - keep:
                del self._maps[name]

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"
