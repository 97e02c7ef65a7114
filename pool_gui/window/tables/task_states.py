"""The box that says which tasks the table of tasks shows. GUI thread only."""

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QComboBox

translate = QCoreApplication.translate


class TaskStates(QComboBox):
    """All tasks, or those in one state."""

    def __init__(self) -> None:
        super().__init__()
        for state, text in (
            ("", translate("Tables", "All tasks")),
            ("running", translate("Tables", "Running")),
            ("done", translate("Tables", "Done")),
            ("failed", translate("Tables", "Failed")),
        ):
            self.addItem(text, state)
        self.setAccessibleName(translate("Tables", "Which tasks"))
        self.setToolTip(
            translate(
                "Tables",
                "Which tasks are shown. Failed ones are kept longer than all others.",
            )
        )

    @property
    def state(self) -> str:
        """One of task_query.STATES; empty: all."""
        return str(self.currentData())

    def choose(self, state: str) -> None:
        """Show the tasks in this state."""
        self.setCurrentIndex(max(self.findData(state), 0))
