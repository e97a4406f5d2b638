"""The grid of thumbnails.

All tiles are of one size, so a tile's place follows from its row by arithmetic. QListView's
own layout visits every row (0.12 s for 100,000 of them, at every change of width); the
virtual methods that ask where things are answer here in constant time instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPixmap, QRegion, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QStyleOptionViewItem, QWidget

from imagesorter.gui.image_model import ImageModel, Index
from imagesorter.gui.reorder import Reorder
from imagesorter.gui.thumbnails import ThumbnailLoader
from imagesorter.gui.tile import TileDelegate

MARGIN = 8
"""Logical pixels around all tiles."""


class ImageGrid(QListView):
    """A view of an `ImageModel`. New orders leave the image under the user's eye where it is.

    Args:
        movable: a ranked image can be dragged to another place.

    Signals:
        open_requested: row of the image to be shown large.
        moved: (row, gap): the image of `row` was dragged before the row `gap`.
    """

    open_requested = Signal(int)
    moved = Signal(int, int)

    def __init__(
        self,
        model: ImageModel,
        thumbnails: ThumbnailLoader,
        parent: QWidget | None = None,
        *,
        movable: bool = True,
    ) -> None:
        super().__init__(parent)
        self._images = model
        self._thumbnails = thumbnails
        self._tiles = TileDelegate(thumbnails.cache, self)
        self._selected_ids: list[int] = []
        self._current_id: int | None = None
        self._anchor: tuple[int, int] | None = None
        self._request_delay = QTimer(self, singleShot=True, interval=0)
        self._request_delay.timeout.connect(self._request_thumbnails)

        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName("Photographs")
        self.setItemDelegate(self._tiles)
        self.setModel(model)
        model.about_to_reorder.connect(self._before_reorder)
        model.reordered.connect(self._after_reorder)
        thumbnails.loaded.connect(self._on_thumbnail)
        self.verticalScrollBar().valueChanged.connect(self.request_thumbnails)
        self.doubleClicked.connect(lambda index: self.open_requested.emit(index.row()))
        if movable:
            reorder = Reorder(self)
            reorder.moved.connect(self.moved)
            # What was taken hold of may stand in another row afterwards, or nowhere.
            model.about_to_reorder.connect(reorder.stop)
            model.modelAboutToBeReset.connect(reorder.stop)

    @property
    def tile_size(self) -> int:
        return self._tiles.side

    def set_tile_size(self, side: int) -> None:
        """Change the width of the tiles; the image that is first in sight stays in sight."""
        first = self._first_row() if self.verticalScrollBar().value() else 0
        self._tiles.side = side
        self.updateGeometries()
        self.verticalScrollBar().setValue(self._place(first).top())
        self.viewport().update()
        self.request_thumbnails()

    def selected_rows(self) -> list[int]:
        """Selected rows from the best down."""
        parts = self.selectionModel().selection().toList()
        return sorted(row for part in parts for row in range(part.top(), part.bottom() + 1))

    def select(self, rows: Iterable[int]) -> None:
        """Select these rows and no others; none is the current one then."""
        selection = QItemSelection()
        for first, last in _runs(sorted(rows)):
            selection.select(self._images.index(first), self._images.index(last))
        # Without reset, the model would compare every old range with every new one.
        self.selectionModel().reset()
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.Select)

    def show_row(self, row: int) -> None:
        """Make a row the current one and bring it into sight. Where several are selected, they stay so."""
        index = self._images.index(row)
        if len(self.selected_rows()) > 1:
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        else:
            self.setCurrentIndex(index)
        self.scrollTo(index)

    def go_to_top(self) -> None:
        """Show the first rows."""
        self.verticalScrollBar().setValue(0)

    # Where things are.

    def _columns(self) -> int:
        return max(1, (self.viewport().width() - 2 * MARGIN) // self._tiles.cell().width())

    def _cell(self) -> QSize:
        """A tile with its share of the width that is left over."""
        width = max(1, self.viewport().width() - 2 * MARGIN)
        return QSize(max(self._tiles.cell().width(), width // self._columns()), self._tiles.cell().height())

    def _place(self, row: int) -> QRect:
        """Rectangle of a row, from the top of all tiles."""
        cell = self._cell()
        line, column = divmod(row, self._columns())
        return QRect(QPoint(MARGIN + column * cell.width(), MARGIN + line * cell.height()), cell)

    def _row_at(self, point: QPoint) -> int | None:
        """Row at a point of the viewport."""
        cell = self._cell()
        x, y = point.x() - MARGIN, point.y() - MARGIN + self.verticalOffset()
        column, row = x // cell.width(), 0
        if x < 0 or y < 0 or column >= self._columns():
            return None
        row = y // cell.height() * self._columns() + column
        return row if row < self._images.rowCount() else None

    def _nearest_row(self, point: QPoint) -> int:
        """Row at a point, or where reading left to right would meet the next one."""
        cell = self._cell()
        line = max(0, (point.y() - MARGIN + self.verticalOffset()) // cell.height())
        column = min(max(0, (point.x() - MARGIN) // cell.width()), self._columns() - 1)
        return min(line * self._columns() + column, self._images.rowCount() - 1)

    def _first_row(self) -> int:
        """First row that is at least half in sight."""
        cell = self._cell()
        line = (self.verticalOffset() - MARGIN + cell.height() // 2) // cell.height()
        return min(max(0, line) * self._columns(), max(0, self._images.rowCount() - 1))

    def ranked_row_at(self, point: QPoint) -> int | None:
        """Row at a point of the viewport, None between images and where the image has no rank."""
        row = self._row_at(point)
        return row if row is not None and self._images.rank(row) is not None else None

    def gap_at(self, point: QPoint) -> int:
        """The row before which something dropped at a point comes to stand, among those ranked."""
        row = self._nearest_row(point)
        after = point.x() > self._place(row).center().x()
        return min(row + after, self._images.ranked_count)

    def gap_rect(self, gap: int) -> QRect:
        """Rectangle of the viewport, narrow and upright, before a row."""
        # At the end of a line rather than alone in the next one.
        at_end = gap > 0 and (gap % self._columns() == 0 or gap == self._images.rowCount())
        place = self._place(gap - 1 if at_end else gap)
        left = place.right() if at_end else place.left()
        return QRect(left - 2, place.top() - self.verticalOffset() + 4, 4, self._tiles.side + 8)

    def thumbnail(self, row: int) -> QPixmap | None:
        """What is in memory of the image of a row."""
        return self._thumbnails.cache.get(self._images.file_id(row))

    def visible_rows(self, margin: int = 0) -> range:
        """Rows in sight, and `margin` lines above and below."""
        height = self._cell().height()
        top = (self.verticalOffset() - MARGIN) // height - margin
        bottom = (self.verticalOffset() - MARGIN + self.viewport().height()) // height + 1 + margin
        return range(max(0, top) * self._columns(), min(bottom * self._columns(), self._images.rowCount()))

    def visualRect(self, index: Index) -> QRect:  # noqa: N802
        if not index.isValid():
            return QRect()
        return self._place(index.row()).translated(0, -self.verticalOffset())

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: N802
        row = self._row_at(point)
        return QModelIndex() if row is None else self._images.index(row)

    def verticalOffset(self) -> int:  # noqa: N802
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:  # noqa: N802
        return 0

    def isIndexHidden(self, index: Index) -> bool:  # noqa: N802
        return False

    def doItemsLayout(self) -> None:  # noqa: N802
        self.updateGeometries()
        self.viewport().update()
        self.request_thumbnails()

    def updateGeometries(self) -> None:  # noqa: N802
        lines = -(-self._images.rowCount() // self._columns())
        height = 2 * MARGIN + lines * self._cell().height()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, height - self.viewport().height()))
        bar.setEnabled(bar.maximum() > 0)
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(max(20, self._cell().height() // 4))

    def scrollTo(  # noqa: N802
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        if not index.isValid():
            return
        bar, place = self.verticalScrollBar(), self._place(index.row())
        top, bottom = place.top() - MARGIN, place.bottom() + MARGIN - self.viewport().height()
        if hint is QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue((top + bottom) // 2)
        else:
            bar.setValue(min(max(bar.value(), bottom), top))

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: N802
        self.viewport().scroll(dx, dy)

    # Selecting.

    def moveCursor(  # noqa: N802
        self,
        action: QAbstractItemView.CursorAction,
        modifiers: Qt.KeyboardModifier,
    ) -> QModelIndex:
        count = self._images.rowCount()
        if not count:
            return QModelIndex()
        if not self.currentIndex().isValid():
            return self._images.index(self._first_row())
        steps = QAbstractItemView.CursorAction
        columns, row = self._columns(), self.currentIndex().row()
        page = max(1, self.viewport().height() // self._cell().height()) * columns
        target = {
            steps.MoveLeft: row - 1,
            steps.MovePrevious: row - 1,
            steps.MoveRight: row + 1,
            steps.MoveNext: row + 1,
            steps.MoveUp: row - columns if row >= columns else row,
            steps.MoveDown: row + columns if row // columns < (count - 1) // columns else row,
            steps.MovePageUp: row - page if row >= page else row % columns,
            steps.MovePageDown: row + page,
            steps.MoveHome: 0,
            steps.MoveEnd: count - 1,
        }[action]
        return self._images.index(min(max(0, target), count - 1))

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:  # noqa: N802
        selection = QItemSelection()
        if self._images.rowCount() and not (
            rect.width() == rect.height() == 1 and self._row_at(rect.topLeft()) is None
        ):
            first, last = sorted((self._nearest_row(rect.topLeft()), self._nearest_row(rect.bottomRight())))
            selection.select(self._images.index(first), self._images.index(last))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:  # noqa: N802
        return QRegion(self.viewport().rect())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        selects = event.key() == Qt.Key.Key_Space and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() in keys and not selects and self.currentIndex().isValid():
            self.open_requested.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        selection, current = self.selectionModel(), self.currentIndex()
        plain = option.state & ~QStyle.StateFlag.State_HasFocus
        focused = self.hasFocus()
        for row in self.visible_rows():
            index = self._images.index(row)
            option.rect = self.visualRect(index)
            if not option.rect.intersects(event.rect()):
                continue
            option.state = plain
            if selection.isSelected(index):
                option.state |= QStyle.StateFlag.State_Selected
            if focused and index == current:
                option.state |= QStyle.StateFlag.State_HasFocus
            self._tiles.paint(painter, option, index)
        painter.end()

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:  # noqa: N802
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        first = self._first_row() if self.verticalScrollBar().value() else 0
        super().resizeEvent(event)
        self.updateGeometries()
        if first and event.oldSize().width() != event.size().width():
            self.verticalScrollBar().setValue(self._place(first).top())
        self.request_thumbnails()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.request_thumbnails()  # what came into sight behind another tab was not asked for

    # Thumbnails.

    def request_thumbnails(self) -> None:
        """Ask for what is in sight, once the events at hand are done."""
        self._request_delay.start()

    def _request_thumbnails(self) -> None:
        if not self.isVisible():
            return
        visible, near = self.visible_rows(), self.visible_rows(margin=2)
        rows = [*visible, *range(visible.stop, near.stop), *range(near.start, visible.start)]
        side = round(self._tiles.side * self.devicePixelRatioF())
        self._thumbnails.request([self._images.file_id(row) for row in rows], side)

    def _on_thumbnail(self, file_id: int) -> None:
        row = self._images.row(file_id)
        if row in self.visible_rows():
            self.viewport().update(self.visualRect(self._images.index(row)))

    # A new order.

    def _before_reorder(self, by_hand: bool) -> None:
        """Note by file id what is selected, and which image must stay where it is: by hand, that is none,
        since who moves one looks at where it goes."""
        current, rows = self.currentIndex(), self.selected_rows()
        self._selected_ids = [self._images.file_id(row) for row in rows]
        self._current_id = self._images.file_id(current.row()) if current.isValid() else None
        self._anchor = None
        if by_hand or not self._images.rowCount():
            return
        anchor: int | None = None
        if current.row() in rows and self.visualRect(current).intersects(self.viewport().rect()):
            anchor = current.row()
        elif self.verticalOffset():
            anchor = self._first_row()
        if anchor is not None:
            self._anchor = self._images.file_id(anchor), self._place(anchor).top() - self.verticalOffset()

    def _after_reorder(self) -> None:
        """Select the same images as before, and scroll so that the anchored one has not moved."""
        self.setAutoScroll(False)
        if len(self._selected_ids) < self._images.rowCount():
            self.select(self._images.row(file_id) for file_id in self._selected_ids)
        if self._current_id is not None:
            current = self._images.index(self._images.row(self._current_id))
            self.selectionModel().setCurrentIndex(current, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.setAutoScroll(True)
        if self._anchor is not None:
            file_id, top = self._anchor
            self.verticalScrollBar().setValue(self._place(self._images.row(file_id)).top() - top)
        self.request_thumbnails()


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """Ascending rows as (first, last) of each unbroken run."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = runs[-1][0], row
        else:
            runs.append((row, row))
    return runs
