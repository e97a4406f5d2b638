from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from index.fakes import FakeEncoder, stat
from numpy.typing import NDArray
from PIL import Image

from imagesorter.errors import StorageError
from imagesorter.events import Event, Finished, Indexed, Notice, Progress, Ranked, Unreadable
from imagesorter.index import reader
from imagesorter.index.store import ImageIndex
from imagesorter.library.files import ImageFile
from imagesorter.library.thumbnails import ThumbnailStore
from imagesorter.ranking import pipeline
from imagesorter.ranking.pipeline import Collection, run
from imagesorter.ranking.query import parse

GREYS = [90, 10, 250, 170, 50, 210, 130]
BEST_FIRST = [2, 5, 3, 6, 0, 4, 1]


class FakeModel(FakeEncoder):
    """Its score is the mean grey, and nothing at all for the phrase "nothing"."""

    name = "fake"

    def __init__(self, batch_size: int = 8) -> None:
        super().__init__()
        self.batch_size = batch_size

    def score(self, tokens: NDArray[np.float16], phrase: str) -> NDArray[np.float32]:
        grey = tokens[:, 0, 0].astype(np.float32)
        return np.where(grey > 200, np.nan, grey) if phrase == "nothing" else grey

    def deviation(self, phrase: str) -> float:
        return 1.0


