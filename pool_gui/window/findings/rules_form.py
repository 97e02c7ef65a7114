"""The form for rules: which findings are shown, and from which values on. GUI thread.

It is modal to the window and blocks nobody.
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from pool_gui.monitor.findings.judgements import (
    NO_JUDGEMENT,
    NO_JUDGEMENTS,
    Judgement,
    Judgements,
)
from pool_gui.monitor.findings.rule import Rule
from pool_gui.monitor.findings.rules import RULES
from pool_gui.window.style import finding_words, limit_words
from pool_gui.window.style.widgets import inset, label

_MOST = 1e6


class _LimitBox(QDoubleSpinBox):
    """A number without needless digits."""

    def textFromValue(self, value: float) -> str:  # noqa: N802  # Qt's name
        """Return it as people write it."""
        return f"{value:.6g}"


class RulesForm(QDialog):
    """See the module."""

    chosen = Signal(object)
    """Judgements."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Rules for findings"))
        self.setModal(True)
        self.pool = QComboBox()
        self.pool.setAccessibleName(self.tr("Pool"))
        self.shown: dict[str, QCheckBox] = {}
        self.limits: dict[tuple[str, str], QDoubleSpinBox] = {}
        self._judgements = NO_JUDGEMENTS
        self._pool = ""
        self._build()
        self.pool.currentIndexChanged.connect(self._on_pool_chosen)
        self.accepted.connect(self._on_accepted)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(label(self.tr("For"), "dim"))
        head.addWidget(self.pool, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        for rule in RULES:
            self._add_rule(grid, rule)
        page = QWidget()
        page.setLayout(grid)
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(area, 1)
        column.addWidget(self._buttons())
        self.resize(500, 560)

    def _buttons(self) -> QDialogButtonBox:
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Cancel | kinds.RestoreDefaults)
        for kind in (kinds.Cancel, kinds.RestoreDefaults):
            buttons.button(kind).setIcon(QIcon())
        save = buttons.addButton(
            self.tr("Save"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        save.setProperty("primary", True)
        save.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        buttons.button(kinds.RestoreDefaults).clicked.connect(self._on_defaults)
        return buttons

    def _add_rule(self, grid: QGridLayout, rule: Rule) -> None:
        row = grid.rowCount()
        name = f"{finding_words.sign(rule.level)} {finding_words.title(rule.name)}"
        shown = QCheckBox(name)
        shown.setToolTip(self.tr("Show this finding ({0})").format(rule.name))
        self.shown[rule.name] = shown
        grid.addWidget(shown, row, 0, 1, 2)
        for place, (limit, value) in enumerate(rule.limits.items(), row + 1):
            box = _LimitBox()
            scale = _scale(limit)
            box.setRange(0, 100 if limit_words.is_share(limit) else _MOST)
            box.setDecimals(0 if limit_words.is_share(limit) else 2)
            box.setSuffix(limit_words.unit(limit))
            box.setValue(value * scale)
            box.setMinimumWidth(110)
            inset(box)
            words = limit_words.limit(rule.name, limit)
            box.setAccessibleName(f"{finding_words.title(rule.name)}: {words}")
            text = label(words, "dim")
            text.setContentsMargins(24, 0, 0, 0)
            grid.addWidget(text, place, 0)
            grid.addWidget(box, place, 1)
            self.limits[rule.name, limit] = box

    def ask(self, judgements: Judgements, pools: tuple[str, ...]) -> None:
        """Open the form; `chosen` is emitted when it was saved.

        Args:
            judgements: what was decided so far.
            pools: names of pools for which something may be decided.
        """
        self._judgements, self._pool = judgements, ""
        self.pool.blockSignals(True)
        self.pool.clear()
        self.pool.addItem(self.tr("all pools"), "")
        for name in sorted({*pools, *judgements.pools}):
            self.pool.addItem(name, name)
        self.pool.blockSignals(False)
        self._show()
        self.open()

    def _show(self) -> None:
        """Show what counts for the pool that is chosen."""
        shown = self._counts()
        for rule in RULES:
            self.shown[rule.name].setChecked(rule.name not in shown.silenced)
            values = {**rule.limits, **shown.limits.get(rule.name, {})}
            for limit, value in values.items():
                self.limits[rule.name, limit].setValue(value * _scale(limit))
        general = self._judgements.all_pools
        for name, box in self.shown.items():
            # What is silenced for all pools cannot be shown for one.
            box.setEnabled(not self._pool or name not in general.silenced)

    def _counts(self) -> Judgement:
        if self._pool:
            return self._judgements.of(self._pool)
        return self._judgements.all_pools

    def _read(self) -> None:
        """Take over what the form says for the pool that is chosen."""
        general = self._judgements.all_pools if self._pool else NO_JUDGEMENT
        limits: dict[str, dict[str, float]] = {}
        for rule in RULES:
            usual = {**rule.limits, **general.limits.get(rule.name, {})}
            for limit, value in usual.items():
                told = self.limits[rule.name, limit].value() / _scale(limit)
                if abs(told - value) > _LEAST / _scale(limit):
                    limits.setdefault(rule.name, {})[limit] = round(told, 4)
        silenced = {name for name, box in self.shown.items() if not box.isChecked()}
        made = Judgement(limits, frozenset(silenced - general.silenced))
        self._judgements = self._judgements.with_pool(self._pool, made)

    @Slot(int)
    def _on_pool_chosen(self, _index: int) -> None:
        self._read()
        self._pool = str(self.pool.currentData() or "")
        self._show()

    @Slot()
    def _on_defaults(self) -> None:
        """Take back all that was decided for the pool that is chosen."""
        self._judgements = self._judgements.with_pool(self._pool, NO_JUDGEMENT)
        self._show()

    @Slot()
    def _on_accepted(self) -> None:
        self._read()
        self.chosen.emit(self._judgements)


_LEAST = 0.004
"""Of what a box shows: less is the same."""


def _scale(limit: str) -> float:
    return 100.0 if limit_words.is_share(limit) else 1.0
