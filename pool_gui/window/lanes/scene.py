"""Paints the lanes row by row, and says in words what is on them. GUI thread only.

A `LaneScene` lives for one paint; it holds what all rows share.
"""

import math
from typing import Final

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen, QPixmap, QPolygonF

from pool_gui.monitor.view.snapshot import (
    LaneGroup,
    Scope,
    Snapshot,
    WorkerRow,
    WorkerState,
)
from pool_gui.window.controller import Selection
from pool_gui.window.style import numbers, words
from pool_gui.window.style.text import plain, short_function
from pool_gui.window.style.theme import FAILED, Colours

translate = QCoreApplication.translate

NAME_PIXELS: Final = 92
SHARE_PIXELS: Final = 48
_MARK_PIXELS: Final = 9
_HEAD_INDENT: Final = 24


class LaneScene:
    """What is painted: a snapshot, a selection, colours, and where the lanes lie."""

    def __init__(
        self,
        snapshot: Snapshot,
        selection: Selection,
        colours: Colours,
        track: QRect,
        *,
        texts: bool = True,
    ) -> None:
        self._snapshot = snapshot
        self._selection = selection
        self._colours = colours
        self._track = track
        self._texts = texts
        self._mark: QPixmap | None = None

    def paint_row(
        self,
        painter: QPainter,
        row: int,
        box: QRect,
        image: QImage | None,
    ) -> None:
        """Paint one worker: name, lane, busy share, and what it does."""
        worker, colours = self._snapshot.workers[row], self._colours
        if worker.key == self._selection.worker:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selected))
            painter.drawRoundedRect(QRectF(box).adjusted(0, 1, 0, -1), 4, 4)
        track = self._track
        margin = 4 if box.height() >= 24 else 2
        lane = QRectF(
            track.left(), box.top() + margin, track.width(), box.height() - 2 * margin
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.page))
        painter.drawRect(lane)
        if image is not None and row < image.height():
            source = QRectF(0, row, image.width(), 1)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
            painter.drawImage(lane, image, source)
            self._paint_failures(painter, row, lane)
            self._paint_selected_task(painter, row, lane)
        if self._texts:
            self._paint_texts(painter, worker, box)

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
        name = metrics.elidedText(plain(worker.name), elide, NAME_PIXELS - 10)
        painter.drawText(box.adjusted(4, 0, 0, 0), middle, name)
        share = QRect(track.right() + 1, box.top(), SHARE_PIXELS - 8, box.height())
        painter.drawText(
            share,
            middle | Qt.AlignmentFlag.AlignRight,
            numbers.share(worker.busy_share),
        )
        task = QRect(share.right() + 9, box.top(), box.width(), box.height())
        painter.setPen(QColor(colours.dim))
        room = box.width() - task.left() - 4
        painter.drawText(task, middle, metrics.elidedText(doing(worker), elide, room))

    def _paint_failures(self, painter: QPainter, row: int, lane: QRectF) -> None:
        lanes = self._snapshot.lanes
        if lanes is None or not lanes.failed[row].any():
            return
        step = lane.width() / lanes.failed.shape[1]
        mark, last = self._failure_mark(painter), -math.inf
        for pixel in np.flatnonzero(lanes.failed[row]).tolist():
            x = lane.left() + (pixel + 0.5) * step
            if x - last >= _MARK_PIXELS - 2:
                last = x
                painter.drawPixmap(QPointF(x - _MARK_PIXELS / 2, lane.top() - 2), mark)

    def _failure_mark(self, painter: QPainter) -> QPixmap:
        """Return the triangle, drawn once a paint: drawing each costs four times."""
        if self._mark is None:
            ratio = painter.device().devicePixelRatioF()
            self._mark = QPixmap(QSize(_MARK_PIXELS, _MARK_PIXELS) * ratio)
            self._mark.setDevicePixelRatio(ratio)
            self._mark.fill(Qt.GlobalColor.transparent)
            pen = QPainter(self._mark)
            pen.setRenderHint(QPainter.RenderHint.Antialiasing)
            pen.setPen(QPen(QColor(self._colours.panel), 0.8))
            pen.setBrush(QColor(FAILED))
            half, top = _MARK_PIXELS / 2, 1.0
            corners = ((half - 4, top), (half + 4, top), (half, top + 7))
            pen.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
            pen.end()
        return self._mark

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
            text = translate("LaneView", "now") if age < seconds / 100 else _age(age)
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


