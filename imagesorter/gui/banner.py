"""Messages between the query and the images. They stay until they are dismissed or out of date."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from imagesorter.gui import icons, theme
from imagesorter.gui import text as words

Severity = Literal["info", "warning", "error"]
MOST = 4
"""Banners at once; older ones make room, notes first."""

_SHARE = 4
"""Banners take at most this fraction (1/n) of the height of what they stand in."""

_SPACING = 6


class Banner(QWidget):
    """One message.

    Args:
        details: text for a bug report, shown on request.
        offer: what a button says that offers a way on; "" for none.

    Attributes:
        text: as it was given; shown is what is printable of it.
        number: rises as messages come; they may stand in another order.
    """

    def __init__(
        self,
        text: str,
        severity: Severity,
        details: str = "",
        offer: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.text, self.severity, self._details = text, severity, details
        self.number = 0
        self.offer = QPushButton(offer, self)
        self.offer.setObjectName("link")
        self.offer.setVisible(bool(offer))
        self.more = QPushButton(self)
        self.more.setObjectName("link")
        self.more.setToolTip("Show the message that waits behind this one")
        self.more.hide()
        self._details_button: QPushButton | None = None
        self._symbol = QLabel()
        self._shown = shown = words.message(text)
        self._label = QLabel(shown, wordWrap=True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.dismiss = QToolButton()
        self.dismiss.setToolTip("Dismiss")
        self.dismiss.setObjectName("flat")
        self.dismiss.setAccessibleName("Dismiss the message")
        self.dismiss.setIconSize(QSize(14, 14))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(10)
        row.addWidget(self._symbol, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._label, 1)
        row.addWidget(self.offer, 0, Qt.AlignmentFlag.AlignVCenter)
        if details:
            self._details_button = button = QPushButton("Details…")
            button.setObjectName("link")
            button.clicked.connect(self._show_details)
            row.addWidget(button)
        row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.dismiss, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(f"{severity}: {shown}")
        self.dismiss.ensurePolished()
        self._symbol.setFixedHeight(self.dismiss.sizeHint().height())  # beside a single line, level with it
        self._colour()

    def set_waiting(self, others: int) -> None:
        """How many messages wait behind this one."""
        self.more.setText(f"{others} more")
        self.more.setVisible(others > 0)

    def buttons(self) -> list[QAbstractButton]:
        """In the order in which they stand."""
        return [
            self.offer,
            *([self._details_button] if self._details_button else []),
            self.more,
            self.dismiss,
        ]

    def sizeHint(self) -> QSize:  # noqa: N802
        """Its height is that of its lines as they are broken now, not as a label would like to break them."""
        return QSize(super().sizeHint().width(), self.heightForWidth(self.width()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "dismiss"):
            self._colour()

    def paintEvent(self, event: QPaintEvent) -> None:
        accent = theme.severity(self.palette(), self.severity)
        fill = accent.toRgb()
        fill.setAlphaF(0.13)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = accent.toRgb()
        edge.setAlphaF(0.45)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.end()

    def _colour(self) -> None:
        accent = theme.severity(self.palette(), self.severity)
        ratio = self.devicePixelRatioF()
        self._symbol.setPixmap(icons.pixmap(self.severity, accent, 20, ratio))
        self.dismiss.setIcon(icons.icon("close", self.palette().windowText().color(), (14, 28)))

    def _show_details(self) -> None:
        box = QMessageBox(QMessageBox.Icon.Warning, "Details", self._shown, parent=self.window())
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText("The details below and the log file help to find the fault.")
        box.setDetailedText(self._details)
        copy = box.addButton("Copy details", QMessageBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QApplication.clipboard().setText(self._details))
        box.addButton(QMessageBox.StandardButton.Close)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()


class BannerArea(QWidget):
    """Banners, one below the other; no message twice. Where there is little room, older ones wait behind
    those that came later, which say so, and notes behind warnings.

    `dismissed` gives the text of what the user has taken away.
    """

    dismissed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._banners: list[Banner] = []
        self._added = 0
        self._before: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(_SPACING)
        self.hide()
        if parent is not None:
            parent.installEventFilter(self)

    def follow(self, widget: QWidget) -> None:
        """The Tab key comes from a widget to the banners, and on from there as it did before."""
        self._before = widget

    def banners(self) -> list[Banner]:
        """Notes, then warnings and errors, the oldest first, but for what was put behind the others."""
        return list(self._banners)

    def add(
        self,
        text: str,
        severity: Severity,
        details: str = "",
        offer: tuple[str, Callable[[], None]] | None = None,
    ) -> None:
        """Show a message; one that stands comes anew. `offer`: what a button beside it says and does."""
        self.withdraw(text)
        banner = Banner(text, severity, details, offer[0] if offer else "", self)
        self._added += 1
        banner.number = self._added
        if offer:
            banner.offer.clicked.connect(offer[1])
        banner.dismiss.clicked.connect(lambda: self._dismiss(banner))
        banner.more.clicked.connect(self._turn)
        place = len(self._banners)
        while severity == "info" and place and self._banners[place - 1].severity != "info":
            place -= 1
        before = self._banners[place - 1].dismiss if place else self._before
        for button in banner.buttons():
            if before is not None:
                QWidget.setTabOrder(before, button)
            before = button
        self._column.insertWidget(place, banner)
        self._banners.insert(place, banner)
        while len(self._banners) > MOST:  # a note among warnings alone is the first to go
            self._remove(min(self._banners, key=lambda each: (each.severity != "info", each.number)))
        self.show()
        self._arrange()

    def withdraw(self, text: str) -> None:
        """Take a message away, where it stands."""
        for banner in self.banners():
            if banner.text == text:
                self._remove(banner)

    def clear(self) -> None:
        for banner in self.banners():
            self._remove(banner)

    def _dismiss(self, banner: Banner) -> None:
        self._remove(banner)
        self.dismissed.emit(banner.text)

    def _remove(self, banner: Banner) -> None:
        self._banners.remove(banner)
        self._column.removeWidget(banner)
        banner.hide()
        banner.deleteLater()
        self.setVisible(bool(self._banners))
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() is QEvent.Type.Resize and watched is self.parent():
            self._arrange()
        return False

    def _turn(self) -> None:
        """Put the latest behind the others."""
        latest = self._banners.pop()
        self._banners.insert(0, latest)
        self._column.insertWidget(0, latest)
        self._arrange()

    def _arrange(self) -> None:
        """Show the latest, and of the others as many as have room."""
        for banner in self._banners:
            banner.set_waiting(0)
        if waiting := self._show_some():
            self._banners[-1].set_waiting(waiting)  # which may take another line of it
            self._banners[-1].set_waiting(self._show_some())

    def _show_some(self) -> int:
        """How many have no room."""
        parent = self.parentWidget()
        room = parent.height() // _SHARE if parent is not None else sys.maxsize
        waiting = 0
        for banner in reversed(self._banners):
            height = banner.heightForWidth(self.width())
            shown = banner is self._banners[-1] or height <= room
            banner.setVisible(shown)
            room = room - height - _SPACING if height <= room else 0
            waiting += not shown
        return waiting
