from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_engine import FakeEngine, Stream, ranked

from imagesorter.errors import ModelError, QueryError, StorageError
from imagesorter.events import FilesFound, Finished, Indexed, ModelReady, Notice, Opened, Unreadable
from imagesorter.gui.activity import Activity
from imagesorter.gui.session import Session
from imagesorter.settings import Settings


class Bench:
    """A session with a scripted engine and a record of its signals."""

    def __init__(self, qtbot) -> None:
        self.qtbot = qtbot
        self.engine = FakeEngine(automatic=False)
        self.settings = self.engine.settings = Settings()
        self.session = Session(lambda: self.engine, self.settings)
        self.heard: dict[str, list] = {}
        for name in (
            "files_found", "opened", "indexed", "unreadable", "ranked", "notice", "model_ready",
            "query_refused", "failed", "activity_changed", "folder_reset",
        ):  # fmt: skip
            heard = self.heard[name] = []
            getattr(self.session, name).connect(lambda *args, heard=heard: heard.append(args))

    def stream(self, name: str, number: int = 1) -> Stream:
        """The `number`th generator of that name, as soon as it runs."""

        def found() -> Stream | None:
            named = [s for s in self.engine.streams if s.name == name]
            return named[number - 1] if len(named) >= number and named[number - 1].started.is_set() else None

        self.qtbot.waitUntil(lambda: found() is not None)
        stream = found()
        assert stream is not None
        return stream

    def open(self, count: int = 3, number: int = 1) -> None:
        self.session.open([Path("/photos")])
        paths = tuple(Path(f"/photos/{k}.jpg") for k in range(count))
        self.stream("open", number).end(FilesFound(0, paths), Opened(count, 0), Finished(count, 0))
        self.qtbot.waitUntil(lambda: len(self.heard["opened"]) == number)

    def wait(self, activity: Activity) -> None:
        self.qtbot.waitUntil(lambda: self.session.activity is activity)


@pytest.fixture
def bench(qtbot) -> Iterator[Bench]:
    bench = Bench(qtbot)
    yield bench
    bench.session.close()


def test_an_opened_folder_is_read_without_a_query(bench):
    bench.open()
    bench.stream("index").end(Indexed((0, 1, 2), ("", "", "")), Finished(3, 0))
    bench.wait(Activity.IDLE)
    assert bench.engine.names() == ["open", "index"]
    assert bench.heard["indexed"][0][0].file_ids == (0, 1, 2)


def test_the_engine_lives_on_one_other_thread(bench):
    bench.open()
    bench.stream("index")
    assert bench.engine.thread != threading.get_ident()
    first = bench.engine.thread
    bench.session.sort("sharper")
    bench.stream("rank")
    assert bench.engine.thread == first


def test_a_query_takes_over_from_reading_and_ends_it(bench):
    bench.open()
    index = bench.stream("index")
    bench.session.sort("sharper")
    rank = bench.stream("rank")
    assert index.closed.is_set()
    assert not index.ended
    assert rank.arguments == ("sharper",)
    rank.end(ranked([2, 1, 0]), Finished(3, 0))
    bench.wait(Activity.IDLE)
    assert bench.engine.names() == ["open", "index", "rank"]


def test_a_query_typed_while_scanning_waits_for_the_files(bench):
    bench.session.open([Path("/photos")])
    opening = bench.stream("open")
    bench.session.sort("sharper")
    assert not opening.closed.is_set()
    opening.end(FilesFound(0, (Path("/photos/a.jpg"),)), Opened(1, 0), Finished(1, 0))
    assert bench.stream("rank").arguments == ("sharper",)


def test_a_query_typed_while_the_model_loads_waits_for_it(bench):
    bench.session.choose_model()
    loading = bench.stream("load_model")
    bench.session.open([Path("/photos")])
    bench.session.sort("sharper")
    assert not loading.closed.is_set()
    loading.end(ModelReady("pocket", "Pocket", "cpu"), Finished(1, 0))
    opening = bench.stream("open")
    opening.end(FilesFound(0, (Path("/photos/a.jpg"),)), Opened(1, 0), Finished(1, 0))
    bench.stream("rank")
    assert bench.engine.names() == ["load_model", "open", "rank"]
    assert len(bench.heard["model_ready"]) == 1


