from __future__ import annotations

import hashlib
import os
import random
import threading
from pathlib import Path

import pytest
from stand_in_hub import Fault, StandInHub, closed_port

from imagesorter.errors import ModelError
from imagesorter.model.hub import RemoteFile, read_repository
from imagesorter.model.transfer import PAUSES, fetch, part_of

CONTENT = random.Random(1).randbytes(3_000_000)
NAME = "open_clip_model.safetensors"


@pytest.fixture
def remote(hub: StandInHub) -> RemoteFile:
    hub.put("tests/clip", open_clip_model__safetensors=CONTENT, README__md=b"A model.")
    return read_repository("tests/clip").files[NAME]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder / "clip.safetensors"


def ranges(hub: StandInHub) -> list[str | None]:
    """The ranges that were asked for, one for each connection to the content."""
    return [headers.get("Range") for _, path, headers in hub.requests if "/store/" in path]


def left(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def test_what_the_hub_says_of_a_file(hub: StandInHub, remote: RemoteFile):
    assert (remote.size, remote.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    small = read_repository("tests/clip").files["README.md"]
    assert small.sha256 is None and len(small.blob or "") == 40


def test_a_file_arrives_whole(hub: StandInHub, remote: RemoteFile, target: Path):
    counts = list(fetch(remote, target))
    assert target.read_bytes() == CONTENT
    assert counts == sorted(counts) and counts[-1] == len(CONTENT) and len(counts) > 10
    assert left(target) == ["clip.safetensors"]
    assert hub.sent == len(CONTENT)


def test_a_small_file_is_checked_with_gits_own_digest(hub: StandInHub, remote: RemoteFile, target: Path):
    small = read_repository("tests/clip").files["README.md"]
    list(fetch(small, target))
    assert target.read_bytes() == b"A model."
    hub.faults.append(Fault(flipped=True))
    with pytest.raises(ModelError, match="wrong checksum"):
        list(fetch(small, target.with_name("other")))


def test_a_token_does_not_leave_the_hub(hub: StandInHub, target: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    hub.put("tests/clip", open_clip_model__safetensors=CONTENT)
    list(fetch(read_repository("tests/clip").files[NAME], target))
    sent = {path.split("/")[1]: headers.get("Authorization") for _, path, headers in hub.requests}
    assert sent["tests"] == "Bearer hf_secret"
    assert sent["store"] is None


def test_cut_connections_are_taken_up_again(hub: StandInHub, remote: RemoteFile, target: Path):
    hub.faults.extend([Fault(cut=500_000), Fault(cut=0), Fault(status=503), Fault(cut=700_000)])
    list(fetch(remote, target))
    assert target.read_bytes() == CONTENT
    assert ranges(hub) == [None, "bytes=500000-", "bytes=500000-", "bytes=500000-", "bytes=1200000-"]
    assert hub.sent == len(CONTENT)


def test_a_connection_that_brings_nothing_is_given_up_in_the_end(
    hub: StandInHub, remote: RemoteFile, target: Path
):
    hub.faults.append(Fault(cut=500_000))
    hub.faults.extend([Fault(cut=0)] * (len(PAUSES) + 1))
    with pytest.raises(
        ModelError,
        match=r"connection to localhost was lost\. 0 MB of 3 have arrived and are kept: get it again",
    ):
        list(fetch(remote, target))
    assert part_of(target, remote).read_bytes() == CONTENT[:500_000]
    assert not target.exists()
    list(fetch(remote, target))
    assert target.read_bytes() == CONTENT
    assert hub.sent == len(CONTENT)


def test_a_server_without_ranges_is_read_from_the_beginning(
    hub: StandInHub, remote: RemoteFile, target: Path
):
    hub.faults.extend([Fault(cut=2_000_000), Fault(whole=True)])
    list(fetch(remote, target))
    assert target.read_bytes() == CONTENT


def test_a_server_that_begins_anew_and_breaks_off_at_once_is_asked_from_the_beginning(
    hub: StandInHub, remote: RemoteFile, target: Path
):
    hub.faults.extend([Fault(cut=2_000_000), Fault(whole=True, cut=0)])
    list(fetch(remote, target))
    assert target.read_bytes() == CONTENT
    assert ranges(hub) == [None, "bytes=2000000-", None]


def test_what_a_server_says_of_a_range_beyond_the_end_is_no_part_of_the_file(
    hub: StandInHub, remote: RemoteFile, target: Path, monkeypatch: pytest.MonkeyPatch
):
    hub.faults.extend([Fault(cut=2_000_000), Fault(status=416, page=b"Range Not Satisfiable")])
    list(fetch(remote, target))
    assert target.read_bytes() == CONTENT
    assert ranges(hub) == [None, "bytes=2000000-", None]


def test_a_silent_server_counts_as_a_broken_connection(
    hub: StandInHub, remote: RemoteFile, target: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("imagesorter.model.transfer._READ_SECONDS", (0.1,) * 6)
    release = threading.Event()
    hub.faults.append(Fault(cut=400_000, hold=release))
    try:
        list(fetch(remote, target))
    finally:
        release.set()
    assert target.read_bytes() == CONTENT
    assert ranges(hub) == [None, "bytes=400000-"]


def test_wrong_bytes_are_deleted_and_not_used(hub: StandInHub, remote: RemoteFile, target: Path):
    hub.faults.append(Fault(flipped=True))
    with pytest.raises(ModelError, match=r"wrong checksum\). It was deleted"):
        list(fetch(remote, target))
    assert left(target) == []
    list(fetch(remote, target))
    assert target.read_bytes() == CONTENT


def test_wrong_bytes_of_an_earlier_time_are_found(hub: StandInHub, remote: RemoteFile, target: Path):
    part_of(target, remote).write_bytes(b"x" * 1_000_000)
    with pytest.raises(ModelError, match="wrong checksum"):
        list(fetch(remote, target))
    part_of(target, remote).write_bytes(b"x" * 4_000_000)
    with pytest.raises(ModelError, match="wrong checksum"):
        list(fetch(remote, target))
    assert left(target) == []


def test_a_page_of_the_network_is_no_file(hub: StandInHub, remote: RemoteFile, target: Path):
    list(zip(fetch(remote, target), range(5), strict=False))
    hub.faults.append(Fault(page=b"<html>Please log in</html>"))
    before = part_of(target, remote).stat().st_size
    assert before > 0
    with pytest.raises(ModelError, match=r"something other than the promised file.*asks for a login"):
        list(fetch(remote, target))
    assert part_of(target, remote).stat().st_size == before
    list(fetch(remote, target))
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("status", "says"), [(404, "no such file"), (403, "does not let"), (418, "HTTP 418")]
)
def test_a_refusal_is_told_at_once(hub: StandInHub, remote: RemoteFile, target: Path, status: int, says: str):
    hub.faults.append(Fault(status=status))
    with pytest.raises(ModelError, match=says):
        list(fetch(remote, target))
    assert hub.contents_asked() == 1


def test_another_content_begins_anew(hub: StandInHub, remote: RemoteFile, target: Path):
    """Bytes of an earlier version are not mixed with those of a later one."""
    hub.faults.extend([Fault(cut=500_000), *[Fault(cut=0)] * 6])
    with pytest.raises(ModelError, match="was lost"):
        list(fetch(remote, target))
    other = CONTENT[::-1]
    hub.put("tests/clip", open_clip_model__safetensors=other)
    list(fetch(read_repository("tests/clip").files[NAME], target))
    assert target.read_bytes() == other
    assert left(target) == ["clip.safetensors"]


def test_a_file_that_is_there_is_read_not_fetched(hub: StandInHub, remote: RemoteFile, target: Path):
    target.write_bytes(CONTENT)
    list(fetch(remote, target))
    assert hub.contents_asked() == 0
    target.write_bytes(CONTENT[:-1] + b"?")
    list(fetch(remote, target))
    assert target.read_bytes() == CONTENT


def test_fifty_stops_at_random_moments(hub: StandInHub, remote: RemoteFile, target: Path):
    """By the user, between two portions, or by the network: the next begins where the last one ended."""
    chance = random.Random(5)
    stops = 0
    while stops < 50:
        if chance.random() < 0.5:
            hub.faults.append(Fault(cut=chance.randrange(100_000)))
            hub.faults.extend([Fault(cut=0)] * (len(PAUSES) + 1))
            with pytest.raises(ModelError, match="was lost"):
                list(fetch(remote, target))
        else:
            hub.faults.append(Fault(cut=chance.randrange(100_000), status=None))
            arriving = fetch(remote, target)
            for _ in range(chance.randrange(1, 8)):
                next(arriving)
            arriving.close()
        hub.faults.clear()
        stops += 1
        assert not target.exists()
        part = part_of(target, remote).read_bytes()
        assert part == CONTENT[: len(part)]
        if len(part) > 2_500_000:  # near the end the next stop could come too late
            part_of(target, remote).write_bytes(part[: chance.randrange(1_000_000)])
    list(fetch(remote, target))
    assert target.read_bytes() == CONTENT
    assert left(target) == ["clip.safetensors"]


def test_offline_is_said_at_once(hub: StandInHub, remote: RemoteFile, target: Path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asked = len(hub.requests)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        list(fetch(remote, target))
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        read_repository("tests/clip")
    assert len(hub.requests) == asked


def test_a_hub_out_of_reach(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(ModelError, match=r"127\.0\.0\.1 cannot be reached .*already works without"):
        read_repository("tests/clip")


@pytest.mark.parametrize(
    ("name", "says"), [("tests/absent", "no such repository"), ("a b/c", "cannot be a repository")]
)
def test_no_such_repository(hub: StandInHub, name: str, says: str):
    with pytest.raises(ModelError, match=says):
        read_repository(name)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(remote: RemoteFile, target: Path):
    target.parent.chmod(0o500)
    try:
        with pytest.raises(OSError):
            list(fetch(remote, target))
    finally:
        target.parent.chmod(0o700)