def head_name(snapshot: Snapshot, group: LaneGroup) -> str:
    """Return what is written on a head: of which pool it is."""
    if not group.pool:
        return translate("LaneView", "Pinned")
    source = words.find_source(snapshot, group.source)
    name = plain(group.name)
    return name if source is None else f"{words.source_name(source)} · {name}"


def head_facts(snapshot: Snapshot, group: LaneGroup, *, is_folded: bool) -> str:
    """Return what is written beside a head's name: how its pool is."""
    source = words.find_source(snapshot, group.source)
    facts = []
    if source is not None:
        pool = next((row for row in source.pools if row.key == group.pool), None)
        wrong = words.link_state(source.link.state)
        if wrong:
            facts.append(wrong)
        elif pool is not None and pool.state != "running":
            facts.append(words.pool_state(pool.state))
        elif pool is not None:
            busy = translate("LaneView", "{0} of {1} busy")
            facts.append(busy.format(pool.busy, words.workers(pool.alive)))
            facts.append(words.queued(pool.depth))
    if len(facts) < 2:
        facts.append(words.workers(group.workers))
    if group.hidden and not is_folded:
        hidden = translate("LaneView", "{0} not shown")
        facts.append(hidden.format(numbers.count(group.hidden)))
    return " · ".join(facts)


def describe_head(snapshot: Snapshot, group: LaneGroup) -> str:
    """Return what a head says when the cursor rests on it."""
    if not group.pool:
        return translate("LaneView", "Lanes that were pinned on top.")
    return "\n".join(
        (
            head_name(snapshot, group),
            head_facts(snapshot, group, is_folded=False),
            translate(
                "LaneView",
                "Click the name: cards, charts and tables speak of it. Click the "
                "triangle: its lanes fold.",
            ),
        )
    )


def _age(seconds: float) -> str:
    whole = abs(seconds - round(seconds)) < 0.01
    return (
        numbers.axis_duration(round(seconds)) if whole else (numbers.duration(seconds))
    )


def doing(worker: WorkerRow) -> str:
    """Return what a worker does now, in a few words."""
    if worker.task:
        return f"{short_function(worker.function)} #{numbers.count(worker.task)}"
    states = {
        WorkerState.IDLE: translate("LaneView", "idle"),
        WorkerState.BUSY: translate("LaneView", "busy"),
        WorkerState.DISMISSED: translate("LaneView", "dismissed"),
        WorkerState.GONE: translate("LaneView", "gone"),
    }
    return states[worker.state]


def describe(snapshot: Snapshot, row: int, place: int) -> str:
    """Return what is on a lane, as a few lines of text.

    Args:
        snapshot: what is shown.
        row: the worker's.
        place: of the task in the table of spans; -1 for none.
    """
    lanes, worker = snapshot.lanes, snapshot.workers[row]
    if place < 0 or lanes is None:
        return f"{plain(worker.name)}: {doing(worker)}"
    spans = lanes.spans
    outcomes = (
        translate("LaneView", "done"),
        translate("LaneView", "failed"),
        translate("LaneView", "running"),
        translate("LaneView", "ended (its detail was lost)"),
    )
    wait = int(spans.started_ns[place] - spans.queued_ns[place]) / 1e9
    run = int(spans.ended_ns[place] - spans.started_ns[place]) / 1e9
    return translate("LaneView", "{0} #{1} on {2}\nwaited {3}, ran {4}\n{5}").format(
        plain(lanes.functions[int(spans.function[place])])
        if spans.function[place] >= 0
        else translate("LaneView", "(unknown function)"),
        int(spans.task[place]),
        plain(worker.name),
        numbers.duration(wait),
        numbers.duration(run),
        outcomes[int(spans.outcome[place])],
    )
