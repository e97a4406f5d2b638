from __future__ import annotations

from pathlib import Path

from fake_engine import ranked

from imagesorter.events import FilesFound, Finished, Indexed, Notice, Progress
from imagesorter.gui.worker import Mailbox


def test_the_box_announces_only_its_first_letter():
    box = Mailbox()
    assert box.put(Finished(1, 0))
    assert not box.put(Finished(2, 0))
    assert box.take() == [Finished(1, 0), Finished(2, 0)]
    assert box.take() == []
    assert box.put(Finished(3, 0))


def test_only_the_last_progress_of_a_stage_and_the_last_order_are_kept():
    box = Mailbox()
    early, late = ranked([0]), ranked([1, 0])
    for event in (Progress("scan", 1), early, Progress("index", 1), Progress("scan", 2), Notice("x"), late):
        box.put(event)
    assert box.take() == [Progress("index", 1), Progress("scan", 2), Notice("x"), late]


def test_runs_of_found_and_indexed_files_are_joined_in_order():
    box = Mailbox()
    a, b, c = Path("a"), Path("b"), Path("c")
    for event in (
        FilesFound(4, (a,)),
        Indexed((4,), ("",)),
        FilesFound(5, (b, c)),
        Indexed((6, 5), ("cut off", "")),
    ):
        box.put(event)
    assert box.take() == [FilesFound(4, (a, b, c)), Indexed((4, 6, 5), ("", "cut off", ""))]


def test_a_flood_is_a_handful():
    box = Mailbox()
    for k in range(10_000):
        box.put(Progress("index", k))
        box.put(Indexed((k,), ("",)))
    events = box.take()
    assert len(events) == 2
    assert [len(e.file_ids) for e in events if isinstance(e, Indexed)] == [10_000]
