"""Errors that a user can do something about.

Every message is written for the person at the window: it names the file or the text
concerned and says what to do. Anything else that goes wrong is a bug and is left to
propagate with its traceback.
"""

from __future__ import annotations

from pathlib import Path


class ImagesorterError(Exception):
    """Base of all errors whose message is shown to the user as it stands."""


class DecodeError(ImagesorterError):
    """An image file that cannot be read.

    Attributes:
        path: the file.
        reason: one sentence that says what is wrong and, where there is one, the remedy.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class QueryError(ImagesorterError):
    """A typed query that cannot be understood."""


class ModelError(ImagesorterError):
    """A model that is missing, damaged, or does not fit this machine."""


class ExportError(ImagesorterError):
    """A file that could not be written; what was there before is untouched."""


class StorageError(ImagesorterError):
    """A file or folder of the application's own cannot be used: the index, thumbnails, what was taught, the
    work of a training (disk full, no permission, damaged, in use elsewhere)."""


class TeachingError(ImagesorterError):
    """Labels, a taught ranker or a ranker pack that cannot be used."""


class TrainingError(ImagesorterError):
    """A training that came to no good end; the message says what is kept of it."""


class UnfitError(ValueError):
    """What is stored cannot be what it should be; the message says why in a clause for people."""