def test_events_of_a_replaced_query_are_dropped(bench):
    bench.open()
    bench.session.sort("sharper")
    stale = bench.stream("rank")
    bench.session.sort("darker")
    stale.put(ranked([0, 1, 2], query="sharper"), Notice("stale"))
    bench.stream("rank", 2).end(ranked([2, 1, 0], query="darker"), Finished(3, 0))
    bench.wait(Activity.IDLE)
    assert [r.query for (r,) in bench.heard["ranked"]] == ["darker"]
    assert bench.heard["notice"] == []


def test_what_a_replaced_job_has_read_is_not_lost(bench):
    bench.open()
    reading = bench.stream("index")
    reading.put(Indexed((1,), ("",)), Unreadable(2, Path("/photos/2.jpg"), "empty"))
    bench.qtbot.waitUntil(lambda: reading.drained)
    bench.session.sort("sharper")
    bench.stream("rank").end(ranked([0, 1]), Finished(3, 1))
    bench.wait(Activity.IDLE)
    assert [i.file_ids for (i,) in bench.heard["indexed"]] == [(1,)]
    assert [u.file_id for (u,) in bench.heard["unreadable"]] == [2]


def test_events_of_another_folder_are_dropped(bench):
    bench.open()
    reading = bench.stream("index")
    bench.session.open([Path("/others")])
    reading.put(Indexed((1,), ("",)), Unreadable(2, Path("/photos/2.jpg"), "empty"))
    bench.stream("open", 2)
    bench.qtbot.waitUntil(reading.closed.is_set)
    bench.stream("open", 2).end(FilesFound(0, (Path("/others/a.jpg"),)), Opened(1, 0), Finished(1, 0))
    bench.stream("index", 2).end(Finished(1, 0))
    bench.wait(Activity.IDLE)
    assert bench.heard["indexed"] == []
    assert bench.heard["unreadable"] == []


def test_cancel_keeps_what_is_done_and_resume_goes_on(bench):
    bench.open()
    bench.session.sort("sharper")
    rank = bench.stream("rank")
    rank.put(ranked([1, 0], complete=False))
    bench.qtbot.waitUntil(lambda: len(bench.heard["ranked"]) == 1)
    bench.session.cancel()
    assert bench.session.activity is Activity.STOPPED
    bench.qtbot.waitUntil(rank.closed.is_set)
    bench.session.resume()
    bench.stream("rank", 2).end(ranked([2, 1, 0]), Finished(3, 0))
    bench.wait(Activity.IDLE)
    assert len(bench.heard["ranked"]) == 2


def test_cancelling_a_scan_and_going_on_scans_anew(bench):
    bench.session.open([Path("/photos")])
    bench.stream("open").put(FilesFound(0, (Path("/photos/a.jpg"),)))
    bench.qtbot.waitUntil(lambda: len(bench.heard["files_found"]) == 1)
    bench.session.cancel()
    resets = len(bench.heard["folder_reset"])
    bench.session.resume()
    bench.stream("open", 2)
    assert len(bench.heard["folder_reset"]) == resets + 1


def test_a_refused_query_is_told_and_reading_goes_on(bench):
    bench.open()
    bench.stream("index")
    bench.session.sort("+++")
    bench.stream("rank").fail(QueryError("Nothing to sort by."))
    bench.stream("index", 2)
    assert bench.heard["query_refused"] == [("Nothing to sort by.",)]
    assert bench.heard["failed"] == []
    assert bench.session.query is None


def test_a_refused_query_gives_way_to_the_unfinished_one_before(bench):
    bench.open()
    bench.session.sort("sharper")
    bench.stream("rank")
    bench.session.sort("+++")
    bench.stream("rank", 2).fail(QueryError("Nothing to sort by."))
    assert bench.stream("rank", 3).arguments == ("sharper",)


