"""What a study has finished, kept so that the same command goes on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from imagesorter.errors import StorageError
from imagesorter.events import Judged, Studied
from imagesorter.training.writing import write_whole

FILE = "study.json"


class Record:
    """Results and chosen learning rates of one study, in one file.

    Args:
        folder: of the file; made where it is missing.
        plan: all that decides the figures, as plain values.
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
            stored = self._read()
            if beside and isinstance(stored, dict) and stored.get("plan") != self._plan:
                self._path = folder / f"{self._path.stem}-{_digest(self._plan)}{self._path.suffix}"
                stored = self._read()
        except OSError as error:
            raise StorageError(f"{error.filename or folder}: cannot be used ({error.strerror}).") from error
        except ValueError as error:
            raise StorageError(f"{self._path} is damaged. Delete it to start again.") from error
        if stored is not None:
            self._take(stored)

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

    def _read(self) -> Any:
        return json.loads(self._path.read_text("utf-8")) if self._path.exists() else None

    def _take(self, stored: Any) -> None:
        try:
            plan, rates, studied = stored["plan"], stored["rates"], stored["studied"]
        except (TypeError, KeyError) as error:
            raise StorageError(f"{self._path} is damaged. Delete it to start again.") from error
        if plan != self._plan:
            changed = ", ".join(name for name in self._plan if plan.get(name) != self._plan[name])
            raise StorageError(
                f"{self._path} belongs to a study with other settings ({changed}). Name another folder with "
                "--work, or delete that file to start again."
            )
        self._rates, self._studied = rates, studied

    def _write(self) -> None:
        stored = {"plan": self._plan, "rates": self._rates, "studied": self._studied}
        try:
            write_whole(self._path, json.dumps(stored, indent=1, ensure_ascii=False) + "\n")
        except OSError as error:
            raise StorageError(
                f"{self._path}: cannot be written ({error.strerror}). Free some space."
            ) from error


def _digest(plan: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(plan, sort_keys=True).encode(), digest_size=8).hexdigest()
