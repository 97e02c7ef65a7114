"""The lanes themselves: one painted row a worker, with mouse and keys. GUI thread only.

The session makes the pixels' facts; this paints them, turns wheel and drag into another
viewport, and clicks into a selection. The cost depends on the pixels, not the tasks.
"""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import (
    QElapsedTimer,
    QEvent,
    QPoint,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip

from pool_gui.monitor.view.snapshot import (
    LaneGroup,
    Lanes,
    Scope,
    Snapshot,
    WorkerState,
)
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.window.controller import Selection
from pool_gui.window.lanes import marks
from pool_gui.window.lanes.canvas import Canvas
from pool_gui.window.lanes.colouring import BY_STATE, NO_LANES, coloured
from pool_gui.window.lanes.layout import MOST_PIXELS, LaneLayout, Place
from pool_gui.window.lanes.scene import (
    NAME_PIXELS,
    SHARE_PIXELS,
    FailureMark,
    LaneScene,
)
from pool_gui.window.lanes.telling import describe, describe_head
from pool_gui.window.lanes.travel import panned, seeing, zoomed
from pool_gui.window.style import words
from pool_gui.window.style.text import tool_tip
from pool_gui.window.style.theme import Theme, figures

_TASK_PIXELS: Final = 150
_AXIS_PIXELS: Final = 18
_FOLD_PIXELS: Final = 26
"""So much of a head, on its left, folds and unfolds."""
_NOTCH: Final = 120
_TEXTS_MS: Final = 250


class LaneView(QAbstractScrollArea):
    """See the module."""

    selected = Signal(object)
    """Selection: what was clicked."""
    viewport_wanted = Signal(object)
    """Viewport: where the wheel, a drag or a fold leads."""
    scope_wanted = Signal(object)
    """Scope: of the head that was clicked."""
    menu_wanted = Signal(object)
    """QPoint: where a menu is to be opened, on the screen."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(80)
        self.setAccessibleName(self.tr("Worker lanes"))
        self.viewport().setMouseTracking(True)
        # It fills itself: what lies below need not be painted for each frame.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._theme = theme
        self.colour_by = BY_STATE
        self._snapshot: Snapshot | None = None
        self._layout = LaneLayout(None, 0)
        self._pixels = NO_LANES
        self._kept = FailureMark(), Canvas()
        self._fonts = figures(self.font(), 11), figures(self.font(), 12)
        self._asked = Viewport()
        self._selection = Selection()
        self._pressed: QPoint | None = None
        self._dragged_end_ns: int | None = None
        self._texts_shown = QElapsedTimer()

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Return room for eight lanes."""
        return QSize(600, 8 * MOST_PIXELS + _AXIS_PIXELS)

    # --- what is shown --------------------------------------------------------------

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot."""
        self._snapshot = snapshot
        self._make_pixels()
        self._layout_rows()
        busy = sum(w.state is WorkerState.BUSY for w in snapshot.workers)
        self.setAccessibleDescription(
            self.tr("{0}, {1} busy").format(words.workers(len(snapshot.workers)), busy)
        )
        self._ask_for_rows()
        self._repaint()

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: N802  # Qt's name
        """Scroll, and ask for what comes into sight."""
        super().scrollContentsBy(dx, dy)
        self._ask_for_rows()

    def _ask_for_rows(self) -> None:
        """Ask for what is in sight, if it is not what was asked for."""
        top, room = self.verticalScrollBar().value(), self.viewport().height()
        rows = self._layout.rows_between(top, room)
        wanted = seeing(self._asked, rows, by_state=self.colour_by == BY_STATE)
        if wanted != self._asked:
            self.viewport_wanted.emit(wanted)

    def _repaint(self) -> None:
        """Repaint the lanes, and a few times a second the texts beside them too.

        Texts cost more than the lanes; and nobody reads figures that change faster.
        """
        if self._texts_shown.isValid() and self._texts_shown.elapsed() < _TEXTS_MS:
            track, room = self._track(), self.viewport().height() - _AXIS_PIXELS
            self.viewport().update(track.left(), 0, track.width(), room)
        else:
            self._texts_shown.start()
            self.viewport().update()

    def show_selection(self, selection: Selection) -> None:
        """Mark another worker and task."""
        self._selection = selection
        self.viewport().update()

    def follow(self, asked: Viewport) -> None:
        """Take over the viewport that was asked for."""
        self._asked = asked

    def recolour(self) -> None:
        """Paint anew, after the theme or the choice of colours changed."""
        self._ask_for_rows()
        self._kept = self._kept[0], Canvas()
        self._make_pixels()
        self.viewport().update()

    def _lanes(self) -> Lanes | None:
        return None if self._snapshot is None else self._snapshot.lanes

    def _make_pixels(self) -> None:
        ground = self._theme.colours.lane
        self._pixels = coloured(self._lanes(), self.colour_by, ground)

    # --- geometry -------------------------------------------------------------------

    def _layout_rows(self) -> None:
        room = self.viewport().height() - _AXIS_PIXELS
        self._layout = LaneLayout(self._snapshot, room)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, self._layout.height - room))
        bar.setPageStep(room)
        bar.setSingleStep(self._layout.lane_pixels)

    def _track(self) -> QRect:
        """Return where the pixels of all lanes lie, from left to right."""
        width = self.viewport().width()
        task = _TASK_PIXELS if width >= 640 else 110
        right = width - SHARE_PIXELS - task
        return QRect(NAME_PIXELS, 0, max(right - NAME_PIXELS, 40), 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Ask for as many pixels as there are."""
        super().resizeEvent(event)
        self._layout_rows()
        pixels = max(16, round(self._track().width() * self.devicePixelRatioF()))
        if pixels != self._asked.pixels:
            self.viewport_wanted.emit(replace(self._asked, pixels=pixels))

    def _place_at(self, y: float) -> Place | None:
        if y >= self.viewport().height() - _AXIS_PIXELS:
            return None
        return self._layout.at(y + self.verticalScrollBar().value())

    def _head_at(self, position: QPointF) -> LaneGroup | None:
        """Return the group whose head is there."""
        lanes, place = self._lanes(), self._place_at(position.y())
        if lanes is None or place is None or place.row >= 0:
            return None
        return lanes.groups[place.group]

    def _span_at(self, position: QPointF) -> tuple[int, int]:
        """Return (row, place in the table of spans), -1 where there is none."""
        lanes, lane = self._lanes(), self._place_at(position.y())
        row = -1 if lane is None else lane.row
        at = row if lanes is None else row - lanes.first_row
        if lanes is None or row < 0 or not 0 <= at < len(lanes.owner):
            return row, -1
        track = self._track()
        share = (position.x() - track.left()) / track.width()
        pixel = int(share * lanes.owner.shape[1])
        if not 0 <= pixel < lanes.owner.shape[1]:
            return row, -1
        return row, int(lanes.owner[at, pixel])

    # --- painting -------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Paint the lanes in sight, and the time axis."""
        snapshot = self._snapshot
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._theme.colours.panel))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if snapshot is not None:
            offset = self.verticalScrollBar().value()
            room = self.viewport().height() - _AXIS_PIXELS
            width = self.viewport().width()
            painter.setClipRect(0, 0, width, room)
            tall = self._layout.lane_pixels >= 20
            painter.setFont(self._fonts[tall])
            colours, track = self._theme.colours, self._track()
            texts = event.rect().left() < track.left()
            scene = LaneScene(
                snapshot, self._selection, colours, track, self._kept, texts=texts
            )
            rows = []
            for place in self._layout.between(offset, offset + room):
                box = QRect(0, place.top - offset, width, place.height)
                if place.row >= 0:
                    rows.append((place.row, box))
                elif event.rect().intersects(box):
                    folded = self._asked.folded
                    scene.paint_head(painter, place.group, box, folded)
            scene.paint_rows(painter, rows, self._pixels)
            marks.paint(painter, snapshot, track, room, colours)
            painter.setClipping(False)
            if event.rect().bottom() >= room:
                painter.setFont(self._fonts[0])
                scene.paint_axis(painter, self.viewport().height())
        painter.end()

    # --- mouse ----------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  # Qt's name
        """Zoom at the cursor; with Shift, or beside the lanes, scroll the workers."""
        track = self._track()
        inside = track.left() <= event.position().x() <= track.right()
        if not inside or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            super().wheelEvent(event)
            return
        notches = event.angleDelta().y() / _NOTCH
        place = (event.position().x() - track.left()) / track.width()
        self.zoom(0.8**notches, place)
        event.accept()

    def zoom(self, factor: float, place: float = 1.0) -> None:
        """Show `factor` times as much time, keeping what is at this share in place."""
        wanted = zoomed(self._asked, self._lanes(), factor, place)
        self.viewport_wanted.emit(wanted)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Begin a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()
            lanes = self._lanes()
            self._dragged_end_ns = None if lanes is None else lanes.end_ns

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Pan while the button is held."""
        if self._pressed is None or self._dragged_end_ns is None:
            return
        moved = event.position().x() - self._pressed.x()
        if abs(moved) < 5 and self._asked.end_ns is None:
            return
        share = moved / self._track().width()
        wanted = panned(self._asked, self._lanes(), self._dragged_end_ns, share)
        self.viewport_wanted.emit(wanted)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Select what was clicked, unless it was a drag."""
        pressed, self._pressed = self._pressed, None
        if pressed is None or self._snapshot is None:
            return
        if (event.position().toPoint() - pressed).manhattanLength() >= 5:
            return
        head = self._head_at(event.position())
        if head is not None:
            self._click_head(head, event.position().x())
            return
        row, place = self._span_at(event.position())
        lanes = self._lanes()
        if row < 0 or lanes is None:
            self.selected.emit(Selection())
            return
        task = int(lanes.spans.task[place]) if place >= 0 else 0
        self.selected.emit(Selection(self._snapshot.workers[row].key, task))

    def _click_head(self, head: LaneGroup, x: float) -> None:
        """Fold or unfold at its triangle; else let all speak of its pool."""
        if x < _FOLD_PIXELS and head.pool:
            folded = self._asked.folded ^ {head.pool}
            self.viewport_wanted.emit(replace(self._asked, folded=folded))
        elif head.pool:
            self.scope_wanted.emit(Scope(head.source, head.pool))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802  # Qt's name
        """Select what is below the cursor, and ask for its menu."""
        position = QPointF(self.viewport().mapFromGlobal(event.globalPos()))
        head = self._head_at(position)
        row, _ = self._span_at(position)
        if head is not None and head.pool:
            self.scope_wanted.emit(Scope(head.source, head.pool))
        elif row >= 0 and self._snapshot is not None:
            self.selected.emit(Selection(self._snapshot.workers[row].key))
        self.menu_wanted.emit(event.globalPos())

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Say what is under the cursor."""
        if isinstance(event, QHelpEvent):
            text = self.describe(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), tool_tip(text), self)
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)

    def describe(self, position: QPointF) -> str:
        """Return what is at a place, as a few lines of text."""
        row, place = self._span_at(position)
        if self._snapshot is None:
            return ""
        head = self._head_at(position)
        marked = marks.near(self._snapshot, self._track(), position.x())
        if head is not None:
            return describe_head(self._snapshot, head)
        told = "" if row < 0 else describe(self._snapshot, row, place)
        return "\n".join(filter(None, (marked, told)))
