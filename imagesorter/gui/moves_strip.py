"""The photographs that move furthest, with where they stood and where they would stand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from imagesorter.events import Move
from imagesorter.gui import theme
from imagesorter.gui.thumbnails import ThumbnailLoader

SIDE = 84
GAP = 12


def told(move: Move) -> str:
    """`34 → 3`."""
    return f"{move.before:,} → {move.after:,}"


class MovesStrip(QWidget):
    """As many moves as have room, the furthest first."""

    def __init__(self, thumbnails: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._moves: Sequence[Move] = ()
        self._words: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        thumbnails.loaded.connect(lambda _: self.update())

    @property
    def moves(self) -> Sequence[Move]:
        return self._moves

    def set_moves(self, moves: Sequence[Move], names: Sequence[str]) -> None:
        """`names`: of the files, one for each of the moves."""
        self._moves = moves
        self._words = [
            f"{name}: from rank {move.before:,} to {move.after:,}"
            for move, name in zip(moves, names, strict=True)
        ]
        self.setAccessibleName(f"Biggest moves: {', '.join(self._words[:5]) or 'none'}")
        self._request()
        self.update()

    def told_at(self, point: QPoint) -> str:
        """What moved there, "" for nothing."""
        k, beside = divmod(point.x(), SIDE + GAP)
        return self._words[k] if 0 <= k < len(self._in_sight()) and beside < SIDE else ""

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.told_at(event.pos()), self)  # type: ignore[attr-defined]
            return True
        return super().event(event)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(8 * (SIDE + GAP), SIDE + 6 + self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(SIDE, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._request()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        faint, strong = theme.faint(self.palette()), self.palette().color(QPalette.ColorRole.Text)
        for k, move in enumerate(self._in_sight()):
            ground = QRect(k * (SIDE + GAP), 0, SIDE, SIDE)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.ground(self.palette()))
            painter.drawRoundedRect(ground, 6, 6)
            pixmap = self._thumbnails.cache.get(move.file_id)
            if pixmap is not None:
                target = QRect(
                    QPoint(0, 0), pixmap.size().scaled(ground.size(), Qt.AspectRatioMode.KeepAspectRatio)
                )
                target.moveCenter(ground.center())
                painter.drawPixmap(target, pixmap)
            line = QRect(ground.left() - GAP // 2, SIDE + 4, SIDE + GAP, painter.fontMetrics().height())
            painter.setPen(strong if move.after < move.before else faint)
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, told(move))
        painter.end()

    def _in_sight(self) -> Sequence[Move]:
        return self._moves[: max(1, (self.width() + GAP) // (SIDE + GAP))]

    def _request(self) -> None:
        side = round(SIDE * self.devicePixelRatioF())
        self._thumbnails.request([move.file_id for move in self._in_sight()], side)
