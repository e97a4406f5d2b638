"""Labels as CSV: pairs (`left,right,winner`) or ratings (`file,value`), RFC 4180, UTF-8; `label_table` tells
how else the table may be written.

Names of files are absolute, or relative to the CSV's folder; of photographs that were moved the last part
counts, where one of the folders with the CSV has it. A winner is `left`, `right`, `tie`, or
one of the two names as written in its row. Where nothing stands, nobody has answered or rated yet, though
the separator before it be missing. A decimal comma is a point.

Where a table has `path` beside `file`, the path comes first; it is looked for by its last part beside the
CSV, too, if the file's name is that. Else the file's name counts where there is no file at the path.
"""

from __future__ import annotations

import filecmp
import math
import os
import unicodedata
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath

from imagesorter.answers import Answer
from imagesorter.errors import DecodeError, ExportError, TeachingError
from imagesorter.events import Notice, Progress
from imagesorter.library.decode import content_key, read_file
from imagesorter.library.formats import sniff
from imagesorter.ranking.export import cell_of, path_of_cell, write_rows
from imagesorter.training.pairs.label_table import PAIRS, RATINGS, Line, lines_of
from imagesorter.training.pairs.labels import MAX_RATING, Label, Rating
from imagesorter.training.pairs.lesson_plan import OUTCOMES
from imagesorter.wording import count