def test_a_known_error_is_told_as_it_stands(bench):
    bench.open()
    bench.stream("index").fail(StorageError("The disk is full. Free some space."))
    bench.wait(Activity.STOPPED)
    assert bench.heard["failed"] == [("The disk is full. Free some space.", "")]


def test_an_unforeseen_error_comes_with_its_traceback_and_a_log_entry(bench, caplog):
    bench.open()
    bench.stream("index").fail(ZeroDivisionError("surprise"))
    bench.wait(Activity.STOPPED)
    ((message, details),) = bench.heard["failed"]
    assert "surprise" not in message
    assert "ZeroDivisionError: surprise" in details
    assert "Traceback" in details
    assert any(record.exc_info for record in caplog.records)
    bench.session.resume()
    bench.stream("index", 2)


def test_an_engine_that_cannot_be_made_is_told_and_tried_again(qtbot):
    engine = FakeEngine()
    answers: list = [StorageError("The cache folder cannot be written."), engine]

    def factory():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    session = Session(factory, Settings())
    failures: list = []
    session.failed.connect(lambda message, details: failures.append(message))
    session.choose_model()
    qtbot.waitUntil(lambda: session.activity is Activity.STOPPED)
    assert failures == ["The cache folder cannot be written."]
    session.resume()
    qtbot.waitUntil(lambda: session.activity is Activity.IDLE)
    assert engine.names() == ["load_model"]
    session.close()


def test_a_new_model_brings_the_order_up_to_date(bench):
    bench.open()
    bench.session.sort("sharper")
    bench.stream("rank").end(ranked([0, 1, 2]), Finished(3, 0))
    bench.wait(Activity.IDLE)
    bench.settings.model, bench.settings.device = "large", "cuda"
    bench.session.choose_model()
    loading = bench.stream("load_model")
    assert loading.arguments == ("large", "cuda")
    loading.end(ModelReady("large", "Large", "cuda"), Finished(1, 0))
    bench.stream("rank", 2).end(ranked([2, 1, 0]), Finished(3, 0))
    bench.wait(Activity.IDLE)


def test_a_model_that_fails_stops_and_can_be_replaced(bench):
    bench.open()
    bench.stream("index").end(Finished(3, 0))
    bench.wait(Activity.IDLE)
    bench.settings.model = "broken"
    bench.session.choose_model()
    bench.stream("load_model").fail(ModelError("“broken” is damaged. Choose another model."))
    bench.wait(Activity.STOPPED)
    assert bench.heard["failed"] == [("“broken” is damaged. Choose another model.", "")]
    bench.settings.model = None
    bench.session.choose_model()
    bench.stream("load_model", 2).end(ModelReady("pocket", "Pocket", "cpu"), Finished(1, 0))
    bench.stream("index", 2)


def test_calls_are_answered_while_a_job_runs_and_do_not_end_it(bench):
    bench.open()
    index = bench.stream("index")
    answers: list = []
    bench.session.call(lambda engine: engine.attributes(), answers.append)
    bench.qtbot.waitUntil(lambda: answers == [("more colorful", "sharper", "less noise")])
    assert not index.closed.is_set()


def test_it_is_known_that_a_call_is_not_answered_yet(bench):
    def work(engine):
        raise StorageError("no")

    bench.session.read(lambda engine: engine.usage(), lambda _: None)
    assert not bench.session.storing
    storing: list[bool] = []
    bench.session.call(lambda engine: engine.usage(), lambda _: storing.append(bench.session.storing))
    bench.session.call(work, pytest.fail, lambda _: storing.append(bench.session.storing))
    assert bench.session.storing
    bench.qtbot.waitUntil(lambda: storing == [True, False])


def test_a_failing_call_is_told_on_this_thread(bench):
    failures: list = []

    def work(engine):
        raise StorageError("no")

    bench.session.call(work, pytest.fail, lambda error: failures.append((str(error), threading.get_ident())))
    bench.qtbot.waitUntil(lambda: failures == [("no", threading.get_ident())])


