"""Numbers and names in words, as the window shows them."""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import TYPE_CHECKING

from imagesorter.wording import count as count

if TYPE_CHECKING:
    from imagesorter.answers import Estimate


def part(number: int, total: int, one: str) -> str:
    """`10 of 12 images`, or `12 images` where these are all."""
    return f"{number:,} of {count(total, one)}" if number < total else count(number, one)


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def size(number: float) -> str:
    """Bytes in decimal units: `12.3 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 999.5:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"


def duration(seconds: float) -> str:
    """A rough time span: `a few seconds`, `40 s`, `3 min`, `2 h 10 min`."""
    if seconds < 5:
        return "a few seconds"
    if seconds < 60:
        return f"{round(seconds / 5) * 5 or 5} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def rate(per_second: float) -> str:
    """Images a second with a precision that does not flicker."""
    return f"{per_second:,.0f}/s" if per_second >= 10 else f"{per_second:.1f}/s"


def score(value: float) -> str:
    """A score with about three digits and a true minus sign."""
    if abs(value) >= 1e4 or 0 < abs(value) < 5e-4:
        written = f"{value:.1e}"
    else:
        written = f"{value:.{3 if abs(value) < 1 else 2 if abs(value) < 100 else 0}f}"
    return written.replace("-", "\N{MINUS SIGN}")


def moved(former: int, rank: int, was: str = ", was") -> str:
    """Of a photograph that was moved by hand, with the rank that it had, after `was`, if that is another."""
    return "moved" if former == rank else f"moved{was} {former:,}"


def file_stem(query: str) -> str:
    """A file name that every file system takes, made from a query: `more-colorful`."""
    words = re.findall(r"[^\W_]+", query.lower())
    return "-".join(words)[:60].strip("-") or "ranking"


def sentence(reason: str) -> str:
    """A reason, which is written to follow a file's name and a colon, standing by itself, as a `message`. The
    first letter of one that begins with a path or an address stays as it is."""
    reason = message(reason)
    first = reason.partition(" ")[0].rstrip(".:,")
    return reason if "." in first or "/" in first else reason[:1].upper() + reason[1:]


_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


def printable(name: str) -> str:
    """A file name for the screen: undecodable bytes and control characters become one visible mark, but for
    the joiners with which Persian, Hindi and emoji are written. Spaces of any width stay."""
    return "".join(c if _is_shown(c) else "\N{REPLACEMENT CHARACTER}" for c in name)


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs"


_LEFT_TO_RIGHT = "\N{LEFT-TO-RIGHT MARK}"
_APART = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_NAMES = re.compile("{0}([^{0}{1}\n]*){1}|(?<=“)([^“”{0}{1}\n]+)(?=”)".format(*_APART))


def named(name: str, most: int | None = None) -> str:
    """A name within a sentence, as `printable`, perhaps `shortened`. One that is written from right to left
    stands apart: else digits and brackets beside it would change their places."""
    shown = printable(name)
    return _isolated(shown if most is None else shortened(shown, most))


def message(words: str) -> str:
    """What was worded elsewhere, maybe with names in it, as `printable`; its lines stay lines. Of the names
    those in quotation marks stand apart, see `named`, as do those that have been made to."""
    return "\n".join(map(line, words.split("\n")))


def line(words: str) -> str:
    """A `message` that has to be one line. It runs from left to right, whatever name it begins with: Qt would
    go by that."""
    words, parts, end = words.removeprefix(_LEFT_TO_RIGHT), [], 0
    for found in _NAMES.finditer(words):
        parts += [printable(words[end : found.start()]), named(found[1] or found[2] or "")]
        end = found.end()
    shown = "".join([*parts, printable(words[end:])])
    begins = next((kind for kind in map(unicodedata.bidirectional, shown) if kind in ("L", "R", "AL")), "L")
    return shown if begins == "L" else _LEFT_TO_RIGHT + shown


def _isolated(name: str) -> str:
    turns = any(kind in ("R", "AL", "AN") for kind in map(unicodedata.bidirectional, name))
    return name.join(_APART) if turns else name


def keys(words: str) -> str:
    """Keys as the system's keyboard has them: with Qt, “Ctrl” is the command key of a Mac, “Alt” its option
    key."""
    if sys.platform == "darwin":
        return words.replace("Ctrl+Shift+", "⇧⌘").replace("Ctrl+", "⌘").replace("Alt+", "⌥")
    return words


def percent(share: float) -> str:
    """A share in [0, 1] as whole percent: `78 %`."""
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def share(estimate: Estimate) -> str:
    """`85 %`, or `96 % of marks` where it is not of pairs at random."""
    return f"{percent(estimate.mean)}{estimate.unlike_others}"


def interval(low: float, high: float) -> str:
    """Two shares: `66 to 88 %`."""
    return f"{100 * low:.0f} to {percent(high)}"


def shortened(words: str, most: int = 40) -> str:
    """Words for a menu or a sentence, cut in the middle where they are very long."""
    if len(words) <= most:
        return words
    return f"{words[: most // 2]}…{words[-(most // 2 - 1) :]}"
