"""What the window says of a pack whose author chose the words in it."""

from __future__ import annotations

from pathlib import Path

from imagesorter.answers import Estimate, Installed, TaughtAttribute, Version
from imagesorter.gui.ranker_files import _came
from imagesorter.gui.versions import VersionsDialog

HOSTILE = "\N{RIGHT-TO-LEFT OVERRIDE}a\N{LINE SEPARATOR}b"


def test_an_import_is_told_in_characters_that_can_be_seen(qtbot):
    share = Estimate(0.5, 0.4, 0.6)
    version = Version(
        1, 0.0, 3, "ridge", share, share, current=True, imported=True, fits=True, source=HOSTILE
    )
    taught = TaughtAttribute(HOSTILE, HOSTILE, 0, version, 1)
    told = _came(Path(f"{HOSTILE}.ranker"), Installed(taught, True, 0, 0, None))
    assert told.replace("\N{NO-BREAK SPACE}", " ").isprintable()
    dialog = VersionsDialog(HOSTILE)
    qtbot.addWidget(dialog)
    dialog.set_versions((version,))
    for row in range(dialog.list.topLevelItemCount()):
        item = dialog.list.topLevelItem(row)
        assert item is not None
        for column in range(item.columnCount()):
            assert HOSTILE[0] not in item.text(column) + item.toolTip(column)
