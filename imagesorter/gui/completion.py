"""Completion of the last term of a query, not of the query alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSize, QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView, QStyledItemDelegate, QStyleOptionViewItem

_WISH = r"(?:more|most|less|least|fewer|fewest|not|no|never|without)\b"
_WITHOUT = (
    "(?:without|with no|no|not|never|lacking|free (?:of|from)|except(?: for)?|minus|instead of|rather than)"
)
_BEFORE_TERM = re.compile(
    rf".*(?:[+\N{{MINUS SIGN}},;]|(?:^|\s)[-\N{{EN DASH}}\N{{EM DASH}}]|\s(?:and|but|&)\s(?={_WISH})"
    rf"|\s{_WITHOUT}\s|\s(?=(?:more|less|fewer)\s))\s*",
    re.IGNORECASE,
)
"""All up to the last term: a sign, a comma, or a word that joins wishes; see `ranking.query`."""
_WEIGHT = re.compile(r"\d+(?:[.,]\d+)?\s*[*×]?\s+|\d+(?:[.,]\d+)?\s*[*×]\s*")
_DASH = "[-\N{MINUS SIGN}\N{EN DASH}\N{EM DASH}]"
_WEIGHTED = re.compile(rf"(?:{_WEIGHT.pattern})$")
_MINUS = re.compile(rf"{_DASH}(\s*(?:{_WEIGHT.pattern})?)$")
_UNWANTED = re.compile(rf"\s{_WITHOUT}\s+$", re.IGNORECASE)
_LESS = re.compile(r"(?:less|least|fewer|fewest|not|no|without)\b", re.IGNORECASE)
_SIGNED = re.compile(rf"(\+|{_DASH})\s*")
QUOTES = (
    '"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}'
    "\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}\N{FULLWIDTH QUOTATION MARK}"
)
_NOTHING = "\0"
"""Begins no query."""


class TermCompleter(QCompleter):
    """Offers what contains the term that is being typed, and leaves what stands before it.

    Args:
        queries: the model of whole queries.
    """

    def __init__(self, queries: QStringListModel, parent: QObject | None = None) -> None:
        super().__init__(queries, parent)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setFilterMode(Qt.MatchFlag.MatchContains)
        self._typed = ""

    def splitPath(self, typed: str) -> list[str]:  # noqa: N802
        """What has to be contained: the last term, or nothing within quotes."""
        self._typed = typed
        _, term = _parted(typed)
        quoted = sum(typed.count(mark) for mark in QUOTES) % 2
        edit = self.widget()  # within the text, another term than the last is typed
        inside = isinstance(edit, QLineEdit) and edit.cursorPosition() < len(edit.text())
        return [_NOTHING if quoted or inside or (not term and typed) else term]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:  # noqa: N802
        """The whole text with one of what is offered in it."""
        return completed(self._typed, str(index.data()))


class CompletionList(QListView):
    """The list below the line: as wide as that, and what is too long for it ends in an ellipsis."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("completion")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)


class CompletionDelegate(QStyledItemDelegate):
    """No entry asks for more width than there is. The completer's own delegate knows no style sheet."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        return QSize(0, super().sizeHint(option, index).height())


def beginning_first(queries: Iterable[str], typed: str) -> list[str]:
    """Those that begin with what was typed, or with its last term, before those that only contain it."""
    beginnings = typed.strip().casefold(), _parted(typed)[1].strip().casefold()
    return sorted(queries, key=lambda query: not query.casefold().startswith(beginnings))


def completed(typed: str, query: str) -> str:
    """What was typed with its last term completed to a query.

    A query that goes on from all that was typed takes its place. Another keeps its sense: a sign of its own
    becomes a word, and "less" after a minus turns that into a plus.
    """
    before, _ = _parted(typed)
    if not before or typed.strip().casefold() in query.casefold():
        return query
    if sign := _SIGNED.match(query):
        query = ("" if sign[1] == "+" else "less ") + query[sign.end() :]
    if _WEIGHTED.search(before):
        query = _WEIGHT.sub("", query, count=1) if _WEIGHT.match(query) else query
    if _UNWANTED.search(before):
        query = _LESS.sub("", query, count=1).lstrip()
    elif _LESS.match(query) and _MINUS.search(before):
        before = _MINUS.sub(r"+\1", before)
    return before + query


def _parted(typed: str) -> tuple[str, str]:
    """What stands before the last term, and the term."""
    found = _BEFORE_TERM.match(typed)
    start = found.end() if found else 0
    weight = _WEIGHT.match(typed, start)
    if weight and (found or re.search(r"^0[.,]|[*×]", weight[0])):  # else it is a word: "2 people"
        start = weight.end()
    return typed[:start], typed[start:]
