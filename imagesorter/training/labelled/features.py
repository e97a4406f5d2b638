"""Image tokens of a training: kept on disk where the image tower stands still, else made anew.

A frozen tower gives the same tokens in every step, so each image goes through it twice, as it is
and mirrored, and every later step reads the result from a memory-mapped file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from imagesorter.errors import DecodeError, StorageError
from imagesorter.events import Event, Progress, Unreadable
from imagesorter.model.memory import batch_size
from imagesorter.model.towers import Towers
from imagesorter.training.labelled.parallel import Processes
from imagesorter.training.labelled.pictures import Pixels, Reader, outcome

_LARGEST_HALF = 65504.0
_FAILED = 1
"""In the place of a file's stamp."""


class KeptFeatures:
    """Tokens of all images in one file, (images, 2, T, C) float16: as they are, and mirrored.

    Args:
        towers: whose image tower does not change.
        paths: images by number.
        folder: for the file; going on in the same folder reads only what is missing.
        processes: that share the work.

    Attributes:
        failed: (images,) bool, those that could not be read; right after `prepare`.
        stamps: (images,) uint64, which change when a file does; right after `prepare`.
    """

    def __init__(self, towers: Towers, paths: Sequence[Path], folder: Path, processes: Processes) -> None:
        self._towers = towers
        self._paths = paths
        self._processes = processes
        self._file = folder / f"tokens-{_digest(towers, paths)}.f16"
        self._stamps_file = self._file.with_suffix(".stamps")
        self.failed = np.zeros(len(paths), np.bool_)
        self.stamps = np.zeros(len(paths), np.uint64)

    @staticmethod
    def size(towers: Towers, images: int) -> int:
        """Bytes that the tokens of so many images take."""
        tokens, width = token_shape(towers)
        return images * 2 * tokens * width * 2

    def prepare(self) -> Generator[Event, None, None]:
        """Read what was not read yet.

        Yields: Progress("tokens"), Unreadable.

        Raises:
            StorageError: the file cannot be written.
        """
        shape = (len(self._paths), 2, *token_shape(self._towers))
        if self._processes.main:
            self._make_room(int(np.prod(shape)) * 2)
        self._processes.wait()
        stored = np.memmap(self._stamps_file, np.uint64, "r+")
        tokens = np.memmap(self._file, np.float16, "r+", shape=shape)
        stamps = np.array([_stamp(path) for path in self._paths], np.uint64)
        mine = np.arange(len(self._paths)) % self._processes.count == self._processes.number
        missing = np.flatnonzero((stored != stamps) & mine)
        yield Progress("tokens", 0, len(missing))
        device = self._towers.mean.device
        batch = batch_size(device.type)
        with Reader(self._towers.preprocess, _min_side(self._towers)) as reader:
            read = iter(
                zip(missing.tolist(), reader.each([self._paths[i] for i in missing.tolist()]), strict=True)
            )
            for start in range(0, len(missing), batch):
                numbers, pixels = [], []
                for _ in range(min(batch, len(missing) - start)):
                    number, image = next(read)
                    if isinstance(image, DecodeError):
                        stored[number] = _FAILED
                        yield Unreadable(None, image.path, image.reason)
                    else:
                        numbers.append(number)
                        pixels.append(image)
                if pixels:
                    images = torch.from_numpy(np.stack(pixels)).to(device)
                    for side, shown in enumerate((images, images.flip(2))):
                        tokens[numbers, side] = _half(image_tokens(self._towers, shown))
                    tokens.flush()  # before it is said to be there
                    stored[numbers] = stamps[numbers]
                yield Progress("tokens", min(start + batch, len(missing)), len(missing))
            stored.flush()
            self._processes.wait()
            self.failed, self.stamps = np.array(stored == _FAILED), np.array(stored)
            if self._processes.main:  # tells what the others found
                theirs = [self._paths[i] for i in np.flatnonzero(self.failed & ~mine).tolist()]
                for error in reader.each(theirs):
                    if isinstance(error, DecodeError):
                        yield Unreadable(None, error.path, error.reason)
        self._tokens = np.memmap(self._file, np.float16, "r", shape=shape)

    def _make_room(self, size: int) -> None:
        """Both files; stamps of tokens that are gone go first, or a kill in between would leave them
        beside zeros."""
        try:
            if not _is_whole(self._file, size):
                self._stamps_file.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self._stamps_file}: cannot be deleted ({error.strerror}).") from error
        allocate(self._file, size, "the tokens")
        allocate(self._stamps_file, len(self._paths) * 8, "the tokens")

    def expect(self, images: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> None:
        """Nothing to begin early."""

    def get(self, images: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> tuple[Tensor, NDArray[np.bool_]]:
        """Tokens (N, T, C) float32 on the towers' device, and a mask (N,) of all."""
        found = torch.from_numpy(self._tokens[images, mirrored.astype(np.int64)])
        return found.to(self._towers.mean.device).float(), np.ones(len(images), np.bool_)

    def close(self) -> None:
        """Nothing is held but memory."""


class LiveFeatures:
    """Images read anew each time; tokens from the tower as it is then, or the pixels for it.

    Args:
        towers: the towers.
        paths: images by number.
        pixels: give pixels (N, height, width, 3) uint8, for a tower that is being trained.

    Attributes:
        failures: those that could not be read so far, by number.
    """

    def __init__(self, towers: Towers, paths: Sequence[Path], *, pixels: bool) -> None:
        self._towers = towers
        self._paths = paths
        self._pixels = pixels
        self._reader = Reader(towers.preprocess, _min_side(towers))
        self._expected: dict[int, Future[Pixels]] = {}
        self.failures: dict[int, DecodeError] = {}

    def expect(self, images: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> None:
        """Begin to read images that `get` will ask for; what was expected before, and is not now, is
        dropped, so that no more than one batch is held."""
        wanted = set(images.tolist())
        for number in self._expected.keys() - wanted:
            self._expected.pop(number).cancel()
        for number in wanted - self._expected.keys() - self.failures.keys():
            self._expected[number] = self._begin(number)

    def get(self, images: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> tuple[Tensor, NDArray[np.bool_]]:
        """Tokens or pixels of the images that could be read, and a mask (N,) of these."""
        wanted = set(images.tolist()) - self.failures.keys()
        begun = {n: self._expected.pop(n) if n in self._expected else self._begin(n) for n in wanted}
        read: dict[int, Pixels] = {}
        for number, future in begun.items():
            image = outcome(future)
            if isinstance(image, DecodeError):
                self.failures[number] = image
            else:
                read[number] = image
        kept = np.array([number in read for number in images.tolist()], np.bool_)
        shown_as = zip(images[kept].tolist(), mirrored[kept], strict=True)
        found = [read[number][:, ::-1] if flip else read[number] for number, flip in shown_as]
        height, width = self._towers.preprocessing.height, self._towers.preprocessing.width
        stacked = np.stack(found) if found else np.zeros((0, height, width, 3), np.uint8)
        shown = torch.from_numpy(stacked).to(self._towers.mean.device)
        return (shown if self._pixels or not found else image_tokens(self._towers, shown)), kept

    def close(self) -> None:
        """Stop reading ahead."""
        self._reader.close()
        self._expected.clear()

    def _begin(self, number: int) -> Future[Pixels]:
        return self._reader.submit(self._paths[number])


@torch.no_grad()
def image_tokens(towers: Towers, pixels: Tensor) -> Tensor:
    """(N, height, width, 3) uint8 → (N, T, C) of a frozen tower; in bfloat16 on CUDA."""
    with torch.autocast("cuda", torch.bfloat16, enabled=pixels.device.type == "cuda"):
        return towers.image(towers.normalise(pixels))[0].float()


def token_shape(towers: Towers) -> tuple[int, int]:
    """(T, C) of one image."""
    how = towers.preprocessing
    blank = torch.zeros(1, how.height, how.width, 3, dtype=torch.uint8, device=towers.mean.device)
    _, tokens, width = image_tokens(towers, blank).shape
    return tokens, width


def _min_side(towers: Towers) -> int:
    return 2 * max(towers.preprocessing.height, towers.preprocessing.width)


def _half(tokens: Tensor) -> NDArray[np.float16]:
    halves: NDArray[np.float16] = tokens.clamp(-_LARGEST_HALF, _LARGEST_HALF).half().cpu().numpy()
    return halves


def tower_state(towers: Towers) -> hashlib.blake2b:
    """A digest of the image tower and its preprocessing, to which more can be added."""
    state = hashlib.blake2b(repr(towers.preprocessing).encode(), digest_size=8)
    for tensor in towers.clip.visual.state_dict().values():
        state.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return state


def _digest(towers: Towers, paths: Sequence[Path]) -> str:
    """Changes with the image tower, its preprocessing, and the list of images."""
    state = tower_state(towers)
    for path in paths:
        state.update(os.fsencode(path) + b"\0")
    return state.hexdigest()


def _stamp(path: Path) -> int:
    """64 bits, two or more, that change when a file does."""
    try:
        info = path.stat()
        told = f"{info.st_size} {info.st_mtime_ns}"
    except OSError:
        told = "absent"
    return int.from_bytes(hashlib.blake2b(told.encode(), digest_size=8).digest(), "big") | 2


def allocate(path: Path, size: int, what: str) -> None:
    """Make a file of zeros with room for all of it on the disk, unless one of this size is there.

    Room that is only promised would be missed when a memory map is written to, which ends the process.

    Args:
        size: in bytes, not 0.
        what: is to be stored, for the message.

    Raises:
        StorageError: there is no room, or the file cannot be written.
    """
    try:
        if _is_whole(path, size):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            if hasattr(os, "posix_fallocate"):  # alone: a file has its whole size only when it has the room
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)  # or it would take up room that is needed
        raise StorageError(f"{path}: {what} cannot be stored ({error.strerror}). Free some space.") from error


def _is_whole(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
