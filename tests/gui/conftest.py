from collections.abc import Iterator

import pytest
from gui_support import FakeSession
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pool_gui.window.app import Program
from pool_gui.window.options import WindowOptions


class Opened:
    """An open window over a session that is none."""

    def __init__(self, application: QApplication) -> None:
        self.session = FakeSession()
        options = WindowOptions(size=(1280, 800), theme="light")
        self.program = Program(application, options, lambda _notify: self.session)
        self.window = self.program.window
        self.controller = self.program.controller

    def show(self, snapshot: object) -> None:
        """Let the session say that this is the newest snapshot."""
        self.session.newest = snapshot  # type: ignore[assignment]  # a Snapshot
        self.controller.wake()
        QApplication.processEvents()

    def trigger(self, name: str) -> None:
        self.window.actions_by_name[name].trigger()


@pytest.fixture
def opened(qapp: QApplication, qtbot: QtBot) -> Iterator[Opened]:
    made = Opened(qapp)
    made.program.begin()
    qtbot.waitExposed(made.window)
    QApplication.processEvents()
    yield made
    made.window.allow_closing()
    made.window.close()
    made.window.deleteLater()
    made.program.theme.deleteLater()
    made.program.deleteLater()
    QApplication.processEvents()
