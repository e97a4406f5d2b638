"""What a repository of the hub holds, and the words for what keeps it out of reach. torch is not needed.

`HF_ENDPOINT`, `HF_HUB_OFFLINE` and a stored token are honoured, as huggingface_hub documents them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import HfApi, hf_hub_url, is_offline_mode
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import build_hf_headers

from imagesorter import __version__
from imagesorter.errors import ModelError

CONNECT_SECONDS = 5.0
"""After which a server that does not answer counts as out of reach."""

_LIST_SECONDS = 15.0


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be downloaded.

    Attributes:
        name: within its repository.
        address: http or https.
        size: in bytes.
        sha256: 64 hex digits; None where only `blob` is known.
        blob: git's own digest of a small file, 40 hex digits of SHA-1 over a header and the content.
        headers: to send with a request.
    """

    name: str
    address: str
    size: int
    sha256: str | None = None
    blob: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What tells this content from any other."""
        return self.sha256 or self.blob or ""


@dataclass(frozen=True)
class Repository:
    """A repository at one commit, so that what is read later belongs together.

    Attributes:
        name: "owner/name".
        commit: 40 hex digits.
        files: by name.
    """

    name: str
    commit: str
    files: Mapping[str, RemoteFile]


def read_repository(name: str) -> Repository:
    """Ask the hub what a repository holds now: one request.

    Raises:
        ModelError: offline, the hub cannot be reached, or there is no such repository.
    """
    endpoint = (os.environ.get("HF_ENDPOINT") or "").rstrip("/") or None
    with told(name):
        require_network()
        info = HfApi(endpoint=endpoint).model_info(name, files_metadata=True, timeout=_LIST_SECONDS)
        commit = info.sha or "main"
        headers = build_hf_headers(library_name="imagesorter", library_version=__version__)
        files = {}
        for file in info.siblings or ():
            size = file.lfs.size if file.lfs else file.size
            if size is None or not (file.lfs or file.blob_id):
                continue
            address = hf_hub_url(name, file.rfilename, revision=commit, endpoint=endpoint)
            sha256 = file.lfs.sha256 if file.lfs else None
            files[file.rfilename] = RemoteFile(
                file.rfilename, address, size, sha256, None if sha256 else file.blob_id, headers
            )
    return Repository(name, commit, files)


def require_network() -> None:
    """Raise ModelError where the user has forbidden the network."""
    if is_offline_mode() or _set("HF_HUB_OFFLINE"):
        raise ModelError(
            "downloading is switched off: HF_HUB_OFFLINE is set. Unset it to download models; everything "
            "that is here already works without."
        )


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn whatever network and hub raise into a ModelError that says what can be done.

    Args:
        what: repository or address, to be named.
    """
    try:
        yield
    except ModelError:
        raise
    except (OfflineModeIsEnabled, GatedRepoError, RepositoryNotFoundError, HFValidationError) as error:
        raise ModelError(_refusal(error, what)) from error
    except HfHubHTTPError as error:
        raise ModelError(answered(error.response.status_code, what)) from error
    except httpx2.TransportError as error:
        raise ModelError(unreachable(error, what)) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{what}: the server's answer makes no sense ({error}). Try again later.") from error


def answered(status: int, what: str) -> str:
    """A sentence for an answer that brings no file."""
    if status in (404, 410):
        return f"{what}: there is no such file on the server any more. A newer version may know another."
    if status in (401, 403):
        return f"{what}: the server does not let this computer read it (HTTP {status})."
    if status == 429:
        return f"{what}: the server has had too many requests from here. Try again in a few minutes."
    return f"{what}: the server cannot provide it now (HTTP {status}). Try again later."


def unreachable(error: httpx2.TransportError, what: str) -> str:
    """A sentence for a connection that did not come about, or broke."""
    host = _host(error) or urlsplit(what).hostname or what
    if isinstance(error, httpx2.TimeoutException):
        return f"{host} does not answer. Check the connection, or try again later."
    if isinstance(error, httpx2.ConnectError | httpx2.ProxyError):
        return (
            f"{host} cannot be reached ({error}). Check the connection; all that is here already works "
            "without."
        )
    return f"The connection to {host} was lost."


def _refusal(error: Exception, what: str) -> str:
    if isinstance(error, GatedRepoError):
        return f"{what}: its owners ask you to accept their terms. Do so on the hub, and log in."
    if isinstance(error, RepositoryNotFoundError):
        return f"{what}: the hub has no such repository, or it is private. Check the spelling."
    if isinstance(error, HFValidationError):
        return f"{what}: this cannot be a repository on the hub. Name one as owner/name."
    return "downloading is switched off: HF_HUB_OFFLINE is set. Unset it to download models."


def _host(error: httpx2.TransportError) -> str:
    try:
        return error.request.url.host
    except RuntimeError:  # raised before there was a request
        return ""


def _set(name: str) -> bool:
    """Whether an environment variable says yes, as huggingface_hub reads it at its import."""
    return os.environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE")


def matching(repository: Repository, pattern: str) -> list[RemoteFile]:
    """Files at the top of a repository whose names match a regular expression as a whole."""
    return [file for name, file in repository.files.items() if re.fullmatch(pattern, name)]
