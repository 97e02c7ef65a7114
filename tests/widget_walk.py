"""Walks over all widgets of a window and tells which texts are clipped or overlap."""

from collections.abc import Iterator

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QTabBar,
    QToolButton,
    QWidget,
)

from pool_gui.window.charts.cards import Card
from pool_gui.window.charts.time_charts import ChartPanel
from pool_gui.window.style.widgets import ElidedLabel, Figure

_BOX_PIXELS = 34
"""What a box has beside its text: its arrow, its borders, a little air."""


def faults(window: QWidget) -> list[str]:
    """Return a sentence for each text of the window that cannot be read in full."""
    return [*_clipped(window), *_overlapping(window)]


def _leaves(window: QWidget) -> list[QWidget]:
    """Return what shows texts, and is seen."""
    kinds = (QLabel, QAbstractButton, QComboBox, QAbstractSpinBox, QTabBar, Card)
    return [
        one
        for one in window.findChildren(QWidget)
        if isinstance(one, kinds)
        and one.isVisibleTo(window)
        and one.window() is window
        and _said(one) is not None
        and not isinstance(one.parent(), QAbstractSpinBox | QTabBar)
    ]


def _said(one: QWidget) -> str | None:
    """Return what a widget says; None for one without a text."""
    if isinstance(one, QLabel | QAbstractButton):
        shows_icon = isinstance(one, QToolButton) and not one.icon().isNull()
        text = one.text()
        return text or (one.accessibleName() if shows_icon else None) or None
    if isinstance(one, QComboBox):
        return one.currentText()
    return type(one).__name__


def _named(one: QWidget) -> str:
    parents: list[str] = []
    at: QWidget | None = one
    while at is not None and len(parents) < 4:
        parents.append(type(at).__name__)
        at = at.parentWidget()
    return f"{' in '.join(parents)} {_said(one)!r}"


def _clipped(window: QWidget) -> Iterator[str]:
    for one in _leaves(window):
        needed = _needed(one)
        if one.width() < needed.width():
            yield f"{_named(one)} has {one.width()} of {needed.width()} pixels"
        if one.height() < needed.height():
            yield f"{_named(one)} is {one.height()} of {needed.height()} pixels high"
        parent = one.parentWidget()
        inside = isinstance(parent, QAbstractScrollArea) or (
            parent is not None
            and isinstance(parent.parentWidget(), QAbstractScrollArea)
        )
        if parent is not None and not inside and not _holds(parent, one):
            yield f"{_named(one)} reaches beyond {type(parent).__name__}"
    for chart in window.findChildren(ChartPanel):
        yield from _clipped_axis(chart)


def _holds(parent: QWidget, one: QWidget) -> bool:
    return parent.rect().contains(one.geometry())


def _needed(one: QWidget) -> QSize:
    """Return the room that a widget's text needs."""
    return QSize(_needed_width(one), _needed_height(one))


def _needed_width(one: QWidget) -> int:
    metrics = one.fontMetrics()
    if isinstance(one, ElidedLabel) or (isinstance(one, QLabel) and one.wordWrap()):
        width = 0
    elif isinstance(one, Figure):
        margins = one.contentsMargins().left() + one.contentsMargins().right()
        width = metrics.horizontalAdvance(one.text()) + margins
    elif isinstance(one, QTabBar):
        width = sum(one.tabRect(tab).width() for tab in range(one.count()))
    elif isinstance(one, Card):
        # A value is painted from the caption's edge on, with the same room.
        value = QFontMetrics(one._value_font).horizontalAdvance(one._value)
        width = max(value, one._caption_pixels) + 22
    elif isinstance(one, QComboBox):
        width = metrics.horizontalAdvance(one.currentText()) + _BOX_PIXELS
    elif isinstance(one, QAbstractSpinBox):
        width = metrics.horizontalAdvance(one.text()) + _BOX_PIXELS
    else:
        width = one.sizeHint().width()
    return width


def _needed_height(one: QWidget) -> int:
    if isinstance(one, QLabel) and one.wordWrap():
        return one.heightForWidth(one.width())
    return 0 if isinstance(one, QTabBar) else one.fontMetrics().height()


def _clipped_axis(chart: ChartPanel) -> Iterator[str]:
    if not chart.plot.isVisible():
        return
    axis = chart.plot.getAxis("left")
    metrics = QFontMetrics(axis.style["tickFont"])
    for _place, text in axis._tickLevels[0] if axis._tickLevels else ():
        width = metrics.horizontalAdvance(text)
        if width > axis.width() - 4:
            yield f"{chart.title.text()}: {text!r} takes {width} of {axis.width()}"


def _overlapping(window: QWidget) -> Iterator[str]:
    # Only what is seen of each: in a scroll area some may lie beyond its edge.
    seen = [(one.visibleRegion().boundingRect(), one) for one in _leaves(window)]
    placed = [
        (QRect(one.mapTo(window, part.topLeft()), part.size()), one)
        for part, one in seen
        if not part.isEmpty()
    ]
    for number, (place, one) in enumerate(placed):
        for other_place, other in placed[number + 1 :]:
            related = one.isAncestorOf(other) or other.isAncestorOf(one)
            if not related and place.intersects(other_place):
                yield f"{_named(one)} overlaps {_named(other)}"
