"""The menu in which a person chooses a table's columns. GUI thread only."""

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QTableView

from pool_gui.window.tables.model import Row, TableModel


class ColumnMenu(QMenu):
    """One entry a column; the last one that is shown cannot be hidden."""

    def __init__(
        self, table: QTableView, model: TableModel[Row], managed: frozenset[int]
    ) -> None:
        """Make the menu; it deletes itself when it is closed.

        Args:
            table: whose columns.
            model: has their titles.
            managed: the columns that nobody chooses.
        """
        super().__init__(table)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setToolTipsVisible(True)
        self._table = table
        for place, column in enumerate(model.columns):
            if place in managed:
                continue
            action = self.addAction(column.title)
            action.setToolTip(column.explanation)
            action.setData(place)
            action.setCheckable(True)
            action.setChecked(not table.isColumnHidden(place))
        self._keep_one()
        self.triggered.connect(self._on_triggered)

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        self._table.setColumnHidden(int(action.data()), not action.isChecked())

    def _keep_one(self) -> None:
        shown = [action for action in self.actions() if action.isChecked()]
        if len(shown) == 1:
            shown[0].setEnabled(False)
            last = QCoreApplication.translate("Tables", "One column has to stay.")
            shown[0].setToolTip(last)
