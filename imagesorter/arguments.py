"""What the commands share: exit codes, and the values of arguments."""

from __future__ import annotations

import argparse
import itertools
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from imagesorter.errors import ImagesorterError
from imagesorter.terminal import as_argument

OK, UNREADABLE, WRONG_USE = 0, 1, 2
NOT_BETTER = 1
CANCELLED = 130

DEVICES = ("cpu", "cuda", "mps")


class Parser(argparse.ArgumentParser):
    """Tells how what begins with a hyphen is given, where that may be what went wrong: a value of an option,
    and the argument that `hyphenated` names."""

    _given: Sequence[str] = ()
    _hyphenated = ""
    _rule = ""

    def hyphenated(self, dest: str, rule: str) -> None:
        """Let the help, and an error, tell how a positional argument is given that begins with a hyphen.

        Args:
            dest: of the argument; the others are shown by their metavars.
            rule: the sentence, with the command up to the two hyphens.
        """
        self._hyphenated, self._rule = dest, rule

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._given = args or ()
        known, left = super().parse_known_args(args, namespace)
        if left:  # else the parser above would tell of them, and not how this command is called
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return known, left

    def format_help(self) -> str:
        if self._hyphenated:
            self.epilog = self._after_dashes("-noise")
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        option = re.match(r"argument (?:.+/)?(--[\w-]+): expected (?:one|at least one) argument", message)
        if option and (value := self._value_after(option[1])):
            message += f"\nA value that begins with a hyphen follows an equals sign: {option[1]}={value}"
        elif self._hyphenated:
            before = itertools.takewhile("--".__ne__, self._given)  # what follows was taken as it is
            if taken := next((text for text in before if re.match(r"-[^\W\d_]{2}", text)), None):
                message += f"\n{self._after_dashes(as_argument(taken))}"
        super().error(message)

    def _after_dashes(self, argument: str) -> str:
        """The rule, and how the command is called with an argument that begins with a hyphen."""
        places = [
            argument if action.dest == self._hyphenated else str(action.metavar)
            for action in self._actions
            if not action.option_strings
        ]
        return " ".join((self._rule, "--", *places))

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
