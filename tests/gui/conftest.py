from collections.abc import Iterator

import pytest
from gui_support import Opened
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot


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
    # processEvents alone deletes nothing: each window left would be styled anew with
    # the next one, and the tests would take ever longer.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()
