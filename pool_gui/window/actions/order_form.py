"""The part of the toolbar where demo tasks are ordered. GUI thread only."""

from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from pool_gui.window.controller import AT_ONCE, Order
from pool_gui.window.style import numbers
from pool_gui.window.style.theme import Theme
from pool_gui.window.style.widgets import NumberBox, inset, label
from pool_gui.wire.catalogue import DEMOS, Parameter
from pool_gui.wire.commands import MAX_BATCH, MAX_IN_FLIGHT, Arrival, Submit

_MAX_RATE: Final = 1_000_000
_MAX_SEED: Final = 2_000_000_000
"""The most that a spin box holds, or so."""

_FIRST_COUNT: Final = 100
_FIRST_IN_FLIGHT: Final = 16


class OrderForm(QWidget):
    """Demo, amount, way of arriving, parameters, and the Submit button."""

    def __init__(self, theme: Theme, submit: QAction) -> None:
        super().__init__()
        self._theme = theme
        self.demo = QComboBox()
        self.amount = NumberBox()
        self.arrival = QComboBox()
        self.options = QToolButton()
        self._menu = QMenu(self)
        self._parameters: dict[str, QDoubleSpinBox] = {}
        self._seed = NumberBox()
        self._submit = QToolButton()
        self._submit.setDefaultAction(submit)
        self._submit.setProperty("primary", True)
        self._submit.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self._build()
        self.demo.currentIndexChanged.connect(self._on_demo_chosen)
        self.arrival.currentIndexChanged.connect(self._on_arrival_chosen)
        self._on_demo_chosen()

    def _build(self) -> None:
        for demo in DEMOS.values():
            self.demo.addItem(demo.title, demo.name)
            place = self.demo.count() - 1
            self.demo.setItemData(place, demo.explanation, Qt.ItemDataRole.ToolTipRole)
        self.demo.setAccessibleName(self.tr("Task"))
        self.demo.setMinimumWidth(142)
        self.demo.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for text, value in (
            (self.tr("at once"), AT_ONCE),
            (self.tr("/s, steady"), str(Arrival.STEADY)),
            (self.tr("/s, random"), str(Arrival.POISSON)),
            (self.tr("in flight"), str(Arrival.IN_FLIGHT)),
        ):
            self.arrival.addItem(text, value)
        self.arrival.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.arrival.setMinimumContentsLength(8)
        self.arrival.setAccessibleName(self.tr("Arrival"))
        self.arrival.setToolTip(self.tr("How the tasks arrive."))
        self.amount.setRange(1, MAX_BATCH)
        self.amount.setValue(_FIRST_COUNT)
        self.amount.setFixedWidth(84)
        inset(self.amount)
        self.amount.setAccessibleName(self.tr("Amount"))
        self.amount.setToolTip(self.tr("How many tasks."))
        self.options.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.options.setMenu(self._menu)
        self.options.setObjectName("options")
        self.options.setAccessibleName(self.tr("Parameters"))
        self.options.setToolTip(self.tr("The demo's parameters and the random seed."))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(label(self.tr("Task"), "dim"))
        row.addWidget(self.demo, 1)
        row.addWidget(self.options)
        row.addWidget(label("\N{MULTIPLICATION SIGN}", "dim"))
        row.addWidget(self.amount)
        row.addWidget(self.arrival)
        row.addWidget(self._submit)

    def order(self) -> Order:
        """Return what is chosen."""
        return Order(
            str(self.demo.currentData()),
            {name: box.value() for name, box in self._parameters.items()},
            str(self.arrival.currentData()),
            self.amount.value(),
            self._seed.value(),
        )

    def adopt(self, load: Submit) -> None:
        """Show a load that was begun elsewhere, so that it can be given once more."""
        self.choose(load.demo)
        self.arrival.setCurrentIndex(max(self.arrival.findData(str(load.arrival)), 0))
        in_flight = load.arrival == Arrival.IN_FLIGHT
        amount = load.in_flight if in_flight else round(load.rate_per_second)
        self.amount.setValue(amount)
        for name, value in load.parameters.items():
            if name in self._parameters:
                self._parameters[name].setValue(value)
        self._seed.setValue(min(load.seed, _MAX_SEED))

    def summary(self) -> str:
        """Return what is chosen, in words."""
        amount = numbers.count(self.amount.value())
        times = "\N{MULTIPLICATION SIGN}"
        arrival = self.arrival.currentText()
        return f"{self.demo.currentText()} {times} {amount} {arrival}"

    def choose(self, demo: str) -> None:
        """Choose a demo by name; an unknown one changes nothing."""
        place = self.demo.findData(demo)
        if place >= 0:
            self.demo.setCurrentIndex(place)

    @Slot()
    def _on_demo_chosen(self) -> None:
        demo = DEMOS[str(self.demo.currentData())]
        self.demo.setToolTip(demo.explanation)
        seed = self._seed.value()  # before its menu goes, and it with that
        self._menu.clear()
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(12, 8, 12, 8)
        self._parameters = {p.name: _box(p) for p in demo.parameters}
        for parameter in demo.parameters:
            form.addRow(parameter.label, self._parameters[parameter.name])
        self._seed = NumberBox()
        self._seed.setRange(0, _MAX_SEED)
        self._seed.setValue(seed)
        inset(self._seed)
        self._seed.setToolTip(self.tr("The same seed repeats the same tasks."))
        form.addRow(self.tr("Seed"), self._seed)
        action = QWidgetAction(self._menu)
        action.setDefaultWidget(page)
        self._menu.addAction(action)
        if demo.arrival != Arrival.IN_FLIGHT:
            self.arrival.setCurrentIndex(self.arrival.findData(demo.arrival))
        self._on_arrival_chosen()

    @Slot()
    def _on_arrival_chosen(self) -> None:
        arrival = self.arrival.currentData()
        demo = DEMOS[str(self.demo.currentData())]
        with QSignalBlocker(self.amount):
            if arrival == AT_ONCE:
                self.amount.setRange(1, MAX_BATCH)
                self.amount.setValue(_FIRST_COUNT)
            elif arrival == Arrival.IN_FLIGHT:
                self.amount.setRange(1, MAX_IN_FLIGHT)
                self.amount.setValue(_FIRST_IN_FLIGHT)
            else:
                self.amount.setRange(1, _MAX_RATE)
                self.amount.setValue(round(demo.suggested_rate_per_second))

    @Slot()
    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        self.options.setIcon(self._theme.icons.get("options"))


def _box(parameter: Parameter) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(0 if parameter.whole else 1)
    box.setRange(parameter.minimum, parameter.maximum)
    box.setValue(parameter.default)
    inset(box)
    if parameter.unit:
        box.setSuffix(f" {parameter.unit}")
    return box
