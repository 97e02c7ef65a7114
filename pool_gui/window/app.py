"""Builds the application and runs it: the composition root. GUI thread only."""

import gc
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QSize, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from pool_gui.monitor.findings.rules_file import FILE_NAME
from pool_gui.monitor.session import Session
from pool_gui.monitor.source.child import pool_process
from pool_gui.monitor.source.guest import watched
from pool_gui.monitor.view.snapshot import Scope
from pool_gui.window.controller import Controller
from pool_gui.window.crash import Hooks
from pool_gui.window.findings.rules_book import RulesBook
from pool_gui.window.main_window import MainWindow
from pool_gui.window.options import WindowOptions
from pool_gui.window.port import SessionPort
from pool_gui.window.settings import Settings
from pool_gui.window.style.icons import application_icon
from pool_gui.window.style.theme import Theme

DESKTOP_ID = "io.github.pool_gui.PoolGui"
_CLOSE_SECONDS = 2.5
_LOOK_MS = 50
_FRAME_PIXELS = 40
"""Room for a window manager's title, which is not known before the window is shown."""
_SWITCH_SECONDS = 0.0005
_LOG = logging.getLogger("pool_gui.window")


class WindowApp(QObject):
    """One window with its session, from its first moment to its orderly end."""

    ended = Signal()
    """The session has ended and the window is closed."""
    defect = Signal(str)
    """One sentence: an exception that nobody caught, from any thread."""

    def __init__(
        self,
        application: QApplication,
        options: WindowOptions,
        make_session: Callable[[Callable[[], None]], SessionPort] | None = None,
    ) -> None:
        super().__init__(application)
        # The window closes last: the session ends first, and `ended` says so.
        application.setQuitOnLastWindowClosed(False)
        settings = Settings()
        remembered = settings.read("window").get("theme", "system")
        self.theme = Theme(application, options.theme or str(remembered))
        self._woken: Callable[[], None] = _nothing
        self.session = (make_session or _own_session)(self._notify)
        self.controller = Controller(self.session, self)
        self._woken = self.controller.wake
        self.window = MainWindow(self.controller, self.theme, settings)
        self.window.restore()
        if options.size is not None:
            self.window.resize(*options.size)
        elif application.platformName() != "offscreen":  # whose screen is none
            room = self.window.screen().availableSize()
            room -= QSize(0, _FRAME_PIXELS)
            self.window.resize(self.window.size().boundedTo(room))
        self.window.toolbar.size_box.setValue(options.workers)
        self.rules = self._make_rules(options.rules or settings.folder / FILE_NAME)
        self._options = options
        self._ender: threading.Thread | None = None
        self._unfinished: tuple[str, ...] = ()
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self.window.closing.connect(self.end)
        self.defect.connect(self.window.bars.show_defect)

    def _make_rules(self, path: Path) -> RulesBook:
        window, rules = self.window, RulesBook(self.window, path)
        rules.refused.connect(window.bars.show_refusal)
        window.actions_by_name["rules"].triggered.connect(rules.open_form)
        window.findings.silenced.connect(rules.silence)
        window.findings.silenced_everywhere.connect(rules.silence_everywhere)
        return rules

    def _notify(self) -> None:
        self._woken()

    def begin(self) -> None:
        """Show the window, and start the demo that was asked for."""
        self.window.show()
        self.session.start()
        self.rules.read()
        if self._options.program is not None:
            self.controller.watch(watched(self._options.program))
        if self._options.recording is not None:
            self.window.recordings.show_file(self._options.recording)
        if self._options.load is not None:
            self.window.toolbar.order.adopt(self._options.load)
            self.controller.start_pool(self._options.workers, self._options.load)
            for workers in self._options.beside:
                self.controller.add_demo(workers, self._options.load)
            if self._options.beside:
                self.controller.select_scope(Scope())

    @Slot()
    def end(self) -> None:
        """End the session in a thread of its own, then the application."""
        if self._ender is None:
            self._ender = threading.Thread(target=self._close_session, name="end")
            try:
                self._ender.start()
            except RuntimeError:  # the system starts no more threads
                self._close_session()
            self._look.start()

    def spares(self, number: int) -> bool:
        """Whether a signal is for the program that runs in this terminal."""
        watched = self._options.program
        running = watched is not None and watched.begun and watched.exit_code() is None
        return number == signal.SIGINT and running

    def leave(self) -> None:
        """Remember the layout and end, without asking: a signal came."""
        self.window.remember()
        self.end()

    def _close_session(self) -> None:
        self._unfinished = self.session.close(_CLOSE_SECONDS)

    @Slot()
    def _on_look(self) -> None:
        if self._ender is not None and not self._ender.is_alive():
            self._look.stop()
            for name in self._unfinished:
                _LOG.warning("%s did not end in time", name)
            self.window.allow_closing()
            self.window.close()
            self.ended.emit()


def _nothing() -> None:
    """Stand in until there is a controller to wake."""


def _own_session(notify: Callable[[], None]) -> SessionPort:
    return Session(pool_process(), notify=notify)


def make_application() -> QApplication:
    """Return the one QApplication, named and with its icon."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    application = QApplication(sys.argv[:1])
    application.setApplicationName("pool_gui")
    application.setApplicationDisplayName("")
    application.setDesktopFileName(DESKTOP_ID)
    application.setWindowIcon(application_icon())
    return application


def calm_interpreter() -> None:
    """Let the GUI thread wait less for the session's, and for the garbage collector.

    The session thread works in numpy for a millisecond or two at a time; with Python's
    switch interval of 5 ms the GUI thread would wait up to that long for each turn.
    What exists by now lives as long as the window: the collector need not look at it.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()


def run(options: WindowOptions) -> int:
    """Open the window and return the exit code when it has closed."""
    application = make_application()
    program = WindowApp(application, options)
    hooks = Hooks(program.defect.emit, program.leave, program.spares)
    hooks.install()
    # Python sees a signal only when it runs: the timer lets it, four times a second.
    pulse = QTimer(program)
    pulse.timeout.connect(program.objectName)
    pulse.start(250)
    program.ended.connect(application.quit)
    program.begin()
    calm_interpreter()
    code = application.exec()
    hooks.remove()
    return code
