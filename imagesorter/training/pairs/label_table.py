"""The table that labels stand in: its encoding, separator and heading, and what is needed of its lines.

Semicolons and tabs may stand for the commas, as spreadsheets of many countries write them;
a first line `sep=;` names the one that counts.

`filename` and `path` may stand for `file`; `rating`, `score` and `stars` for `value`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from imagesorter.errors import TeachingError
from imagesorter.library.files import may_never_end, why_no_csv, why_not_read
from imagesorter.ranking.export import COLUMNS

PAIRS = ("left", "right", "winner")
RATINGS = ("file", "value")

_ALSO = {"file": ("filename", "path"), "value": ("rating", "score", "stars")}
"""Other headings of columns, as tables of other programs have them."""

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
_NAMED = re.compile(r'"?sep=([,;\t])"?', re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
"""Between commas, as where a point is for decimals, either may be meant."""

_NO_TEXT = "this is not text in UTF-8. Save the table as “CSV UTF-8”."


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not empty.

    Attributes:
        names: of a photograph or two, as written; of each one name, or that under `path` and another.
        last: the winner or the value, as written.
    """

    number: int
    names: tuple[tuple[str, ...], ...]
    last: str


def lines_of(path: Path) -> Generator[Line, None, None]:
    """The lines below the heading, one after the other. Other columns are passed over.

    Raises:
        TeachingError: the file cannot be read or is no such table; the message names the line.
    """
    reader = None
    try:
        if may_never_end(path):
            raise TeachingError(f"{path} cannot be read: it is not a file. Save the table as a file first.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader, separator, heading, columns = _reader(file, path)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield _line(path, reader.line_num, cells, heading, columns, separator)
    except OSError as error:
        raise TeachingError(f"{path} cannot be read: {why_not_read(error)}") from error
    except UnicodeDecodeError as error:
        where = f"{path}, line {_first_undecodable(path)}"
        raise TeachingError(f"{where}: {_NO_TEXT}") from error
    except csv.Error as error:
        where = f"{path}, line {reader.line_num if reader is not None else 1}"
        what = why_no_csv(error, "this is not a CSV; a quotation mark may be missing")
        raise TeachingError(f"{where}: {what}. Save the table as “CSV UTF-8”.") from error


def _line(
    path: Path,
    number: int,
    cells: list[str],
    heading: Sequence[str],
    columns: tuple[str, ...],
    separator: str,
) -> Line:
    """What is needed of a line's cells. Raises TeachingError."""
    where = f"{path}, line {number}"
    places = [heading.index(name) for name in columns]
    if not {*cells[-1]} & {*_SEPARATORS} - {separator}:  # else it is meant as two, maybe
        cells = cells + [""] * (places[-1] + 1 - len(cells))
    if len(cells) <= max(places):
        raise TeachingError(f"{where}: a column is missing; {','.join(columns)} are needed.")
    *single, last = (cells[k] for k in places)
    surplus = [cell for cell in cells[len(heading) :] if cell.strip()]
    if surplus and last.strip():  # without a value it is a remark
        raise TeachingError(f"{where}: {_no_name_for(surplus[0], separator)}")
    names: list[tuple[str, ...]] = [(name,) for name in single]
    if columns == RATINGS:
        if separator == "," and _THOUSANDS.fullmatch(last.strip()):
            raise TeachingError(
                f"{where}: the value “{last.strip()}” may be a decimal or thousands: write it without comma."
            )
        if "path" in heading:  # beside another column of names
            names = [(*cells[heading.index("path") :][:1], *single)]
    given = (tuple(name for name in each if name.strip()) for each in names)
    return Line(number, tuple(given), last)


def _first_undecodable(path: Path) -> int:
    """Number of the first line that is not UTF-8, for a message."""
    with suppress(OSError), path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1  # it was saved anew meanwhile


def _reader(file: TextIO, path: Path) -> tuple[Any, str, list[str], tuple[str, ...]]:
    """What gives the lines below the heading, the separator, the heading up to its last name, and its columns
    that are needed."""
    first = file.readline()
    if "\0" in first:  # UTF-16 without a mark is UTF-8, too
        raise TeachingError(f"{path}, line 1: {_NO_TEXT}")
    named = _NAMED.fullmatch(first.rstrip("\r\n"))
    separators = (named[1],) if named else (*_SEPARATORS,)
    broken: list[csv.Error] = []
    for separator in separators:
        file.seek(0)
        reader = csv.reader(file, strict=True, delimiter=separator, skipinitialspace=True)
        try:
            if named:
                next(reader)
            heading = _plain([cell.strip().casefold() for cell in next(reader, [])])
        except csv.Error as error:  # names in quotes, and another separator after them
            broken.append(error)
            continue
        for columns in (PAIRS, RATINGS):
            if set(columns) <= set(heading):
                while not heading[-1]:
                    heading.pop()
                return reader, separator, heading, columns
        if _is_exported(heading):
            raise TeachingError(
                f"{path} is an exported order: its scores are the model's own, and no ratings. Write your "
                "own values into a column named value."
            )
    if len(broken) == len(separators):
        raise broken[0]
    where = f"line below “{named[0]}”" if named else "first line"
    columns_named = " or ".join((named[1] if named else ",").join(columns) for columns in (PAIRS, RATINGS))
    raise TeachingError(f"{path}: the {where} must name the columns {columns_named}.")


def _no_name_for(cell: str, separator: str) -> str:
    """What is wrong with a line that goes on after the last column with a name."""
    remedy = f"Put a name with a {_SEPARATORS[separator]} in quotation marks"
    if separator == ",":
        remedy = "Put a name or number with a comma in quotation marks, or separate the columns by semicolons"
    return f"“{cell[:40]}” stands in a column without a name. {remedy}; name the column if it is one."


def _plain(heading: Sequence[str]) -> list[str]:
    """A heading with our own names of columns; an exported order's score stays one, since it is nobody's
    rating."""
    known = {*heading} - ({"score"} if _is_exported(heading) else set())
    by = {}
    for name, others in _ALSO.items():
        other = next((each for each in others if each in known), None)
        if other is not None and name not in heading:
            by[other] = name
    return [by.get(cell, cell) for cell in heading]


def _is_exported(heading: Sequence[str]) -> bool:
    return set(COLUMNS) <= set(heading)
