import gc

import shiboken6
from gui_support import Opened, running
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot


def open_and_close(application: QApplication, qtbot: QtBot) -> None:
    opened = Opened(application)
    window, program = opened.window, opened.program
    program.begin()
    opened.show(running(8))
    program.end()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    window.deleteLater()
    program.theme.deleteLater()
    program.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not shiboken6.isValid(window)


def test_a_closed_window_leaves_no_timer_and_no_widget(
    qapp: QApplication, qtbot: QtBot
) -> None:
    widgets_before = qapp.topLevelWidgets()
    timers_before = len(qapp.findChildren(QTimer))
    open_and_close(qapp, qtbot)
    gc.collect()  # pyqtgraph's menus have no parent
    assert [w for w in qapp.topLevelWidgets() if w not in widgets_before] == []
    assert len(qapp.findChildren(QTimer)) == timers_before
