"""Paints the lanes, their names and their axis. GUI thread only.

A `LaneScene` lives for one paint; it holds what all rows share.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen, QPixmap, QPolygonF

from pool_gui.monitor.view.snapshot import (
    Scope,
    Snapshot,
    WorkerRow,
    WorkerState,
)
from pool_gui.window.controller import Selection
from pool_gui.window.lanes.canvas import Canvas, Strip
from pool_gui.window.lanes.stacks import Painted
from pool_gui.window.lanes.telling import age_text, doing, head_facts, head_name
from pool_gui.window.style import numbers
from pool_gui.window.style.text import plain
from pool_gui.window.style.theme import FAILED, STATE_TABLE, Colours

translate = QCoreApplication.translate

NAME_PIXELS: Final = 92
SHARE_PIXELS: Final = 48
_MARK_PIXELS: Final = 9
_LEAST_PART: Final = 0.3
"""What is narrower, in pixels, cannot be seen."""
_HEAD_INDENT: Final = 24


class FailureMark:
    """The triangle of a failed task, drawn once a theme: each time costs four times."""

    def __init__(self) -> None:
        self._made: tuple[float, Colours, QPixmap] | None = None

    def get(self, ratio: float, colours: Colours) -> QPixmap:
        """Return it for a screen with so many pixels a point."""
        if self._made is None or self._made[:2] != (ratio, colours):
            self._made = ratio, colours, self._draw(ratio, colours)
        return self._made[2]

    def _draw(self, ratio: float, colours: Colours) -> QPixmap:
        mark = QPixmap(QSize(_MARK_PIXELS, _MARK_PIXELS) * ratio)
        mark.setDevicePixelRatio(ratio)
        mark.fill(Qt.GlobalColor.transparent)
        pen = QPainter(mark)
        pen.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen.setPen(QPen(QColor(colours.panel), 0.8))
        pen.setBrush(QColor(FAILED))
        half, top = _MARK_PIXELS / 2, 1.0
        corners = ((half - 4, top), (half + 4, top), (half, top + 7))
        pen.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        pen.end()
        return mark


class LaneScene:
    """What is painted: a snapshot, a selection, colours, and where the lanes lie."""

    def __init__(
        self,
        snapshot: Snapshot,
        selection: Selection,
        colours: Colours,
        track: QRect,
        kept: tuple[FailureMark, Canvas],
        *,
        texts: bool = True,
    ) -> None:
        self._snapshot = snapshot
        self._selection = selection
        self._colours = colours
        self._track = track
        self._texts = texts
        self._mark, self._canvas = kept

    def paint_rows(
        self, painter: QPainter, rows: Sequence[tuple[int, QRect]], pixels: Painted
    ) -> None:
        """Paint workers: names, lanes, busy shares, and what they do.

        Args:
            painter: of the view.
            rows: the workers' rows, and the box of each.
            pixels: of all lanes, coloured.
        """
        workers = self._snapshot.workers
        for row, box in rows:
            if workers[row].key == self._selection.worker:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self._colours.selected))
                painter.drawRoundedRect(QRectF(box).adjusted(0, 1, 0, -1), 4, 4)
        lanes = self._snapshot.lanes
        first = 0 if lanes is None else lanes.first_row
        known = [(row, box) for row, box in rows if 0 <= row - first < len(pixels)]
        if known:
            self._paint_lanes(painter, known, pixels)
        failing: list[bool] = []
        if lanes is not None:
            failing = np.any(lanes.failed, axis=1).tolist()
        for row, box in known:
            lane = QRectF(self._lane(box))
            if row - first < len(failing) and failing[row - first]:
                self._paint_failures(painter, row - first, lane)
            if self._selection.task:
                self._paint_selected_task(painter, row, lane)
        if self._texts:
            for row, box in rows:
                self._paint_texts(painter, workers[row], box)

    def _lane(self, box: QRect) -> QRect:
        """Return where the lane lies in a worker's box."""
        margin = 4 if box.height() >= 24 else 2
        left, width = self._track.left(), self._track.width()
        return QRect(left, box.top() + margin, width, box.height() - 2 * margin)

    def _paint_lanes(
        self, painter: QPainter, rows: Sequence[tuple[int, QRect]], pixels: Painted
    ) -> None:
        ratio = painter.device().devicePixelRatioF()
        top, bottom = rows[0][1].top(), rows[-1][1].bottom() + 1
        lanes = self._snapshot.lanes
        first_row = 0 if lanes is None else lanes.first_row
        bands = []
        for row, box in rows:
            lane = self._lane(box)
            first = round((lane.top() - top) * ratio)
            height = round(lane.height() * ratio)
            bands.append((row - first_row, first, first + height))
        height = round((bottom - top) * ratio)
        made = self._canvas.compose(
            pixels, bands, height, self._colours.page, self._strip(rows, pixels)
        )
        rows_, columns = made.shape
        image = QImage(
            made.data, columns, rows_, columns * 4, QImage.Format.Format_ARGB32
        )
        place = QRectF(self._track.left(), top, self._track.width(), bottom - top)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        painter.drawImage(place, image, QRectF(0, 0, columns, rows_))

    def _strip(self, rows: Sequence[tuple[int, QRect]], pixels: Painted) -> Strip:
        """Return what the lanes' picture is of."""
        workers, lanes = self._snapshot.workers, self._snapshot.lanes
        keys = tuple(workers[row].key for row, _ in rows)
        about = (type(pixels), self._colours, keys, self._track.width())
        if lanes is None:
            return Strip(0, 1, about)
        length_ns = lanes.end_ns - lanes.begin_ns
        return Strip(lanes.begin_ns, max(length_ns // pixels.columns, 1), about)

    def paint_head(
        self, painter: QPainter, place: int, box: QRect, folded: frozenset[int]
    ) -> None:
        """Paint the head over a pool's lanes: a triangle, its name, how it is."""
        lanes, colours = self._snapshot.lanes, self._colours
        if lanes is None:
            return
        group = lanes.groups[place]
        scope = self._snapshot.scope
        chosen = bool(group.pool) and scope in {
            Scope(group.source, group.pool),
            Scope(group.source),
        }
        painter.setPen(QPen(QColor(colours.line), 1))
        if place:
            painter.drawLine(box.left() + 4, box.top(), box.right() - 4, box.top())
        if group.pool:
            _paint_triangle(painter, box, QColor(colours.dim), group.pool in folded)
        strong = QFont(painter.font())
        strong.setWeight(QFont.Weight.DemiBold)
        usual = painter.font()
        painter.setFont(strong)
        painter.setPen(QColor(colours.accent if chosen else colours.text))
        middle, metrics = Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics()
        name = metrics.elidedText(
            head_name(self._snapshot, group),
            Qt.TextElideMode.ElideRight,
            box.width() // 2,
        )
        text = box.adjusted(_HEAD_INDENT, 1, -4, 0)
        painter.drawText(text, middle, name)
        text.setLeft(text.left() + metrics.horizontalAdvance(name) + 12)
        painter.setFont(usual)
        painter.setPen(QColor(colours.dim))
        facts = head_facts(self._snapshot, group, is_folded=group.pool in folded)
        room = max(text.width(), 0)
        facts = painter.fontMetrics().elidedText(
            facts, Qt.TextElideMode.ElideRight, room
        )
        painter.drawText(text, middle, facts)

    def _paint_texts(self, painter: QPainter, worker: WorkerRow, box: QRect) -> None:
        colours, track = self._colours, self._track
        gone = worker.state is WorkerState.GONE
        painter.setPen(QColor(colours.dim if gone else colours.text))
        metrics, middle = painter.fontMetrics(), Qt.AlignmentFlag.AlignVCenter
        elide = Qt.TextElideMode.ElideRight
        # Workers of a pool differ at their names' ends.
        cut = Qt.TextElideMode.ElideMiddle
        name = metrics.elidedText(plain(worker.name), cut, NAME_PIXELS - 10)
        painter.drawText(box.adjusted(4, 0, 0, 0), middle, name)
        share = QRect(track.right() + 1, box.top(), SHARE_PIXELS - 8, box.height())
        if worker.shares:
            bar = QRect(share.left() + 8, box.bottom() - 4, share.width() - 8, 3)
            self._paint_shares(painter, worker.shares, bar)
            painter.setPen(QColor(colours.dim if gone else colours.text))
            share.adjust(0, 0, 0, -4)
        painter.drawText(
            share,
            middle | Qt.AlignmentFlag.AlignRight,
            numbers.share(worker.busy_share),
        )
        task = QRect(share.right() + 9, box.top(), box.width(), box.height())
        painter.setPen(QColor(colours.dim))
        room = box.width() - task.left() - 4
        painter.drawText(task, middle, metrics.elidedText(doing(worker), elide, room))

    def _paint_shares(
        self, painter: QPainter, shares: Sequence[float], bar: QRect
    ) -> None:
        """Paint where a worker's time went over the visible span."""
        painter.fillRect(bar, QColor(self._colours.lane))
        left = float(bar.left())
        for share, colour in zip(shares, STATE_TABLE, strict=False):
            width = share * bar.width()
            if width >= _LEAST_PART:
                part = QRectF(left, bar.top(), width, bar.height())
                painter.fillRect(part, QColor(colour))
            left += width

    def _paint_failures(self, painter: QPainter, row: int, lane: QRectF) -> None:
        lanes = self._snapshot.lanes
        if lanes is None:
            return
        step = lane.width() / lanes.failed.shape[1]
        ratio = painter.device().devicePixelRatioF()
        mark, last = self._mark.get(ratio, self._colours), -math.inf
        for pixel in np.flatnonzero(lanes.failed[row]).tolist():
            x = lane.left() + (pixel + 0.5) * step
            if x - last >= _MARK_PIXELS - 2:
                last = x
                painter.drawPixmap(QPointF(x - _MARK_PIXELS / 2, lane.top() - 2), mark)

    def _paint_selected_task(self, painter: QPainter, row: int, lane: QRectF) -> None:
        lanes, task = self._snapshot.lanes, self._selection.task
        if lanes is None or not task:
            return
        if self._snapshot.workers[row].key != self._selection.worker:
            return
        mine = (lanes.spans.task == task) & (
            lanes.spans.worker == self._selection.worker
        )
        for place in np.flatnonzero(mine).tolist():
            length = lanes.end_ns - lanes.begin_ns
            begin = (int(lanes.spans.started_ns[place]) - lanes.begin_ns) / length
            end = (int(lanes.spans.ended_ns[place]) - lanes.begin_ns) / length
            left = lane.left() + max(begin, 0) * lane.width()
            right = lane.left() + min(end, 1) * lane.width()
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._colours.text), 2))
            painter.drawRect(
                QRectF(left, lane.top(), max(right - left, 3), lane.height())
            )

    def paint_axis(self, painter: QPainter, bottom: int) -> None:
        """Write how long ago things were below the lanes."""
        lanes = self._snapshot.lanes
        if lanes is None:
            return
        track = self._track
        painter.setPen(QColor(self._colours.dim))
        seconds = (lanes.end_ns - lanes.begin_ns) / 1e9
        behind = max(0.0, (lanes.now_ns - lanes.end_ns) / 1e9)
        for part in range(4):
            age = behind + seconds * (3 - part) / 3
            text = (
                translate("LaneView", "now") if age < seconds / 100 else age_text(age)
            )
            x = track.left() + track.width() * part / 3
            width = painter.fontMetrics().horizontalAdvance(text)
            x = min(max(x - width / 2, track.left()), track.right() - width)
            painter.drawText(QPointF(x, bottom - 4), text)


def _paint_triangle(painter: QPainter, box: QRect, colour: QColor, shut: bool) -> None:  # noqa: FBT001  # a flag as it is
    x, y = box.left() + 12.0, box.top() + box.height() / 2 + 0.5
    corners = ((-3, -4), (-3, 4), (3, 0)) if shut else ((-4, -3), (4, -3), (0, 3))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners]))
