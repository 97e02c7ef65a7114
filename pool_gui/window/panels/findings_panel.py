"""What is wrong, in sentences: the gravest first. GUI thread only."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from pool_gui.monitor.view.facts import FindingRow
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import finding_words, numbers, words
from pool_gui.window.style.widgets import ElidedLabel, Panel, label, plain_tip

_MOST = 3
"""So many are shown; of more, the number."""

_LEAST_PIXELS = 96
_BARS = {"error": "error", "warning": "warning", "info": "info"}


class _Card(QFrame):
    """One finding: its name, its evidence, its advice."""

    chosen = Signal(object)
    """FindingRow: it was clicked."""
    menu_wanted = Signal(object, object)
    """FindingRow, QPoint: its menu is to be opened there, on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._row: FindingRow | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(2)
        self.name = ElidedLabel("strong")
        self.evidence, self.advice = label(), label(role="dim")
        self.drawing = label(role="small")
        column.addWidget(self.name)
        for text in (self.evidence, self.drawing, self.advice):
            text.setWordWrap(True)
            text.setSizePolicy(
                QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
            )
            column.addWidget(text)

    def show_row(self, row: FindingRow, where: str) -> None:
        """Show a finding.

        Args:
            row: what was found.
            where: the name of its pool, if there are several.
        """
        if self.property("bar") != _BARS[row.level]:
            self.setProperty("bar", _BARS[row.level])
            self.style().unpolish(self)
            self.style().polish(self)
        self._row = row
        name = f"{finding_words.sign(row.level)} {finding_words.title(row.rule)}"
        self.name.set_whole(f"{name} · {where}" if where else name)
        said = finding_words.sentence(row.rule, row.evidence)
        told = finding_words.advice(row.rule, row.evidence)
        if said != self.evidence.text():
            self.evidence.setText(said)
        if told != self.advice.text():
            self.advice.setText(told)
        drawn = finding_words.drawing(row.evidence)
        self.drawing.setVisible(bool(drawn))
        if drawn != self.drawing.text():
            self.drawing.setText(drawn)
        since = self.tr("for {0}").format(numbers.whole_seconds(row.since_seconds))
        self.setToolTip(plain_tip("\n".join(filter(None, (said, drawn, told, since)))))
        self.setAccessibleName(f"{name}: {said} {told}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Let all speak of the pool that it is about."""
        if event.button() == Qt.MouseButton.LeftButton and self._row is not None:
            self.chosen.emit(self._row)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802  # Qt's name
        """Ask for its menu."""
        if self._row is not None:
            self.menu_wanted.emit(self._row, event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Take Return and Space for a click."""
        pressed = event.type() == QEvent.Type.KeyPress
        if pressed and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Space}:  # type: ignore[attr-defined]  # a key event
            if self._row is not None:
                self.chosen.emit(self._row)
            return True
        return super().event(event)


class _CardArea(QScrollArea):
    """As high as its cards where there is room; else they scroll, and none is cut."""

    def __init__(self, cards: Sequence[_Card]) -> None:
        super().__init__()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for card in cards:
            column.addWidget(card)
        column.addStretch(1)
        self._page = page
        self.setWidget(page)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Return room for all cards."""
        layout = self._page.layout()
        width = self.viewport().width()
        height = 0 if layout is None else layout.totalHeightForWidth(width)
        return QSize(width, max(height, self._page.minimumSizeHint().height()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Return room for a card or so."""
        return QSize(0, min(_LEAST_PIXELS, self.sizeHint().height()))


class FindingsPanel(Panel):
    """See the module."""

    chosen = Signal(object)
    """FindingRow: it was clicked."""
    silenced = Signal(object)
    """FindingRow: its rule is to be quiet in its pool."""
    silenced_everywhere = Signal(object)
    """FindingRow: its rule is to be quiet in all pools."""

    def __init__(self, rules: QAction) -> None:
        """Make it.

        Args:
            rules: opens the form for rules.
        """
        super().__init__()
        self._rules = rules
        self._menu_row: FindingRow | None = None
        self.setFixedWidth(236)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        self.title.setText(self.tr("FINDINGS"))
        self.body.addWidget(self.title)
        self._none = label("", "dim")
        self._none.setWordWrap(True)
        self.body.addWidget(self._none)
        self._cards = [_Card() for _ in range(_MOST)]
        for card in self._cards:
            card.hide()
            card.chosen.connect(self.chosen)
            card.menu_wanted.connect(self._open_menu)
        self._area = _CardArea(self._cards)
        self._area.hide()
        self.body.addWidget(self._area)
        self._more = label("", "dim")
        self._more.hide()
        self.body.addWidget(self._more)
        self._shown: tuple[object, ...] = (None,)

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot."""
        rows = snapshot.findings
        made_for = (tuple((r.rule, r.evidence) for r in rows), snapshot.pool is None)
        if not self.isVisible() or made_for == self._shown:
            return
        self._shown = made_for
        none = self.tr("What is wrong with the pool will be here.")
        if snapshot.pool is not None:
            none = self.tr("Nothing is wrong that can be seen.")
        self._none.setText(none)
        self._none.setVisible(not rows)
        for card, row in zip(self._cards, rows, strict=False):
            card.show_row(row, self._where(snapshot, row))
        for place, card in enumerate(self._cards):
            card.setVisible(place < len(rows))
        self._area.setVisible(bool(rows))
        self._area.updateGeometry()
        left = len(rows) - len(self._cards)
        self._more.setVisible(left > 0)
        more = self.tr("and {0} more").format(numbers.count(max(left, 0)))
        self._more.setText(more)
        hidden = [finding_words.title(row.rule) for row in rows[_MOST:]]
        self._more.setToolTip("\n".join(hidden))

    @Slot(object, object)
    def _open_menu(self, row: FindingRow, place: QPoint) -> None:
        self.menu_of(row).popup(place)

    def menu_of(self, row: FindingRow) -> QMenu:
        """Return what can be done about a finding."""
        self._menu_row = row
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        here = self.tr("Silence “{0}” in this pool").format(
            finding_words.title(row.rule)
        )
        menu.addAction(here, self._silence)
        menu.addAction(self.tr("Silence it in all pools"), self._silence_everywhere)
        menu.addSeparator()
        menu.addAction(self._rules)
        return menu

    @Slot()
    def _silence(self) -> None:
        self.silenced.emit(self._menu_row)

    @Slot()
    def _silence_everywhere(self) -> None:
        self.silenced_everywhere.emit(self._menu_row)

    def _where(self, snapshot: Snapshot, row: FindingRow) -> str:
        if not words.has_many(snapshot):
            return ""
        source = words.find_source(snapshot, row.source)
        if source is None:
            return ""
        pool = next((one for one in source.pools if one.key == row.pool), None)
        name = words.source_name(source)
        return name if pool is None else words.pool_title(source, pool)