class Bench:
    """A folder of grey pictures with the stores that a run needs."""

    def __init__(self, folder: Path, cap_bytes: int = 10**9) -> None:
        self.folder = folder / "photos"
        self.folder.mkdir()
        for k, grey in enumerate(GREYS):
            Image.new("L", (40, 30), grey).save(self.folder / f"{k}.png")
        self.index = ImageIndex(folder / "cache", cap_bytes)
        self.thumbnails = ThumbnailStore(folder / "cache", 10**9)
        self.model = FakeModel()

    def collection(self) -> Collection:
        """As after opening the folder anew."""
        return Collection([stat(path) for path in sorted(self.folder.iterdir())])

    def start(self, collection: Collection, query: str | None = "bright") -> Iterator[Event]:
        parsed = None if query is None else parse(query)
        return run(collection, self.model, self.index, self.thumbnails, parsed)

    def run(self, collection: Collection | None = None, query: str | None = "bright") -> list[Event]:
        return list(self.start(collection or self.collection(), query))

    def close(self) -> None:
        self.index.close()
        self.thumbnails.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def files_read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file was opened since."""
    counter: Counter[str] = Counter()
    read_seen = reader.read_seen

    def counted(path: Path, progress: Callable[[], None]) -> tuple[bytes, ImageFile]:
        counter[path.name] += 1
        return read_seen(path, progress)

    monkeypatch.setattr(reader, "read_seen", counted)
    return counter


def only(kind: type, events: list[Event]) -> list:
    return [event for event in events if isinstance(event, kind)]


def last_order(events: list[Event]) -> list[int]:
    ranking = only(Ranked, events)[-1]
    assert ranking.complete
    return ranking.file_ids.tolist()


def test_new_images_are_read_and_ordered(bench: Bench):
    collection = bench.collection()
    events = bench.run(collection)
    assert last_order(events) == BEST_FIRST
    ranking = only(Ranked, events)[-1]
    assert (ranking.query, ranking.model) == ("bright", "fake")
    assert ranking.scores.tolist() == sorted(GREYS, reverse=True)
    assert ranking.ranks.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert sorted(i for event in only(Indexed, events) for i in event.file_ids) == list(range(7))
    assert events[-1] == Finished(7, 0)
    assert sorted(collection.keys) == list(range(7))
    assert not bench.thumbnails.missing(list(collection.keys.values()))


def test_without_a_query_images_are_only_read(bench: Bench):
    events = bench.run(query=None)
    assert not only(Ranked, events)
    assert {event.stage for event in only(Progress, events)} == {"index"}
    assert bench.model.encoded == 7


def test_no_images_are_an_empty_order(bench: Bench):
    events = bench.run(Collection())
    assert last_order(events) == []
    assert events[-1] == Finished(0, 0)


@pytest.mark.parametrize("anew", [False, True], ids=["same list", "opened anew"])
def test_a_second_query_reads_no_file(bench: Bench, files_read: Counter[str], anew: bool):
    collection = bench.collection()
    bench.run(collection, None)
    assert set(files_read.values()) == {1}
    files_read.clear()
    events = bench.run(bench.collection() if anew else collection, "less bright")
    assert last_order(events) == BEST_FIRST[::-1]
    assert {event.stage for event in only(Progress, events)} == {"rank"}
    assert not files_read
    assert bench.model.encoded == 7


def test_closing_keeps_what_was_read(bench: Bench):
    bench.model = FakeModel(batch_size=1)
    events = bench.start(bench.collection())
    done = 0
    for event in events:
        done += len(event.file_ids) if isinstance(event, Indexed) else 0
        if done == 3:
            break
    events.close()  # type: ignore[attr-defined]
    assert bench.model.encoded == 3
    assert bench.index.usage()[0] == 3

    again = bench.run()
    assert last_order(again) == BEST_FIRST
    assert bench.model.encoded == 7


def test_a_broken_file_is_told_and_the_rest_goes_on(bench: Bench, files_read: Counter[str]):
    (bench.folder / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    collection = bench.collection()
    events = bench.run(collection)
    assert last_order(events) == [i for i in BEST_FIRST if i != 3]
    (unreadable,) = only(Unreadable, events)
    assert (unreadable.file_id, unreadable.path) == (3, bench.folder / "3.png")
    assert unreadable.reason
    assert events[-1] == Finished(6, 1)

    files_read.clear()
    assert only(Unreadable, bench.run(collection)) == [unreadable]
    assert not files_read, "a known failure was tried again"

    Image.new("L", (40, 30), 5).save(bench.folder / "3.png")
    repaired = bench.run()
    assert not only(Unreadable, repaired)
    assert last_order(repaired)[-1] == 3


@pytest.mark.parametrize("known", [False, True])
def test_pictures_without_a_score_miss_in_that_order_only(bench: Bench, known: bool):
    if known:
        bench.run(query=None)
    collection = bench.collection()
    for _ in range(2):
        events = bench.run(collection, "nothing")
        (notice,) = only(Notice, events)
        assert notice.text.startswith("Left out of this order: 2 of 7 photographs")
        assert "“nothing”" in notice.text
        assert "damaged" not in notice.text
        assert not only(Unreadable, events)
        assert last_order(events) == [i for i in BEST_FIRST if i not in (2, 5)]
        assert events[-1] == Finished(7, 0)
    assert not collection.failures
    events = bench.run(collection)
    assert last_order(events) == BEST_FIRST
    assert not only(Notice, events)


@pytest.mark.parametrize("known", [False, True])
def test_a_picture_off_which_no_numbers_are_read_is_told_as_such(
    bench: Bench, known: bool, monkeypatch: pytest.MonkeyPatch
):
    encode = bench.model.encode

    def spoilt(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        tokens = encode(pixels).copy()
        tokens[tokens == 250] = np.inf
        return tokens

    monkeypatch.setattr(bench.model, "encode", spoilt)
    if known:
        bench.run(query=None)
    events = bench.run()
    (unreadable,) = only(Unreadable, events)
    assert unreadable.file_id == 2 and "may be damaged" in unreadable.reason
    assert not only(Notice, events)
    assert events[-1] == Finished(6, 1)


def test_moved_files_are_not_given_to_the_model_again(bench: Bench):
    bench.run()
    for path in sorted(bench.folder.iterdir()):
        path.rename(bench.folder / f"moved-{path.name}")
    assert last_order(bench.run()) == BEST_FIRST
    assert bench.model.encoded == 7


def test_copies_are_read_once_and_tie(bench: Bench):
    (bench.folder / "7.png").write_bytes((bench.folder / "2.png").read_bytes())
    events = bench.run()
    ranking = only(Ranked, events)[-1]
    assert ranking.file_ids.tolist() == [2, 7, *BEST_FIRST[1:]]
    assert ranking.ranks.tolist()[:3] == [1, 1, 3]
    assert bench.model.encoded == 7


def test_a_changed_file_is_read_anew(bench: Bench, files_read: Counter[str]):
    bench.run()
    files_read.clear()
    Image.new("L", (44, 33), 255).save(bench.folder / "1.png")
    assert last_order(bench.run())[0] == 1
    assert files_read == {"1.png": 1}


def test_the_order_grows_while_images_are_read(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pipeline, "_SNAPSHOT_SECONDS", 0.0)
    bench.model = FakeModel(batch_size=2)
    rankings = only(Ranked, bench.run())
    sizes = [len(ranking.file_ids) for ranking in rankings]
    assert sizes == sorted(sizes)
    assert 0 < sizes[0] < sizes[-1] == 7
    assert [ranking.complete for ranking in rankings] == [False] * (len(rankings) - 1) + [True]


def test_lost_tokens_are_made_again(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.run()
    read_tokens = bench.index.read_tokens
    lost = [True]

    def torn(model: str, keys: list[bytes]) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
        tokens, found = read_tokens(model, keys)
        if lost.pop() if lost else False:
            found[2:4] = False
        return tokens, found

    monkeypatch.setattr(bench.index, "read_tokens", torn)
    events = bench.run()
    assert last_order(events) == BEST_FIRST
    assert sorted(i for event in only(Indexed, events) for i in event.file_ids) == list(range(7))


def test_a_full_disk_costs_no_order(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def full(*_: object) -> None:
        raise StorageError(f"The index cannot be written: {errno.errorcode[errno.ENOSPC]}.")

    monkeypatch.setattr(bench.index, "add", full)
    events = bench.run()
    assert last_order(events) == BEST_FIRST
    (notice,) = only(Notice, events)
    assert "ENOSPC" in notice.text
    assert notice.text.endswith(". The order is right, but these photographs will be read again.")


def test_a_full_cache_is_told(tmp_path: Path):
    bench = Bench(tmp_path, cap_bytes=1)
    events = bench.run()
    bench.close()
    assert last_order(events) == BEST_FIRST
    (notice,) = only(Notice, events)
    assert "Raise the cache limit" in notice.text


def test_a_blend_is_the_weighted_sum_of_its_terms(bench: Bench):
    ranking = only(Ranked, bench.run(query="2*bright - 0.5*light"))[-1]
    assert ranking.file_ids.tolist() == BEST_FIRST
    assert ranking.scores.tolist() == [1.5 * grey for grey in sorted(GREYS, reverse=True)]


def test_a_file_that_vanished_is_told(bench: Bench):
    collection = bench.collection()
    collection.files.append(ImageFile(bench.folder / "gone.png", 10, 10))
    events = bench.run(collection)
    assert [event.file_id for event in only(Unreadable, events)] == [7]
    assert last_order(events) == BEST_FIRST


def test_the_pace_is_that_of_the_last_seconds(monkeypatch: pytest.MonkeyPatch):
    now = [100.0]
    monkeypatch.setattr(pipeline, "time", SimpleNamespace(monotonic=lambda: now[0]))
    pace = pipeline._Pace("index", 1000)
    assert pace.step(0) == Progress("index", 0, 1000)
    now[0] += 0.1
    assert pace.step(5) == Progress("index", 5, 1000), "too early for a rate"
    for _ in range(20):
        now[0] += 1
        progress = pace.step(10)
    assert progress.per_second == pytest.approx(10, rel=0.1)
    for _ in range(20):
        now[0] += 1
        progress = pace.step(30)
    assert progress.per_second == pytest.approx(30)
    assert progress.seconds_left == pytest.approx((1000 - progress.done) / 30)


def test_what_was_read_before_counts_but_does_not_hurry_the_pace(monkeypatch: pytest.MonkeyPatch):
    now = [100.0]
    monkeypatch.setattr(pipeline, "time", SimpleNamespace(monotonic=lambda: now[0]))
    pace = pipeline._Pace("index", 1000, 800)
    assert pace.step(0) == Progress("index", 800, 1000)
    now[0] += 2
    assert pace.step(20) == Progress("index", 820, 1000, 10, 18)


def test_reading_on_is_counted_among_all_photographs(bench: Bench):
    collection = bench.collection()
    later = collection.files[4:]
    del collection.files[4:]
    bench.run(collection)
    collection.files.extend(later)
    counted = [p for p in only(Progress, bench.run(collection)) if p.stage == "index"]
    count = len(collection.files)
    assert (counted[0].done, counted[0].total) == (4, count)
    assert (counted[-1].done, counted[-1].total) == (count, count)
