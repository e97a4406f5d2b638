"""What all tests share: a home of their own, no warning unnoticed, and real photographs."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if processes := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    # or each of them would begin as many threads as there are cores
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(processes))))
if sys.platform == "win32":
    import torch  # noqa: F401  (does not load there once Qt is loaded, as pytest-qt does after this)

import hypothesis
import numpy as np
import pytest
from ordering import PHOTOGRAPHS, SHADES
from PIL import Image

if TYPE_CHECKING:
    from stand_in_hub import StandInHub

    from imagesorter.engine import Engine
    from imagesorter.model.ranker import Ranker
    from imagesorter.settings import Settings

hypothesis.settings.register_profile("imagesorter", deadline=None)
hypothesis.settings.load_profile("imagesorter")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Names of files that are no text go into logs and messages, but not from one process to another."""
    report = yield
    report.sections = [(name, _as_text(told)) for name, told in report.sections]
    if isinstance(report.longrepr, tuple):  # why it was skipped
        report.longrepr = tuple(map(_as_text, report.longrepr))
    elif (told := str(report.longrepr)) != _as_text(told):
        report.longrepr = _as_text(told)
    return report


def _as_text(told: Any) -> Any:
    return told.encode("utf-8", "backslashreplace").decode() if isinstance(told, str) else told


@pytest.fixture(autouse=True)
def imagesorter_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test finds or changes what the user has."""
    home = tmp_path / "home"
    monkeypatch.setenv("IMAGESORTER_HOME", str(home))
    return home


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def no_unexpected_warnings(request: pytest.FixtureRequest) -> Iterator[None]:
    """A logged warning or error fails the test, unless it takes `caplog` to look at the log itself."""
    kept = _Kept()
    log = logging.getLogger("imagesorter")
    log.addHandler(kept)
    yield
    log.removeHandler(kept)
    if kept.messages and "caplog" not in request.fixturenames:
        pytest.fail("logged:\n" + "\n".join(kept.messages))


@contextmanager
def _full_disk() -> Iterator[None]:
    import resource

    from imagesorter import sqlite

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sqlite, "_LEAST_FREE_BYTES", 2**63)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def full_disk() -> Callable[[], AbstractContextManager[None]]:
    """Inside what it returns, no file gets another byte."""
    if sys.platform == "win32":
        pytest.skip("cannot be made there")
    return _full_disk


@pytest.fixture(scope="session")
def sample() -> Image.Image:
    """A photograph of 451 × 300 pixels."""
    from skimage import data

    return Image.fromarray(data.chelsea())


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory, sample: Image.Image) -> Path:
    """A folder of real photographs, and of one in five brightnesses. Not to be changed."""
    from skimage import data

    folder = tmp_path_factory.mktemp("photos")
    for name in PHOTOGRAPHS:
        image = Image.fromarray(getattr(data, name)())
        image.thumbnail((640, 640))
        image.save(folder / f"{name}.jpg", quality=92)
    linear = (np.asarray(sample) / 255.0) ** 2.2
    for level, name in enumerate(SHADES):
        shade = (linear * 2.0 ** (level - 3.5)).clip(0, 1) ** (1 / 2.2)
        Image.fromarray((255 * shade).round().astype(np.uint8)).save(folder / f"{name}.jpg", quality=92)
    return folder


@pytest.fixture
def album(tmp_path: Path, photos: Path) -> Path:
    """Ten photographs, and a darker one of each."""
    from lessons import write_dark_and_light

    folder = tmp_path / "album"
    write_dark_and_light(photos, folder)
    return folder


@pytest.fixture(scope="session")
def ranker() -> Ranker:
    """The bundled model, loaded once."""
    from imagesorter.model.bundle import read_manifest
    from imagesorter.model.ranker import Ranker
    from imagesorter.paths import bundled_models

    return Ranker(read_manifest(bundled_models() / "pocket"), "cpu")


@pytest.fixture
def settings() -> Settings:
    from imagesorter.settings import Settings

    return Settings()


@pytest.fixture
def unloaded(imagesorter_home: Path, settings: Settings) -> Iterator[Engine]:
    """An engine before any work."""
    from imagesorter.engine import Engine
    from imagesorter.paths import Home

    engine = Engine(Home.under(imagesorter_home), settings)
    yield engine
    engine.close()


@pytest.fixture
def engine(unloaded: Engine, ranker: Ranker, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine whose loading of the model costs nothing."""
    monkeypatch.setattr("imagesorter.model.ranker.Ranker", lambda manifest, device: ranker)
    return unloaded


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInHub]:
    """A server that stands in for the hub; nothing waits between two tries, and a slow machine is no
    broken connection."""
    from stand_in_hub import serving

    with serving() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.address)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setattr("imagesorter.model.transfer.PAUSES", (0.0,) * 5)
        monkeypatch.setattr("imagesorter.model.transfer._READ_SECONDS", (60.0,) * 6)
        yield served


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """The command line in this process: arguments → exit code, what it printed, and its messages."""
    from imagesorter import cli

    monkeypatch.setattr(cli.logs, "set_up", lambda folder, verbose: None)
    monkeypatch.setattr(cli, "_show", lambda error: None)  # a dialog would wait for somebody

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            code = cli.run([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def unprivileged() -> AbstractContextManager[None]:
    """Inside it permissions count, also where the tests run as root."""
    if not hasattr(os, "seteuid"):
        pytest.skip("file permissions of this kind are Unix's")
    return _unprivileged()


@contextmanager
def _unprivileged() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
