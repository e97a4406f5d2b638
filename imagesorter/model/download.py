"""From an entry of the catalog to a model on the shelf; it appears there as a whole or not at all.

What is on its way lies in `.downloads/NAME` beside the models, laid out as the finished model is, and
becomes it by being renamed. It stays when the download is stopped or killed, and the next one goes on.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout

from imagesorter.errors import ModelError
from imagesorter.events import Event, ModelImported, Notice, Progress
from imagesorter.model.bundle import CLIP, CLIP_WEIGHTS, Manifest, write_manifest
from imagesorter.model.catalog import CatalogHead, CatalogModel
from imagesorter.model.hub import RemoteFile, Repository, matching, read_repository
from imagesorter.model.record import DOWNLOADS, arrived, sha256_of, write_record
from imagesorter.model.shelf import check_name
from imagesorter.model.storing import not_written, require_space
from imagesorter.model.tokenizer_rules import TOKENIZER_FILES, makes_tokenizer, tokenizer_options
from imagesorter.model.transfer import PART, fetch

CLIP_CONFIG = "open_clip_config.json"

_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors")
_RATE_SECONDS = 4.0


def discard(name: str, models: Path) -> None:
    """Delete an unfinished download.

    Raises:
        ModelError: it is running in another window or process.
    """
    with _alone(name, models) as folder:
        shutil.rmtree(folder, ignore_errors=True)


def download_model(entry: CatalogModel, models: Path) -> Iterator[Event]:
    """Download a model and put it on the shelf, or go on with that. Closed, it keeps what has arrived.

    Yields: Progress("download", …) in bytes, Notice, ModelImported.

    Raises:
        ModelError: the name is taken, the network or the repository cannot be had, there is no space,
            what arrived is wrong, or the download is running elsewhere.
    """
    yield Progress("download", 0, None, note="asking the hub")
    check_name(entry.name, models)
    with _alone(entry.name, models) as folder:
        repository = read_repository(entry.repository)
        weights = _weights(entry, repository)
        try:
            write_record(folder, repository.name)
            config = yield from _configuration(entry, repository, folder)
            files = [(weights, CLIP_WEIGHTS), *_tokenizer_files(config, repository)]
            require_space(folder, sum(file.size for file, _ in files) - arrived(folder))
            if len(files) > 1 and importlib.util.find_spec("transformers") is None:
                yield Notice(
                    f"“{entry.name}” needs the package “transformers” to read texts: pip install transformers"
                )
            digests = yield from _fetch_all(files, folder)
            _describe(entry, config, repository, digests, folder)
            check_name(entry.name, models)  # another process may have been faster
            folder.rename(models / entry.name)
        except OSError as error:
            raise not_written(models, weights.size, error, "get it again") from error
    yield ModelImported(entry.name, entry.title)


def download_head(head: CatalogHead, models: Path) -> Generator[Event, None, Path]:
    """Download the file of a head, or go on with that. Closed, it keeps what has arrived.

    Yields: Progress("download", …) in bytes.

    Returns:
        the file, its checksum right. It is the caller's to use and to `discard`.

    Raises:
        ModelError: as `download_model`.
    """
    yield Progress("download", 0)
    name = unquote(urlsplit(head.address).path.rpartition("/")[2])
    remote = RemoteFile(name, head.address, head.bytes, head.sha256)
    with _alone(head.name, models) as folder:
        try:
            require_space(folder, head.bytes - arrived(folder))
            yield from _fetch_all([(remote, name)], folder)
        except OSError as error:
            raise not_written(models, head.bytes, error, "get it again") from error
        return folder / name


@contextmanager
def _alone(name: str, models: Path) -> Iterator[Path]:
    """The folder of a download, which no other process has now.

    Raises:
        ModelError: one has it, or it cannot be written.
    """
    folder = models / DOWNLOADS / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(f"{name}.lock"), timeout=0)
        lock.acquire()
    except Timeout as error:
        raise ModelError(f"“{name}” is being downloaded already, in another window or command.") from error
    except OSError as error:
        raise ModelError(f"{models}: the folder of models cannot be written ({error.strerror}).") from error
    try:
        folder.mkdir(exist_ok=True)  # the holder before may have moved it away
        yield folder
    finally:
        if not arrived(folder):
            shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def _weights(entry: CatalogModel, repository: Repository) -> RemoteFile:
    for name in (entry.file,) if entry.file else _WEIGHTS:
        if name in repository.files:
            return repository.files[name]
    raise ModelError(
        f"{entry.repository}: this repository has no OpenCLIP weights that can be read safely (there is no "
        f"{entry.file or ' or '.join(_WEIGHTS)} in it). Choose another."
    )


def _configuration(
    entry: CatalogModel, repository: Repository, folder: Path
) -> Generator[Event, None, dict[str, Any]]:
    """The model's `open_clip_config.json`: by the catalog, else the repository's own, which is fetched."""
    if entry.architecture is not None:
        return {"model_cfg": open_clip_config(entry), "preprocess_cfg": dict(entry.preprocess)}
    file = repository.files.get(CLIP_CONFIG)
    if file is None:
        raise ModelError(f"{repository.name}: this is not an OpenCLIP model: it has no {CLIP_CONFIG}.")
    for _ in fetch(file, folder / CLIP_CONFIG):
        yield Progress("download", 0)
    try:
        config: dict[str, Any] = json.loads((folder / CLIP_CONFIG).read_text("utf-8"))
        text = config["model_cfg"]["text_cfg"]
        config["model_cfg"]["vision_cfg"], config["model_cfg"]["embed_dim"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{repository.name}: its {CLIP_CONFIG} is not that of an OpenCLIP model.") from error
    if "hf_model_name" in text:
        raise ModelError(
            f"{repository.name}: models with a text tower of Hugging Face's transformers cannot be used. "
            "Choose one whose text tower is OpenCLIP's own."
        )
    try:
        tokenizer_options(text)
    except ModelError as error:
        raise ModelError(f"{repository.name}: {error}") from error
    return config


def open_clip_config(entry: CatalogModel) -> dict[str, Any]:
    """OpenCLIP's configuration of a catalog model's architecture, read beside the package: importing it
    would import torch, which takes seconds.

    Raises:
        ModelError: this OpenCLIP does not know it.
    """
    spec = importlib.util.find_spec("open_clip")
    try:
        assert spec is not None and spec.origin is not None
        path = Path(spec.origin).parent / "model_configs" / f"{entry.architecture}.json"
        config: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (AssertionError, OSError, ValueError) as error:
        raise ModelError(
            f"the installed OpenCLIP does not know {entry.architecture}. Install the application again."
        ) from error
    if entry.quick_gelu:
        config["quick_gelu"] = True
    return config


def _tokenizer_files(config: dict[str, Any], repository: Repository) -> list[tuple[RemoteFile, str]]:
    """Files of a tokenizer that is not OpenCLIP's own, with their names in the model's folder."""
    if not config["model_cfg"]["text_cfg"].get("hf_tokenizer_name"):
        return []
    files = matching(repository, TOKENIZER_FILES)
    if not makes_tokenizer(file.name for file in files):
        raise ModelError(
            f"{repository.name}: this repository lacks the files of the model's tokenizer (there is no "
            "tokenizer.json in it). Choose another."
        )
    return [(file, file.name) for file in files]


def _fetch_all(files: list[tuple[RemoteFile, str]], folder: Path) -> Generator[Event, None, dict[str, str]]:
    """Download files one after the other. Returns their SHA-256 by name in the folder."""
    total = sum(file.size for file, _ in files)
    rate = _Rate()
    digests: dict[str, str] = {}
    before = 0
    for file, name in files:
        arriving = fetch(file, folder / name)
        while True:
            try:
                have = before + next(arriving)
            except StopIteration as end:
                digests[name] = end.value
                break
            per_second = rate.at(have)
            left = (total - have) / per_second if per_second else None
            yield Progress("download", have, total, per_second, left)
        before += file.size
    return digests


class _Rate:
    """Bytes a second over the last few seconds."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, int]] = []

    def at(self, have: int) -> float | None:
        """The rate now; None in the first moments."""
        now = time.monotonic()
        if self._seen and have < self._seen[-1][1]:
            self._seen.clear()
        if not self._seen or now - self._seen[-1][0] >= 0.1:
            self._seen.append((now, have))
        while len(self._seen) > 2 and now - self._seen[0][0] > _RATE_SECONDS:
            del self._seen[0]
        elapsed = now - self._seen[0][0]
        return (have - self._seen[0][1]) / elapsed if elapsed > 0.5 else None


def _describe(
    entry: CatalogModel,
    config: dict[str, Any],
    repository: Repository,
    digests: dict[str, str],
    folder: Path,
) -> None:
    """Write all that makes a folder of weights a model, and delete what does not belong to it."""
    text = json.dumps(config, indent=1) + "\n"
    (folder / CLIP_CONFIG).write_text(text, "utf-8", newline="\n")  # part of the fingerprint, on any system
    kept = digests | {CLIP_CONFIG: sha256_of(folder / CLIP_CONFIG)}
    write_record(folder, repository.name, repository.commit, kept)
    fingerprint = hashlib.sha256("".join(kept[name] for name in sorted(kept)).encode()).hexdigest()[:16]
    write_manifest(
        Manifest(
            folder=folder,
            name=entry.name,
            title=entry.title,
            description=entry.good_for,
            clip_config=CLIP_CONFIG,
            adapter={},
            attributes=(),
            vocabulary=frozenset(),
            kind=CLIP,
            fingerprint=fingerprint,
            zero_shot=True,
        )
    )
    for path in folder.glob(f"*{PART}"):
        path.unlink()
