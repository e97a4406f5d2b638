"""What is going on, in the window's terms."""

from __future__ import annotations

from enum import Enum, auto

from imagesorter.gui.worker import Purpose


class Activity(Enum):
    """What is going on, for the status bar."""

    IDLE = auto()
    SCANNING = auto()
    IMPORTING = auto()
    LOADING = auto()
    INDEXING = auto()
    RANKING = auto()
    PREPARING = auto()
    TEACHING = auto()
    CLEARING = auto()
    STOPPED = auto()


ACTIVITIES = {
    Purpose.OPEN: Activity.SCANNING,
    Purpose.IMPORT: Activity.IMPORTING,
    Purpose.LOAD: Activity.LOADING,
    Purpose.TEACH: Activity.TEACHING,
    Purpose.INDEX: Activity.INDEXING,
    Purpose.RANK: Activity.RANKING,
    Purpose.CLEAR: Activity.CLEARING,
    Purpose.LOOK: Activity.IDLE,  # nobody has asked for it
}


def activity_for(purpose: Purpose, *, reads: bool) -> Activity:
    """What goes on for a purpose; `reads`: teaching is only there to read photographs."""
    return Activity.PREPARING if reads and purpose is Purpose.TEACH else ACTIVITIES[purpose]
