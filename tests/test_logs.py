from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagesorter import logs


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """The package's logger, afterwards as it was."""
    log = logging.getLogger("imagesorter")
    before, level = list(log.handlers), log.level
    yield log
    for handler in set(log.handlers) - set(before):
        log.removeHandler(handler)
        handler.close()
    log.setLevel(level)


def test_the_log_goes_to_a_file(tmp_path: Path, log: logging.Logger, capsys: pytest.CaptureFixture[str]):
    logs.set_up(tmp_path / "logs")
    log.info("read %s", os.fsdecode(b"\xe9t\xe9.jpg"))
    log.debug("detail")
    written = (tmp_path / "logs" / "imagesorter.log").read_text("utf-8")
    assert "INFO imagesorter: read " in written
    assert ".jpg" in written
    assert "detail" not in written
    assert capsys.readouterr() == ("", "")


def test_verbose_prints_it_too(tmp_path: Path, log: logging.Logger, capsys: pytest.CaptureFixture[str]):
    logs.set_up(tmp_path, verbose=True)
    log.debug("detail")
    assert capsys.readouterr() == ("", "detail\n")


def test_a_library_that_sets_up_logging_has_nothing_printed(
    tmp_path: Path, log: logging.Logger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    logs.set_up(tmp_path)
    logging.basicConfig()
    log.info("something")
    assert capsys.readouterr() == ("", "")


def test_a_folder_that_cannot_be_written_stops_nothing(
    tmp_path: Path,
    log: logging.Logger,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
):
    (tmp_path / "file").touch()
    logs.set_up(tmp_path / "file" / "logs")
    log.warning("something")
    assert capsys.readouterr() == ("", "")


def test_a_disk_that_is_full_prints_no_tracebacks(
    tmp_path: Path, log: logging.Logger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    logs.set_up(tmp_path)
    (file,) = [each for each in log.handlers if isinstance(each, logging.FileHandler)]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file, "format", full)
    log.info("something")
    assert capsys.readouterr() == ("", "")
