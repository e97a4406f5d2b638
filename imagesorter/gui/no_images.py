"""What is told of files that are no images, rather than opening nothing in the place of an album."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from imagesorter.gui import text


def reason(paths: Sequence[Path]) -> str:
    """Why none of these is opened, "" where something may be.

    What is not there, or cannot be looked at, is left to the scan, which says what is wrong with it.
    """
    if not all(map(_is_no_image, paths)):
        return ""
    first = f"“{text.shortened(text.printable(paths[0].name), 60)}”"
    if len(paths) > 1:
        return f"{first} and {len(paths) - 1:,} more were not opened: none has the name of an image."
    match paths[0].suffix.lower():
        case ".ranker":
            return f"{first} is a ranker pack. Import it in the Train tab: “Import a ranker pack…”."
        case ".csv":
            return (
                f"{first} is a table. Pairs and ratings are imported in the Train tab, while their attribute "
                "is taught: More, “Import pairs or ratings…”."
            )
    return f"{first} was not opened: it does not have the name of an image."


def _is_no_image(path: Path) -> bool:
    from imagesorter.engine import is_image_name  # not before the window is there

    there = os.path.exists(path) and not os.path.isdir(path)  # noqa: PTH110, PTH112 (never raise)
    return there and not is_image_name(path)
