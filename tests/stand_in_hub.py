"""A local HTTP server that stands in for the hub, and fails as networks do."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"

LARGE = 10_000
"""Bytes from which a file is kept apart from git, with a SHA-256, behind a redirection to another host."""

_FLIPPED = bytes(byte ^ 1 for byte in range(256))


@dataclass
class Fault:
    """What goes wrong with one answer that should bring a file's content.

    Attributes:
        cut: bytes after which the connection is closed.
        status: answer this, and nothing else.
        flipped: one bit of every byte is wrong.
        whole: ranges are not known: the answer begins at the first byte.
        page: send this page instead, with `status` if there is one, as networks do that want a login.
        hold: after `cut` bytes, keep still until this is set.
    """

    cut: int | None = None
    status: int | None = None
    flipped: bool = False
    whole: bool = False
    page: bytes | None = None
    hold: threading.Event | None = None


class Content:
    """A file of a repository, with what the hub says of it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.blob = (
            hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest() if len(data) < LARGE else "0" * 40
        )

    @property
    def large(self) -> bool:
        return len(self.data) >= LARGE


@dataclass
class StandInHub:
    """Repositories by name, each a mapping of file names to contents.

    Attributes:
        faults: of the next answers with content; afterwards all goes well.
        requests: (method, path, headers) of all that was asked.
        sent: bytes of large files that were written.
        holding: set when an answer keeps still.
    """

    repositories: dict[str, dict[str, Content]] = field(default_factory=dict, repr=False)
    faults: deque[Fault] = field(default_factory=deque)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    sent: int = 0
    holding: threading.Event = field(default_factory=threading.Event)
    address: str = ""
    store: str = ""

    def put(self, repository: str, **files: bytes | Path | dict[str, Any]) -> None:
        """Add a repository; `__` in a keyword stands for the dot in a name."""
        self.repositories[repository] = {
            name.replace("__", "."): Content(_bytes(content)) for name, content in files.items()
        }

    def contents_asked(self) -> int:
        """How many requests asked for a file's content."""
        return sum("/store/" in path for _, path, _ in self.requests)

    def find(self, digest: str) -> bytes | None:
        """A large file by its SHA-256."""
        for files in self.repositories.values():
            for content in files.values():
                if content.sha256 == digest:
                    return content.data
        return None


@contextmanager
def serving() -> Iterator[StandInHub]:
    """The server on a port of its own, until the end of the block."""
    hub = StandInHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    server.daemon_threads = True
    port = server.server_address[1]
    hub.address, hub.store = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> int:
    """A port of this computer where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _bytes(content: bytes | Path | dict[str, Any]) -> bytes:
    if isinstance(content, Path):
        return content.read_bytes()
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def _listed(name: str, content: Content) -> dict[str, Any]:
    size = len(content.data)
    listed: dict[str, Any] = {"rfilename": name, "size": size, "blobId": content.blob}
    if content.large:
        listed["lfs"] = {"size": size, "sha256": content.sha256, "pointerSize": 134}
    return listed


def _handler(hub: StandInHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with suppress(ConnectionError):  # whoever asked is gone
                super().handle()

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            headers = {name.title(): value for name, value in self.headers.items()}
            hub.requests.append((self.command, path, headers))
            parts = path.strip("/").split("/")
            if parts[:2] == ["api", "models"]:
                self.tell_repository("/".join(parts[2:]))
            elif parts[0] == "store":
                self.send_content(hub.find(parts[1]))
            elif parts[2:3] == ["resolve"]:
                content = hub.repositories.get("/".join(parts[:2]), {}).get("/".join(parts[4:]))
                if content is not None and content.large:
                    self.answer(302, Location=f"{hub.store}/store/{content.sha256}")
                else:
                    self.send_content(content and content.data)
            else:
                self.answer(404)

        def tell_repository(self, name: str) -> None:
            files = hub.repositories.get(name)
            if files is None:
                self.answer(404, **{"X-Error-Code": "RepoNotFound"})
                return
            siblings = [_listed(file, content) for file, content in files.items()]
            body = json.dumps({"id": name, "sha": COMMIT, "private": False, "siblings": siblings}).encode()
            self.answer(200, body, **{"Content-Type": "application/json"})

        def send_content(self, content: bytes | None) -> None:
            fault = hub.faults.popleft() if hub.faults else Fault()
            if fault.page is not None:
                self.answer(fault.status or 200, fault.page)
                return
            if fault.status or content is None:
                self.answer(fault.status or 404)
                return
            start = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-")
            begin = 0 if fault.whole else int(start)
            if begin >= len(content) > 0:
                self.answer(416)
                return
            body = memoryview(content)[begin:]
            if fault.flipped:
                body = memoryview(content[begin:].translate(_FLIPPED))
            self.send_response(206 if begin else 200)
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.write(body if fault.cut is None else body[: fault.cut])
            if fault.hold is not None:
                hub.holding.set()
                fault.hold.wait(60)
            self.close_connection = fault.cut is not None

        def write(self, body: bytes | memoryview) -> None:
            try:
                for start in range(0, len(body), 65536):
                    portion = body[start : start + 65536]
                    self.wfile.write(portion)
                    hub.sent += len(portion) if "/store/" in self.path else 0
            except OSError:  # whoever asked is gone
                self.close_connection = True

        def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.write(body)

    return Handler
