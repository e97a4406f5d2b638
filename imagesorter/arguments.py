"""What the commands share: exit codes, and the values of arguments."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from imagesorter.errors import ImagesorterError

OK, UNREADABLE, WRONG_USE = 0, 1, 2
NOT_BETTER = 1
CANCELLED = 130

DEVICES = ("cpu", "cuda", "mps")


class Parser(argparse.ArgumentParser):
    """Tells how a value that begins with a hyphen is given, and such a query to `rank`, where that may be
    what went wrong."""

    _given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._given = args or ()
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        option = re.match(r"argument (?:.+/)?(--[\w-]+): expected (?:one|at least one) argument", message)
        value = option and self._value_after(option[1])
        if option and value:
            message += f"\nA value that begins with a hyphen follows an equals sign: {option[1]}={value}"
            super().error(message)
        ranks = self.prog.endswith(" rank") or "rank" in self._given[:1]
        query = next((text for text in self._given if re.match(r"-[^\W\d_]{2}", text)), None)
        if ranks and query is not None:
            message += (
                "\nA query that begins with a hyphen comes last, after --: "
                f"imagesorter rank [OPTIONS] -- FOLDER {query}"
            )
        super().error(message)

    def _value_after(self, option: str) -> str | None:
        """What stands after an option, may be its value, and was taken for another option."""
        pairs = zip(self._given, self._given[1:], strict=False)
        after = next((value for name, value in pairs if name == option), "")
        known = after.partition("=")[0] in self._option_string_actions
        return None if known or not re.match("-[^-]", after) else after


def given(group: argparse._ArgumentGroup, options: argparse.Namespace) -> list[str]:
    """Arguments of a group, as they are typed, whose values are not the defaults."""
    return [
        action.option_strings[-1] if action.option_strings else str(action.metavar)
        for action in group._group_actions
        if getattr(options, action.dest) != action.default
    ]


def place(text: str) -> Path:
    """A folder or file. Nothing is none: a variable without a value must not stand for the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("the name of a folder or file is empty")
    return Path(text)


def named(text: str) -> str:
    """The name of something. Nothing is none, as of a `place`: it must not stand for what is the default."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty")
    return text


def count(text: str) -> int:
    """A whole number above zero."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number above zero")
    return value


def positive(text: str) -> float:
    """A number above zero."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"“{text}” is not a number above zero")
    return value


def share(text: str) -> float:
    """A number from 0 up to, but not, 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a share from 0 to below 1")
    return value


def share_or_file(text: str) -> float | Path:
    """A share above 0, or a path."""
    try:
        float(text)
    except ValueError:
        return place(text)
    if not (value := share(text)):
        raise argparse.ArgumentTypeError(
            "the share must be above 0: a training is judged on images kept apart"
        )
    return value


def require(path: Path) -> None:
    """Tell a misspelt place from an empty one. Raises ImagesorterError where nothing is there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        if os.path.lexists(path):
            return  # a link that leads nowhere, as the scan will tell
        raise ImagesorterError(f"{path}: no such folder or file. Check the spelling.") from error
    except OSError:
        return  # the scan will tell what is wrong, and go on with the other places