def test_clearing_the_cache_waits_to_be_told_to_read_again(bench):
    bench.open()
    index = bench.stream("index")
    bench.session.clear_cache()
    bench.wait(Activity.STOPPED)
    assert index.closed.is_set()
    assert bench.engine.cleared == 1
    assert bench.engine.names() == ["open", "index"]
    bench.session.resume()
    bench.stream("index", 2)


def test_what_is_asked_for_while_the_cache_is_cleared_is_done_afterwards(bench):
    bench.open()
    bench.stream("index")
    begun, goes_on = threading.Event(), threading.Event()

    def clear() -> None:
        begun.set()
        assert goes_on.wait(10)

    bench.engine.clear_cache = clear
    bench.session.clear_cache()
    assert begun.wait(10)
    bench.session.open([Path("/others")])
    goes_on.set()
    assert bench.stream("open", 2).arguments[0] == (Path("/others"),)


def test_close_ends_the_thread_and_closes_the_engine_there(bench):
    bench.open()
    index = bench.stream("index")
    bench.session.close()
    assert index.closed.is_set()
    assert bench.engine.closed
    assert bench.engine.close_thread == bench.engine.thread
    assert bench.session._thread.isFinished()


def test_close_right_after_the_start(qtbot):
    engine = FakeEngine(automatic=False)
    session = Session(lambda: engine, Settings())
    session.open([Path("/photos")])
    session.choose_model()
    session.close()
    session.close()
    assert session._thread.isFinished()


def test_it_is_told_that_what_failed_has_ended_well(bench, qtbot):
    mended: list[str] = []
    bench.session.mended.connect(mended.append)
    bench.open()
    bench.stream("index").fail(StorageError("The cache cannot be written."))
    bench.wait(Activity.STOPPED)
    bench.session.sort("sharper")
    bench.stream("rank").fail(StorageError("The disk is full."))
    bench.wait(Activity.STOPPED)
    assert mended == []
    bench.session.resume()
    bench.stream("rank", 2).end(ranked(range(3)), Finished(3, 0))
    bench.wait(Activity.IDLE)
    assert sorted(mended) == ["The cache cannot be written.", "The disk is full."]


def teaching(bench: Bench) -> dict[str, list]:
    heard: dict[str, list] = {}
    for name in ("taught", "teaching_ended", "teaching_stopped", "teaching_failed"):
        got = heard[name] = []
        getattr(bench.session, name).connect(lambda *args, got=got: got.append(args))
    return heard


def test_teaching_comes_before_reading_which_goes_on_afterwards(bench, qtbot):
    heard = teaching(bench)
    bench.open()
    index = bench.stream("index")
    bench.session.teach(lambda engine: engine._stream("fit", "fit").run())
    fit = bench.stream("fit")
    assert index.closed.is_set()
    assert bench.session.activity is Activity.TEACHING
    fit.end(Notice("Ties only."), Finished(1, 0))
    qtbot.waitUntil(lambda: heard["teaching_ended"] == [()])
    assert [event for (event,) in heard["taught"] if isinstance(event, Notice)] == [Notice("Ties only.")]
    assert bench.heard["notice"] == []
    bench.stream("index", 2)


def test_teaching_that_is_stopped_does_not_come_back(bench, qtbot):
    heard = teaching(bench)
    bench.open()
    bench.stream("index").end(Finished(3, 0))
    qtbot.waitUntil(lambda: bench.session.activity is Activity.IDLE)
    bench.session.teach(lambda engine: engine._stream("fit", "fit").run())
    fit = bench.stream("fit")
    bench.session.cancel()
    assert heard["teaching_stopped"] == [()]
    qtbot.waitUntil(fit.closed.is_set)
    assert bench.session.activity is Activity.IDLE
    bench.session.resume()
    assert bench.engine.names().count("fit") == 1


