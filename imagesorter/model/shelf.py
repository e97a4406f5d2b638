"""The models on this machine, and how one of the user's own appears and goes as a whole."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imagesorter.errors import ModelError
from imagesorter.model.bundle import MANIFEST, WORK_SUFFIX, Manifest, installed, read_manifest
from imagesorter.paths import bundled_models

LONGEST_NAME = 80
"""Characters of a model's name."""

_LONGEST_FOLDER = 200
"""Bytes of its folder's name: what is written beside it has a longer one, and file systems end at 255."""

_UNFINISHED = ".unfinished-"
_REMOVED = ".removed-"
_STALE_SECONDS = 3600.0

_UNUSABLE = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f-\x9f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""File names that Windows keeps for itself."""


class Shelf:
    """Models that come with the application, and the user's own below one folder. torch is not needed.

    Attributes:
        own: folder of the user's models; need not be there.
    """

    def __init__(self, own: Path) -> None:
        self.own = own

    def models(self) -> dict[str, Manifest]:
        """All that can be used, by name."""
        return installed(bundled_models(), self.own)

    def ids(self) -> dict[str, Manifest]:
        """All that can be used by id, see `Manifest.id`; a damaged one has none, nor have heads."""
        found: dict[str, Manifest] = {}
        for manifest in self.models().values():
            with suppress(ModelError):
                found |= {} if manifest.on else {manifest.id: manifest}
        return found

    def find(self, name: str) -> Manifest:
        """The model of a name, or in a folder.

        Raises:
            ModelError: it is damaged, or there is none; the message says which.
        """
        models = self.models()
        if name in models:
            return models[name]
        for folder in (bundled_models(), self.own):
            if any(path.name == name for path in folder.glob("*")):
                return read_manifest(folder / name)
        with suppress(OSError):  # too long for a path
            if (Path(name) / MANIFEST).is_file():
                return read_manifest(Path(name))
        raise ModelError(f"there is no model “{name}”. Installed: {', '.join(models) or 'none'}.")

    def base(self, manifest: Manifest) -> Manifest:
        """The model whose towers a model stands on: another one for a folder of heads, else itself.

        Raises:
            ModelError: it is not here, or is another version.
        """
        if not manifest.on:
            return manifest
        base = self.models().get(manifest.on)
        if base is None or base.digest() != manifest.digest():
            what = "which is not here" if base is None else "in a different version from the one here"
            raise ModelError(
                f"“{manifest.name}” needs the model “{manifest.on}”, {what}. Install that model again, "
                f"or remove “{manifest.name}” and import it again."
            )
        return base

    def heads(self, manifest: Manifest) -> tuple[Manifest, ...]:
        """Other folders of heads on the towers that a model stands on."""
        on = manifest.on or manifest.name
        return tuple(
            head
            for head in self.models().values()
            if head.on == on and head.fingerprint == manifest.fingerprint and head.name != manifest.name
        )


def check_name(name: str, models: Path) -> None:
    """Whether a new model may have a name, which becomes a folder below `models`.

    Raises:
        ModelError: it may not; the message says why.
    """
    if not name.strip():
        raise ModelError("the model needs a name. Type one, such as “counting”.")
    if len(name) > LONGEST_NAME:
        raise ModelError(f"a model's name has at most {LONGEST_NAME} characters; this one has {len(name)}.")
    check_length(name)
    if (bad := _UNUSABLE.search(name)) is not None:
        raise ModelError(f"“{name}” cannot be a model's name: {bad[0]!r} is not allowed in it.")
    if name != name.strip() or name.startswith((".", "-")) or name.endswith("."):
        raise ModelError(
            f"“{name}” cannot be a model's name: it may not begin with a dot or a hyphen, end with a dot, "
            "or have spaces at its ends."
        )
    if name.casefold().endswith(WORK_SUFFIX):
        raise ModelError(
            f"“{name}” cannot be a model's name: what ends with “{WORK_SUFFIX}” holds the work of a training."
        )
    if _DEVICES.fullmatch(name):
        raise ModelError(f"“{name}” cannot be a model's name: Windows reserves it. Choose another.")
    if name.casefold() in (taken.casefold() for taken in _names(bundled_models())):
        raise ModelError(f"“{name}” is the name of a model that comes with the application. Choose another.")
    if name.casefold() in (taken.casefold() for taken in _names(models)):
        raise ModelError(f"there is already a model “{name}”. Choose another name, or remove that one first.")


def check_length(name: str) -> None:
    """Whether a folder for a model, and those that are made beside it for a while, may have a name.

    Raises:
        ModelError: it is too long.
    """
    if (length := len(name.encode("utf-8", "surrogatepass"))) > _LONGEST_FOLDER:
        raise ModelError(
            f"the name of a model's folder has at most {_LONGEST_FOLDER} bytes; this one has {length}: "
            "choose a shorter one."
        )


@contextmanager
def new_model(name: str, models: Path) -> Iterator[Path]:
    """A folder to write a model into. It gets its name when the block has come to its end; where the
    block is left by an error, nothing stays.

    Raises:
        ModelError: the name cannot be had, or the folder cannot be written or moved.
    """
    check_name(name, models)
    try:
        models.mkdir(parents=True, exist_ok=True)
        _sweep(models)
        folder = Path(tempfile.mkdtemp(dir=models, prefix=_UNFINISHED))
    except OSError as error:
        raise ModelError(f"{models}: the folder of models cannot be written ({error.strerror}).") from error
    try:
        yield folder
        check_name(name, models)  # another process may have been faster
        try:
            folder.chmod(0o755)
            folder.rename(models / name)
        except OSError as error:  # Windows moves no folder in which another program has a file open
            raise ModelError(
                f"{models / name}: the model could not be put in its place ({error.strerror}). Close other "
                "programs that may be reading it, such as a virus scanner, and try again."
            ) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def remove_model(name: str, models: Path) -> None:
    """Delete one of the user's models, with what its training left beside it.

    Raises:
        ModelError: it comes with the application, is not there, or cannot be deleted.
    """
    own = _names(models)
    if name not in own:
        if name in _names(bundled_models()):
            raise ModelError(f"“{name}” comes with the application and stays.")
        raise ModelError(f"there is no model “{name}” to remove. Imported: {', '.join(own) or 'none'}.")
    folder = models / name
    try:
        if folder.is_symlink():
            folder.unlink()
            return
        doomed = models / f"{_REMOVED}{secrets.token_hex(8)}"  # no new folder: the disk may be full
        folder.rename(doomed)  # at once and whole, so that no half of a model is ever found
        shutil.rmtree(doomed)
        shutil.rmtree(models / (name + WORK_SUFFIX), ignore_errors=True)
    except OSError as error:
        raise ModelError(
            f"{folder}: the model could not be removed ({error.strerror}). Close other windows of the "
            "application that use it, and try again."
        ) from error


def _names(models: Path) -> list[str]:
    """Names of the folders below `models`."""
    try:
        return sorted(path.name for path in models.iterdir() if path.is_dir() and path.name[:1] != ".")
    except OSError:
        return []


def _sweep(models: Path) -> None:
    """Delete what killed processes have left behind; a living one writes every moment."""
    for folder in (*models.glob(f"{_UNFINISHED}*"), *models.glob(f"{_REMOVED}*")):
        with suppress(OSError):  # gone since
            latest = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
            if time.time() - latest > _STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
