"""Files dropped on the window."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QMimeData, QRectF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from imagesorter.gui import text, theme


def local_paths(data: QMimeData) -> list[Path]:
    """Files and folders of this computer among what is dragged, each once."""
    urls = data.urls() if data.hasUrls() else []
    return list(dict.fromkeys(_path(url) for url in urls if url.isLocalFile() and url.toLocalFile()))


def _path(url: QUrl) -> Path:
    """On Linux by its bytes, which need not be UTF-8, as Qt's text must."""
    if sys.platform in ("win32", "darwin") or url.host():
        return Path(url.toLocalFile())
    encoded = url.path(QUrl.ComponentFormattingOption.FullyEncoded)
    return Path(os.fsdecode(unquote_to_bytes(encoded)))


def remote_count(data: QMimeData) -> int:
    """How many of the dragged things are not on this computer."""
    urls = data.urls() if data.hasUrls() else []
    return sum(not url.isLocalFile() for url in urls)


def accept_as_copy(event: QDropEvent) -> None:
    """Never as a move: the file manager would then delete the originals."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


class DropOverlay(QWidget):
    """Covers the window while files are dragged over it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Drop to open")
        self._window = parent
        self._text = ""
        self.hide()

    def invite(self, paths: list[Path], verb: str = "Open") -> None:
        """Show what would be opened, or imported."""
        self._text = (
            f"{verb} “{text.named(paths[0].name or str(paths[0]))}”"
            if len(paths) == 1
            else f"{verb} these {len(paths):,}"
        )
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = self.palette().window().color()
        veil.setAlphaF(0.95)
        painter.fillRect(self.rect(), veil)
        frame = QRectF(self.rect()).adjusted(18, 18, -18, -18)
        painter.setPen(QPen(self.palette().highlight(), 2.5, Qt.PenStyle.DashLine))
        painter.setBrush(theme.tint(self.palette(), 0.10))
        painter.drawRoundedRect(frame, 16, 16)
        theme.set_font(painter, 24, heavy=True)
        painter.setPen(self.palette().windowText().color())
        inside = frame.adjusted(24, 0, -24, 0)
        shown = painter.fontMetrics().elidedText(
            self._text, Qt.TextElideMode.ElideMiddle, int(inside.width())
        )
        painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, shown)
        painter.end()