def test_reading_for_teaching_that_is_stopped_is_not_taken_up_by_another_job(bench, qtbot):
    heard = teaching(bench)
    bench.open()
    bench.session.sort("sharper")
    bench.stream("rank")
    for number, stop in enumerate((bench.session.cancel, bench.session.cancel_teaching), 1):
        bench.session.teach(lambda engine: engine._stream("prepare", "index").run(), reads=True)
        preparing = bench.stream("prepare", number)
        stop()
        assert heard["teaching_stopped"] == [()] * number
        qtbot.waitUntil(preparing.closed.is_set)
        assert bench.session.activity is Activity.STOPPED
        assert bench.engine.names().count("rank") == 1
    bench.session.resume()
    bench.stream("rank", 2)


def test_reading_for_teaching_gives_way_to_a_query_and_goes_on_after_it(bench, qtbot):
    heard = teaching(bench)
    bench.open()
    bench.session.teach(lambda engine: engine._stream("prepare", "index").run(), reads=True)
    preparing = bench.stream("prepare")
    bench.session.sort("sharper")
    bench.stream("rank").put(ranked(range(1), query="sharper", complete=False))
    qtbot.waitUntil(lambda: bool(bench.heard["ranked"]))
    assert preparing.closed.is_set()
    bench.session.sort("darker")
    bench.stream("rank", 2).end(ranked(range(3), query="darker"), Finished(3, 0))
    bench.stream("prepare", 2).end(Finished(3, 0))
    qtbot.waitUntil(lambda: heard["teaching_ended"] == [()])
    bench.session.teach(lambda engine: engine._stream("fit", "fit").run())
    fit = bench.stream("fit")
    bench.session.sort("sharper")
    assert not fit.closed.is_set(), "learning is not interrupted"
    assert bench.engine.names().count("rank") == 2


@pytest.mark.parametrize("how", ["cancelled", "failed"])
def test_teaching_that_waits_for_an_order_ends_with_it(bench, qtbot, how):
    heard = teaching(bench)
    bench.open()
    bench.session.teach(lambda engine: engine._stream("prepare", "index").run(), reads=True)
    bench.stream("prepare")
    bench.session.sort("sharper")
    rank = bench.stream("rank")
    if how == "failed":
        rank.fail(StorageError("The disk is full."))
    else:
        bench.session.cancel()
    qtbot.waitUntil(lambda: heard["teaching_stopped"] == [()])
    assert bench.session.activity is Activity.STOPPED
    bench.session.resume()
    bench.stream("rank", 2).end(ranked(range(3)), Finished(3, 0))
    bench.wait(Activity.IDLE)
    assert bench.engine.names().count("prepare") == 1


def test_teaching_that_waits_can_be_stopped_too(bench, qtbot):
    heard = teaching(bench)
    bench.session.choose_model()
    load = bench.stream("load_model")
    bench.session.teach(lambda engine: engine._stream("fit", "fit").run())
    bench.session.stop_teaching()
    assert heard["teaching_stopped"] == [()]
    load.end(ModelReady("pocket", "Pocket", "cpu"), Finished(1, 0))
    qtbot.waitUntil(lambda: bench.session.activity is Activity.IDLE)
    assert "fit" not in bench.engine.names()


def test_teaching_that_fails_does_not_stop_the_rest(bench, qtbot):
    heard = teaching(bench)
    bench.open()
    bench.stream("index")
    bench.session.teach(lambda engine: engine._stream("fit", "fit").run())
    bench.stream("fit").fail(QueryError("No such start."))
    qtbot.waitUntil(lambda: heard["teaching_failed"] == [("No such start.", "")])
    assert bench.heard["query_refused"] == []
    bench.stream("index", 2)


def test_teaching_that_waits_for_the_model_gives_way_to_a_query(bench, qtbot):
    bench.open()
    bench.session.choose_model()
    loading = bench.stream("load_model")
    bench.session.teach(lambda engine: engine._stream("prepare", "index").run(), reads=True)
    bench.session.sort("sharper")
    loading.end(Finished(1, 0))
    bench.stream("rank").end(ranked(range(3), query="sharper"), Finished(3, 0))
    bench.stream("prepare").end(Finished(3, 0))
    qtbot.waitUntil(lambda: bench.session.activity is Activity.IDLE)
    names = bench.engine.names()
    assert names.index("rank") < names.index("prepare")
