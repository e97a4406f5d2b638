"""What the commands share: exit codes, and the values of arguments."""

from __future__ import annotations

import argparse
from pathlib import Path

OK, UNREADABLE, WRONG_USE = 0, 1, 2
NOT_BETTER = 1
CANCELLED = 130

DEVICES = ("cpu", "cuda", "mps")


def given(group: argparse._ArgumentGroup, options: argparse.Namespace) -> list[str]:
    """Arguments of a group, as they are typed, whose values are not the defaults."""
    return [
        action.option_strings[-1] if action.option_strings else str(action.metavar)
        for action in group._group_actions
        if getattr(options, action.dest) != action.default
    ]


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
        return Path(text)
    if not (value := share(text)):
        raise argparse.ArgumentTypeError(
            "the share must be above 0: a training is judged on images kept apart"
        )
    return value
