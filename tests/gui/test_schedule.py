"""What is owed to the window, and in which order; without a thread."""

from pathlib import Path

from imagesorter.gui.schedule import Schedule
from imagesorter.gui.worker import Purpose
from imagesorter.settings import Settings

ALBUM = Path("album")


def _opened(images: int = 3) -> Schedule:
    """A schedule of a folder whose images are known."""
    schedule = Schedule(Settings())
    schedule.open([ALBUM])
    assert schedule.next() is Purpose.OPEN
    schedule.images = images
    schedule.settle(Purpose.OPEN)
    return schedule


def _taken(schedule: Schedule) -> list[Purpose]:
    """All that is owed, in its order, each as if done at once."""
    taken = []
    while (purpose := schedule.next()) is not None:
        taken.append(purpose)
        schedule.settle(purpose)
    return taken


def test_an_order_comes_before_reading_and_does_the_reading() -> None:
    schedule = _opened()
    schedule.sort("sharper")
    assert _taken(schedule) == [Purpose.RANK]
    assert not schedule.waits


def test_a_query_for_no_images_waits_for_the_first() -> None:
    schedule = Schedule(Settings())
    schedule.sort("sharper")
    assert schedule.next() is None
    schedule.open([ALBUM])
    assert schedule.next() is Purpose.OPEN
    schedule.images = 1
    schedule.settle(Purpose.OPEN)
    assert _taken(schedule) == [Purpose.RANK]


def test_another_folder_drops_what_was_to_be_done_with_the_first() -> None:
    schedule = _opened()
    schedule.teach(lambda _engine: iter(()))
    schedule.open([Path("other")])
    assert schedule.images == 0
    assert _taken(schedule) == [Purpose.OPEN]


def test_a_refused_query_gives_way_to_the_one_before() -> None:
    schedule = _opened()
    schedule.sort("sharper")
    assert _taken(schedule) == [Purpose.RANK]
    schedule.sort("+")
    assert schedule.next() is Purpose.RANK
    schedule.refuse_query()
    assert schedule.query == "sharper"
    assert not schedule.waits, "its order was shown already"


def test_a_refused_query_leaves_an_unfinished_order_owed() -> None:
    schedule = _opened()
    schedule.sort("sharper")
    schedule.owe(Purpose.RANK)  # interrupted by what was typed next
    schedule.sort("+")
    assert schedule.next() is Purpose.RANK
    schedule.refuse_query()
    assert (schedule.query, schedule.next()) == ("sharper", Purpose.RANK)


def test_after_two_refused_queries_the_one_before_both_holds() -> None:
    schedule = _opened()
    schedule.sort("sharper")
    assert _taken(schedule) == [Purpose.RANK]
    schedule.sort("+")
    assert schedule.next() is Purpose.RANK
    schedule.owe(Purpose.RANK)  # interrupted before it was refused
    schedule.sort("-")
    assert schedule.next() is Purpose.RANK
    schedule.refuse_query()
    assert (schedule.query, schedule.next()) == ("+", Purpose.RANK)
    schedule.refuse_query()
    assert schedule.query == "sharper"
    assert not schedule.waits


def test_a_refused_query_leaves_the_one_that_waited_for_a_folder_owed() -> None:
    schedule = Schedule(Settings())
    schedule.sort("sharper")
    schedule.sort("+")
    schedule.open([ALBUM])
    assert schedule.next() is Purpose.OPEN
    schedule.images = 3
    schedule.settle(Purpose.OPEN)
    assert schedule.next() is Purpose.RANK
    schedule.refuse_query()
    assert (schedule.query, schedule.next()) == ("sharper", Purpose.RANK)


def test_a_query_refused_while_another_folder_is_opened_leaves_the_order_of_that_owed() -> None:
    schedule = _opened()
    schedule.sort("sharper")
    assert _taken(schedule) == [Purpose.RANK]
    schedule.open([Path("other")])
    assert schedule.next() is Purpose.OPEN
    schedule.sort("+")
    schedule.images = 3
    schedule.settle(Purpose.OPEN)
    assert schedule.next() is Purpose.RANK
    schedule.refuse_query()
    assert (schedule.query, schedule.next()) == ("sharper", Purpose.RANK)


def test_a_refused_query_leaves_one_owed_that_was_asked_anew() -> None:
    schedule = _opened()
    schedule.sort("keepers")
    assert _taken(schedule) == [Purpose.RANK]
    schedule.sort("keepers")
    assert schedule.next() is Purpose.RANK
    schedule.owe(Purpose.RANK)  # interrupted by what was typed next
    schedule.sort("+")
    assert schedule.next() is Purpose.RANK
    schedule.refuse_query()
    assert (schedule.query, schedule.next()) == ("keepers", Purpose.RANK)


def test_imports_follow_each_other() -> None:
    schedule = Schedule(Settings())
    for name in ("first", "second"):
        schedule.import_model(Path(f"{name}.pt"), name)
    names = []
    while schedule.next() is Purpose.IMPORT:
        importing = schedule.wanted().importing
        assert importing is not None
        names.append(importing[1])
        schedule.end_import()
    assert names == ["first", "second"]


def test_another_model_reads_and_orders_anew() -> None:
    schedule = _opened()
    schedule.sort("sharper")
    assert _taken(schedule) == [Purpose.RANK]
    schedule.load()
    assert schedule.next() is Purpose.LOAD
    assert _taken(schedule) == [Purpose.RANK]
    schedule.load()
    assert [schedule.next() for _ in range(3)] == [Purpose.LOAD, Purpose.RANK, Purpose.INDEX]


def test_a_cleared_cache_rests_until_something_is_asked_for() -> None:
    schedule = _opened()
    assert _taken(schedule) == [Purpose.INDEX]
    schedule.clear()
    assert schedule.next() is Purpose.CLEAR
    schedule.settle(Purpose.CLEAR)
    assert schedule.rests
    assert schedule.waits
    schedule.sort("sharper")
    assert not schedule.rests
    assert _taken(schedule) == [Purpose.RANK]


def test_teaching_that_waits_is_given_up_once() -> None:
    schedule = _opened()
    schedule.teach(lambda _engine: iter(()))
    assert schedule.give_up(Purpose.TEACH)
    assert not schedule.give_up(Purpose.TEACH)
    assert _taken(schedule) == [Purpose.INDEX]


def test_settings_are_those_of_the_moment() -> None:
    settings = Settings()
    schedule = Schedule(settings)
    before = schedule.wanted().settings
    settings.recursive = not settings.recursive
    assert schedule.wanted().settings.recursive is not before.recursive


def test_teaching_that_gives_way_comes_after_the_order_and_before_reading() -> None:
    schedule = _opened()
    schedule.teach(lambda _engine: iter(()))
    assert schedule.next() is Purpose.TEACH
    schedule.teach_after_order()
    schedule.sort("sharper")
    schedule.load()
    assert [schedule.next() for _ in range(3)] == [Purpose.LOAD, Purpose.RANK, Purpose.TEACH]
    schedule.teach_after_order()
    schedule.teach(lambda _engine: iter(()))
    schedule.sort("sharper")
    assert schedule.next() is Purpose.TEACH, "what is asked for anew comes first"
    assert not schedule.give_up_later_teaching()
