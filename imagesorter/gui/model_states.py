"""What the Models dialog says of a model, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagesorter.gui import text

if TYPE_CHECKING:
    from imagesorter.answers import StockItem
    from imagesorter.events import Progress
    from imagesorter.gui.downloads import Downloads

HERE, TO_BE_HAD, HEADS = "On this computer", "Can be downloaded", "Heads, each for one of these models"


@dataclass(frozen=True)
class Row:
    """A model as it is shown.

    Attributes:
        group: heading above it.
        size, memory, state: its columns.
        facts: other small facts.
        share: how far a running download or check is, in [0, 1]; −1 while that is unknown; None where nothing
            runs.
        figures: how far it is, in words.
        action, action_name: what the first button does, "" for nothing, and what is on it, "" for no button.
        hint: why there is nothing to be done, or what the button needs.
        remove_name: what is on the button that removes; "" where there is nothing to be removed.
    """

    name: str
    title: str
    group: str
    size: str
    memory: str
    state: str
    good_for: str
    facts: str
    action: str
    action_name: str
    hint: str = ""
    remove_name: str = ""
    can_verify: bool = False
    share: float | None = None
    figures: str = ""


def rows_of(items: Sequence[StockItem], in_use: str, downloads: Downloads) -> list[Row]:
    """All models in the order of the dialog."""
    here = {item.name for item in items if item.state in ("bundled", "installed")}
    titles = {item.name: text.printable(item.title) for item in items}
    rows = [_row(item, item.name == in_use, here, titles, downloads) for item in items]
    return sorted(rows, key=lambda row: (HERE, TO_BE_HAD, HEADS).index(row.group))


def _row(item: StockItem, in_use: bool, here: set[str], titles: dict[str, str], downloads: Downloads) -> Row:
    on = titles.get(item.on, item.on)
    usable = item.name in here
    running = downloads.task if downloads.task and downloads.task.name == item.name else None
    waits = downloads.is_waiting(item.name)
    action, action_name, hint = _action(item, in_use, here, on)
    if running is not None or waits:
        action, action_name, hint = "cancel", "Cancel", ""
    progress = downloads.progress if running is not None else None
    return Row(
        name=item.name,
        title=text.printable(item.title),
        group=HERE if usable or item.state == "damaged" else HEADS if item.kind == "head" else TO_BE_HAD,
        size=text.size(item.bytes) if item.bytes else "",
        memory=text.size(item.memory) if item.memory else "",
        state=_state(item, in_use, running.kind if running else "", waits, progress),
        good_for=text.sentence(item.good_for),
        facts=_facts(item, on),
        action=action,
        action_name=action_name,
        hint=hint,
        remove_name=_remove_name(item) if not running and not waits else "",
        can_verify=usable and not running and not waits,
        share=None if running is None else _share(progress),
        figures=_figures(progress) if running is not None else "",
    )


def _state(item: StockItem, in_use: bool, running: str, waits: bool, progress: Progress | None) -> str:
    if running:
        word = "Checking" if running == "verify" else "Downloading"
        share = _share(progress)
        return f"{word} {text.percent(share)}" if share >= 0 else f"{word} …"
    if waits:
        return "Waiting"
    if in_use:
        return "In use"
    if item.kind == "published":
        return "From a file"
    if item.state == "partial" and item.bytes:
        return f"Stopped at {text.percent(min(1.0, item.arrived / item.bytes))}"
    return {
        "bundled": "Built in",
        "installed": "Installed",
        "partial": f"Stopped, {text.size(item.arrived)}",
        "available": "",
        "damaged": "Damaged",
    }[item.state]


def _action(item: StockItem, in_use: bool, here: set[str], on: str) -> tuple[str, str, str]:
    """What can be done, the name of it, and why it cannot. `on`: title of the model that a head stands on."""
    if item.kind == "published":
        return "import", "Import a file…", ""
    match item.state:
        case "bundled" | "installed":
            return ("" if in_use else "use"), "Use", ""
        case "partial":
            return "get", "Resume", ""
        case "available" if item.kind == "head" and item.on not in here:
            return "", "Get", f"Get {on} first"
        case "available":
            return "get", "Get", ""
    return "", "", ""


def _remove_name(item: StockItem) -> str:
    return "Discard" if item.state == "partial" else "Remove…" if item.removable else ""


def _facts(item: StockItem, on: str) -> str:
    seen = f"sees {item.image_size} × {item.image_size} px" if item.image_size else ""
    stands = f"built on {on}" if on else ""
    licence = f"licence: {item.licence}" if item.licence else ""
    return text.sentence("  ·  ".join(filter(None, (seen, stands, licence))))


def _share(progress: Progress | None) -> float:
    if progress is None or not progress.total:
        return -1.0
    return progress.done / progress.total


def _figures(progress: Progress | None) -> str:
    if progress is None or not progress.total:
        return "Asking the hub …"
    words = [f"{text.size(progress.done)} of {text.size(progress.total)}"]
    if progress.per_second:
        words.append(f"{text.size(progress.per_second)}/s")
    if progress.seconds_left is not None:
        words.append(f"{text.duration(progress.seconds_left)} left")
    return "  ·  ".join(words)
