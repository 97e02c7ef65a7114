"""The head cards: six figures with a sparkline each. GUI thread only."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import (
    QCoreApplication,
    QRectF,
    QSize,
    Qt,
    Slot,
)
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Floats, Snapshot
from pool_gui.window.style import numbers
from pool_gui.window.style.theme import Theme, figures

translate = QCoreApplication.translate

_NONE: Floats = np.empty(0)
_SPARK_PIXELS = 52
_LEAST_SPARK_PIXELS = 24
_SPARK_GAP = 8
_SPARK_POINTS = 60
"""The newest quarter minute; more points than pixels would only cost time."""


@dataclass(frozen=True, slots=True)
class CardSpec:
    """What a card shows of a snapshot."""

    name: str
    caption: str
    explanation: str
    value: Callable[[Snapshot], str]
    curve: Callable[[Snapshot], Floats]


def _busy(snapshot: Snapshot) -> str:
    pool, link = snapshot.pool, snapshot.link.state
    if pool is None or link in {LinkState.LOST, LinkState.ENDED}:
        return numbers.UNKNOWN
    return translate("Cards", "{0} of {1}").format(pool.busy, pool.alive)


def _queued(snapshot: Snapshot) -> str:
    pool = snapshot.pool
    return numbers.UNKNOWN if pool is None else numbers.count(pool.depth)


def _throughput(snapshot: Snapshot) -> str:
    pool, link = snapshot.pool, snapshot.link.state
    if pool is None or link in {LinkState.LOST, LinkState.ENDED}:
        return numbers.UNKNOWN  # what it was before is on the chart
    return numbers.rate(pool.throughput_per_second)


def _wait(snapshot: Snapshot) -> str:
    return numbers.duration(snapshot.wait.p95)


def _run(snapshot: Snapshot) -> str:
    return numbers.duration(snapshot.run.p95)


def _failed(snapshot: Snapshot) -> str:
    pool = snapshot.pool
    return numbers.UNKNOWN if pool is None else numbers.count(pool.counts.failed)


class Card(QWidget):
    """One figure, painted: a caption, the value, and its recent course."""

    def __init__(self, spec: CardSpec, theme: Theme) -> None:
        super().__init__()
        self.spec = spec
        self._theme = theme
        self._value = numbers.UNKNOWN
        self._curve = _NONE
        self._alarm = False
        self._made: tuple[tuple[object, ...], QPixmap] | None = None
        self._caption_font = figures(self.font(), 11)
        self._value_font = figures(self.font(), 18, bold=True)
        metrics = QFontMetrics(self._caption_font)
        self._caption_pixels = metrics.horizontalAdvance(spec.caption)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumWidth(84)
        self.setFixedHeight(56)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(spec.explanation)
        self.setAccessibleName(spec.caption)

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Return a comfortable size."""
        return QSize(130, 56)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot's figure."""
        value = self.spec.value(snapshot)
        curve = self.spec.curve(snapshot)[-_SPARK_POINTS:]
        failed = self.spec.name == "failed" and snapshot.pool is not None
        alarm = failed and snapshot.pool.counts.failed > 0  # type: ignore[union-attr]  # failed says there is a pool
        if value != self._value:
            self._value = value
            self.setAccessibleDescription(value)
        elif alarm is self._alarm and np.array_equal(
            curve, self._curve, True
        ):  # NaN is equal
            return
        self._curve, self._alarm = curve, alarm
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Paint the box, the texts and the curve."""
        colours = self._theme.colours
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner = self._inner()
        painter.setFont(self._value_font)
        painter.setPen(QColor(colours.warntext if self._alarm else colours.text))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        painter.drawText(inner, flags, self._value)
        room = inner.width() - self._caption_pixels - _SPARK_GAP
        if room >= _LEAST_SPARK_PIXELS:
            self._paint_curve(painter, inner, min(room, _SPARK_PIXELS))
        painter.end()

    def _inner(self) -> QRectF:
        return QRectF(self.rect()).adjusted(11.5, 7.5, -10.5, -6.5)

    def _ground(self) -> QPixmap:
        """Return the box with its caption, which hardly ever change."""
        ratio, colours = self.devicePixelRatioF(), self._theme.colours
        made_for = self.size(), ratio, colours
        if self._made is not None and self._made[0] == made_for:
            return self._made[1]
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(colours.page))
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colours.line))
        painter.setBrush(QColor(colours.panel))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, 8, 8)
        painter.setFont(self._caption_font)
        painter.setPen(QColor(colours.dim))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        painter.drawText(self._inner(), flags, self.spec.caption)
        painter.end()
        self._made = made_for, picture
        return picture

    def _paint_curve(self, painter: QPainter, inner: QRectF, width: float) -> None:
        curve = self._curve
        known = np.flatnonzero(~np.isnan(curve))
        if len(known) < 2:
            return
        top = max(float(np.nanmax(curve)), 1e-12)
        place = QRectF(inner.right() - width, inner.top() + 3, width, 16)
        xs = place.left() + known / max(len(curve) - 1, 1) * place.width()
        ys = place.bottom() - curve[known] / top * place.height()
        line = arrayToQPolygonF(xs, ys)
        painter.setPen(QPen(QColor(self._theme.colours.accent), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)


class Cards(QWidget):
    """The row of cards."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._cards = [Card(spec, theme) for spec in self._specs()]
        for card in self._cards:
            row.addWidget(card)

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot."""
        if self.isVisible():
            for card in self._cards:
                card.show_snapshot(snapshot)

    @Slot()
    def follow_theme(self) -> None:
        """Paint anew in the theme's colours."""
        for card in self._cards:
            card.update()

    def _specs(self) -> tuple[CardSpec, ...]:
        return (*self._flow_specs(), *self._time_specs())

    def _flow_specs(self) -> tuple[CardSpec, ...]:
        return (
            CardSpec(
                "busy",
                self.tr("busy workers"),
                self.tr(
                    "Workers that run a task now, of all that live. From the workers' "
                    "own records, exact."
                ),
                _busy,
                lambda snapshot: snapshot.series.busy_share,
            ),
            CardSpec(
                "queued",
                self.tr("queued"),
                self.tr("Tasks that wait now; the curve shows the peaks. Exact."),
                _queued,
                lambda snapshot: snapshot.series.depth,
            ),
            CardSpec(
                "throughput",
                self.tr("throughput"),
                self.tr("Tasks that ended in the last second. From exact counts."),
                _throughput,
                lambda snapshot: snapshot.series.throughput,
            ),
        )

    def _time_specs(self) -> tuple[CardSpec, ...]:
        return (
            CardSpec(
                "wait",
                self.tr("wait p95"),
                self.tr(
                    "95 % of the tasks that began in the last minute waited in the "
                    "queue no longer than this. The curve: of several pools the "
                    "greatest."
                ),
                _wait,
                lambda snapshot: snapshot.series.wait_p95,
            ),
            CardSpec(
                "run",
                self.tr("run p95"),
                self.tr(
                    "95 % of the tasks that ended in the last minute ran no longer "
                    "than this. Waiting in the queue is not part of it. The curve: of "
                    "several pools the greatest."
                ),
                _run,
                lambda snapshot: snapshot.series.run_p95,
            ),
            CardSpec(
                "failed",
                self.tr("failed"),
                self.tr("Tasks that raised an exception since the pool began. Exact."),
                _failed,
                lambda snapshot: snapshot.series.failed_rate,
            ),
        )
