"""What a study has finished, kept so that the same command goes on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from imagesorter.errors import StorageError
from imagesorter.events import Judged, Studied
from imagesorter.whole import write_text

FILE = "study.json"
_PARTS = ("plan", "rates", "studied")


class Record:
    """Results and chosen learning rates of one study, in one file.

    Nothing is known of what was finished before `open`.

    Args:
        folder: of the file; made where it is missing.
        plan: all that decides the figures but for the photographs, as plain values.
        beside: where the folder holds a study of another plan, keep this one beside it.

    Raises:
        StorageError: the folder cannot be used, or belongs to another study.
    """

    def __init__(self, folder: Path, plan: dict[str, Any], *, beside: bool = False) -> None:
        self._path = folder / FILE
        self._plan: dict[str, Any] = json.loads(json.dumps(plan))
        self._rates: dict[str, float] = {}
        self._studied: dict[str, dict[str, Any]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{error.filename or folder}: cannot be used ({error.strerror}).") from error
        stored = self._read()
        if stored and not beside:  # before hours of reading
            self._check(stored)

    def open(self, photographs: str) -> None:
        """Take over what was finished with the same photographs. A study of others is kept beside that: who
        corrects an image may give the same command again.

        Args:
            photographs: changes with those that could be read.

        Raises:
            StorageError: the file cannot be used.
        """
        self._plan["photographs"] = photographs
        stored = self._read()
        if stored and self._changed(stored):
            self._path = self._path.with_name(f"{self._path.stem}-{_digest(self._plan)}{self._path.suffix}")
            stored = self._read()
        if stored:
            self._check(stored)
            self._rates, self._studied = stored["rates"], stored["studied"]

    def rate(self, method: str) -> float | None:
        """The learning rate that was chosen for a method."""
        return self._rates.get(method)

    def keep_rate(self, method: str, rate: float) -> None:
        """Raises StorageError where it cannot be written."""
        self._rates[method] = rate
        self._write()

    def studied(self, method: str, seed: int) -> Studied | None:
        """A result of before."""
        stored = self._studied.get(f"{method} {seed}")
        if stored is None:
            return None
        return Studied(**stored | {"judged": tuple(Judged(**one) for one in stored["judged"])})

    def keep(self, result: Studied) -> None:
        """Raises StorageError where it cannot be written."""
        self._studied[f"{result.method} {result.seed}"] = asdict(result)
        self._write()

    def _read(self) -> dict[str, dict[str, Any]] | None:
        try:
            stored = json.loads(self._path.read_text("utf-8")) if self._path.exists() else None
            if stored is not None and not all(isinstance(stored[name], dict) for name in _PARTS):
                raise ValueError
        except OSError as error:
            raise StorageError(f"{self._path}: cannot be used ({error.strerror}).") from error
        except (ValueError, TypeError, KeyError) as error:
            raise StorageError(f"{self._path} is damaged. Delete it to start again.") from error
        return stored

    def _changed(self, stored: dict[str, dict[str, Any]]) -> list[str]:
        """Names of what this plan says otherwise."""
        return [name for name in self._plan if stored["plan"].get(name) != self._plan[name]]

    def _check(self, stored: dict[str, dict[str, Any]]) -> None:
        if changed := self._changed(stored):
            raise StorageError(
                f"{self._path} belongs to a study with other settings ({', '.join(changed)}). Name another "
                "folder with --work, or delete that file to start again."
            )

    def _write(self) -> None:
        stored = {"plan": self._plan, "rates": self._rates, "studied": self._studied}
        try:
            write_text(self._path, json.dumps(stored, indent=1, ensure_ascii=False) + "\n")
        except OSError as error:
            raise StorageError(
                f"{self._path}: cannot be written ({error.strerror}). Free some space."
            ) from error


def _digest(plan: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(plan, sort_keys=True).encode(), digest_size=8).hexdigest()