_WINNERS: dict[str, Answer] = {"left": "left", "right": "right", "tie": "tie", "=": "tie", "draw": "tie"}
_SHOWN = 3
_PLACES = (
    "Names are relative to the folder of the CSV, or to one that is open: open the photographs' own folder "
    "with it, or write full paths."
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file: two photographs, by absolute paths, and an answer, or one and its value.

    `moved` are those of the files that were found by the last part of their names alone; `is_blank` tells
    that there is neither a winner nor a value.
    """

    line: int
    files: tuple[Path, ...]
    answer: Answer = "tie"
    value: float = 0.0
    moved: tuple[Path, ...] = ()
    is_blank: bool = False


@dataclass
class Found:
    """Labels of a file.

    Attributes:
        places: where each content lies.
        left_out: rows without effect: a photograph cannot be read, or both are the same.
    """

    labels: list[Label] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)
    places: dict[bytes, Path] = field(default_factory=dict)
    left_out: int = 0


def read_rows(path: Path, beside: Sequence[Path] = ()) -> list[Row]:
    """Read and check all lines; no photograph is opened. Other columns are passed over.

    Args:
        beside: folders to look for photographs in that are not where their names say, from the CSV's;
            or photographs themselves.

    Raises:
        TeachingError: the file cannot be read or a line cannot be understood; the message names the line.
    """
    places = (place for place in beside if not _is_file(place))
    folders = [each.absolute() for each in (path.parent, *places)]  # they outlive the process
    nearby = [*beside]
    rows = []
    with closing(lines_of(path)) as lines:
        for line in lines:
            rows.append(_row(line, folders, f"{path}, line {line.number}"))
            if len(line.names[0]) > 1 and path.parent not in nearby:
                nearby.append(path.parent)
    if all(row.is_blank for row in rows):
        missing = f"{'value' if len(rows[0].files) == 1 else 'winner'} in any line" if rows else "line"
        raise TeachingError(f"{path} has no labels: there is no {missing} below the heading.")
    return _with_moved(rows, [folder.absolute() for folder in nearby])


def _row(line: Line, folders: Sequence[Path], where: str) -> Row:
    if not all(line.names):
        raise TeachingError(f"{where}: the name of a photograph is missing.")
    files = tuple(_place(names, folders) for names in line.names)
    last = line.last
    if not last.strip():
        return Row(line.number, files, is_blank=True)
    if len(files) == 1:
        try:
            value = float(last.replace(",", ".").replace("_", "?"))  # 1_000 is a number to Python alone
        except ValueError:
            value = math.nan
        if not abs(value) <= MAX_RATING:
            wrong = "is not a number" if math.isnan(value) else "is too large"
            raise TeachingError(f"{where}: the value “{last[:40]}” {wrong}.")
        return Row(line.number, files, value=value)
    cells = (*(names[0] for names in line.names), last)
    stripped = [cell.strip() for cell in cells]
    for left, right, won in (cells, stripped):
        if left != right and won in (left, right):
            return Row(line.number, files, answer="left" if won == left else "right")
    word = stripped[-1].casefold()
    if word not in _WINNERS:
        raise TeachingError(
            f"{where}: the winner “{last[:40]}” is not left, right, tie, or one of the two names in its line."
        )
    return Row(line.number, files, answer=_WINNERS[word])


def files_there(path: Path, rows: Sequence[Row]) -> list[Path]:
    """Those of the rows' files that are there, each once.

    Args:
        path: of the CSV, for messages.

    Raises:
        TeachingError: none is.
    """
    there = [file for file in dict.fromkeys(file for row in rows for file in row.files) if _is_file(file)]
    if not there:
        first = f"line {rows[0].line}: {rows[0].files[0]}"
        raise TeachingError(f"{path}: none of its photographs is there ({first}). {_PLACES}")
    return there


def _place(names: Sequence[str], folders: Sequence[Path]) -> Path:
    """Where a photograph of one name, or of a path and another name, is, or else where it should be."""
    if _name(Path(names[0])) == _name(Path(names[-1])):
        names = names[:1]  # the bare name could be that of another photograph
    places = (folder / each for name in names for each in _spellings(name) for folder in folders)
    return next((place for place in places if _is_file(place)), folders[0] / path_of_cell(names[-1].strip()))


def _spellings(cell: str) -> list[Path]:
    """What a cell may name: the file as written, before any that is meant if an apostrophe guards the cell
    against spreadsheets, or if blanks stand before a comma; each also by a path that Windows wrote, and with
    accents as other systems write them."""
    names: dict[Path, None] = {}
    bare = cell.strip()
    for name in (Path(cell), path_of_cell(cell), Path(bare), path_of_cell(bare)):
        slashed = str(name).replace("\\", "/")
        normal = (unicodedata.normalize(form, slashed) for form in ("NFC", "NFD"))
        names |= dict.fromkeys((name, *map(Path, (slashed, *normal))))
    return list(names)


def _with_moved(rows: list[Row], beside: Sequence[Path]) -> list[Row]:
    """The rows, with photographs that are not in their places taken by name alone from the folders and
    photographs `beside`: where there is one of that name, or copies of one, and no other photograph of the
    rows is called so."""
    called: dict[str, list[Path]] = {}
    for file in dict.fromkeys(file for row in rows for file in row.files):
        called.setdefault(_name(file), []).append(file)
    gone = {name: files[0] for name, files in called.items() if len(files) == 1 and not _is_file(files[0])}
    folders: list[Path] = []
    single: dict[str, list[Path]] = {}
    for place in beside if gone else ():
        if _is_file(place):
            single.setdefault(_name(place), []).append(place)
        else:
            folders.append(place)
    found: dict[Path, Path] = {}
    for name, file in gone.items():
        spellings = _spellings(PureWindowsPath(file).name)
        places = list(single.get(name, ()))
        for folder in folders:
            places += [place for each in spellings if _is_file(place := folder / each)][:1]
        if places:
            first, *others = places
            with suppress(OSError):  # unreadable, and so perhaps another
                if all(other.samefile(first) or filecmp.cmp(first, other, shallow=False) for other in others):
                    found[file] = first
    if not found:
        return rows
    return [
        replace(
            row,
            files=tuple(found.get(file, file) for file in row.files),
            moved=tuple(found[file] for file in row.files if file in found),
        )
        for row in rows
    ]


def _name(file: Path) -> str:
    """What photographs share that may be meant by one name; Windows may have written the path."""
    bare = path_of_cell(PureWindowsPath(file).name.strip())
    return unicodedata.normalize("NFC", os.fspath(bare)).casefold()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no name that a file can have, or a folder that is closed
        return False


def labels_of(path: Path, rows: Sequence[Row]) -> Generator[Progress | Notice, None, Found]:
    """Open each photograph once, to know it by its content.

    Args:
        path: of the CSV, for messages.
        rows: as read.

    Raises:
        TeachingError: none of the photographs can be read.
    """
    keys: dict[Path, bytes | None] = {}
    problems: list[str] = []
    first_line: dict[Path, int] = {}
    for row in rows:
        for file in () if row.is_blank else row.files:
            first_line.setdefault(file, row.line)
    found = Found()
    for done, (file, line) in enumerate(first_line.items(), 1):
        try:
            data = read_file(file)
            if sniff(data, file) is None:
                raise DecodeError(file, "this is not a photograph in a known format")
            key = keys[file] = content_key(data)
            found.places[key] = file
        except DecodeError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                error = DecodeError(file, "there is no such file")
            keys[file] = None
            problems.append(f"line {line}: {error}")
        yield Progress("labels", done, len(first_line))
    if not found.places:
        raise TeachingError(f"{path}: none of its photographs can be read. {problems[0]}. {_PLACES}")
    same: list[str] = []
    values: dict[bytes, float] = {}
    several: set[bytes] = set()
    blank = 0
    for row in rows:
        if row.is_blank:
            blank += 1
            continue
        contents = [keys[file] for file in row.files]
        known = [key for key in contents if key is not None]
        if len(known) < len(contents):
            found.left_out += 1
        elif len(known) == 1:
            if values.setdefault(known[0], row.value) != row.value:
                several.add(known[0])
            values[known[0]] = row.value
        elif known[0] == known[1]:
            same.append(f"line {row.line}")
            found.left_out += 1
        else:
            found.labels.append(Label(known[0], known[1], row.answer, "imported"))
    moved = dict.fromkeys(f"{file}" for row in rows for file in row.moved)
    if moved:
        some = _counted(len(moved), "photograph")
        yield Notice(f"{path}: {some} not where it says, and taken by name ({', '.join([*moved][:_SHOWN])}).")
    if blank:
        what = ("photograph", "no value") if len(rows[0].files) == 1 else ("pair", "no winner")
        has = f"{count(blank, what[0])} {'has' if blank == 1 else 'have'}"
        yield Notice(f"{path}: {has} {what[1]} and {'is' if blank == 1 else 'are'} left out.")
    if problems:
        left_out = _counted(len(problems), "photograph")
        yield Notice(f"{path}: {left_out} left out. {'; '.join(problems[:_SHOWN])}.")
    if same:
        lines = ", ".join(same[:_SHOWN])
        left_out = _counted(len(same), "pair")
        yield Notice(f"{path}: {left_out} left out, because both are the same photograph ({lines}).")
    found.ratings = [Rating(key, value, "rating") for key, value in values.items()]
    if several:
        have = f"{count(len(several), 'photograph')} {'has' if len(several) == 1 else 'have'}"
        yield Notice(f"{path}: {have} several values; the last one counts.")
    return found


def _counted(number: int, what: str) -> str:
    return f"{count(number, what)} {'is' if number == 1 else 'are'}"


def write_pairs(path: Path, labels: Sequence[Label], places: Mapping[bytes, Path]) -> int:
    """Write answers whose photographs' places are known; returns the rows. Raises ExportError, also where
    there are none."""
    rows = [
        (cell_of(places[label.left]), cell_of(places[label.right]), label.answer)
        for label in labels
        if label.answer in OUTCOMES and label.left in places and label.right in places
    ]
    _require(rows, path, "answers")
    write_rows(path, PAIRS, rows, list(places.values()))
    return len(rows)


def write_ratings(path: Path, ratings: Sequence[Rating], places: Mapping[bytes, Path]) -> int:
    """Write ratings whose photographs' places are known; returns the rows. Raises ExportError, also where
    there are none."""
    rows = [
        (cell_of(places[rating.photograph]), repr(rating.value))
        for rating in ratings
        if rating.scale == "rating" and rating.photograph in places
    ]
    _require(rows, path, "ratings")
    write_rows(path, RATINGS, rows, list(places.values()))
    return len(rows)


def _require(rows: Sequence[object], path: Path, what: str) -> None:
    """A heading without rows could not be read again."""
    if not rows:
        raise ExportError(
            f"{path} was not written: there are no {what} of photographs whose place is known. Open their "
            "folder first."
        )
