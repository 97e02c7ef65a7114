"""The picture without a screen: the real window on a real demo. GUI thread only."""

import json
import os
import sys
import threading

from PySide6.QtCore import QBuffer, QIODevice, QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from pool_gui.monitor.session import Session
from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.app import WindowApp, make_application
from pool_gui.window.crash import Hooks
from pool_gui.window.options import SnapshotOptions
from pool_gui.window.pace import Pace
from pool_gui.window.style.findings_report import say_findings
from pool_gui.window.style.sentences import log_sentence, sentence

_START_MS = 20_000
_CLOSE_SECONDS = 3.0
_REFUSED = ("pool", "warning")


class Photographer(QObject):
    """Waits until the demo has run long enough, takes the picture, and ends."""

    def __init__(self, application: QApplication, options: SnapshotOptions) -> None:
        super().__init__(application)
        self._application = application
        self._options = options
        self._program = WindowApp(application, options.window)
        self.trouble = ""
        self.is_defect = False
        self._program.defect.connect(self.fail)
        self.hooks = Hooks(self._program.defect.emit, self.stop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_time)
        self._running = False

    def begin(self) -> None:
        """Open the window and start the clock."""
        self._program.controller.observed.connect(self._on_snapshot)
        self._timer.start(_START_MS)
        self._program.begin()

    @Slot(object)
    def _on_snapshot(self, snapshot: Snapshot) -> None:
        if snapshot.link.state is LinkState.LOST:
            self._give_up(sentence(snapshot.link.note))
        elif not self._running and (refusal := _refusal(snapshot)):
            self._give_up(refusal)
        elif not self._running and snapshot.pool is not None:
            self._running = True
            self._timer.start(round(self._options.seconds * 1000))

    @Slot()
    def _on_time(self) -> None:
        if not self._running:
            self._give_up("the pool process did not start in time")
            return
        for pace in self._program.window.findChildren(Pace):
            pace.flush()
        picture = self._program.window.grab()
        session = self._program.session
        report = session.report() if isinstance(session, Session) else {}
        say_findings(report)
        held = QBuffer()
        held.open(QIODevice.OpenModeFlag.WriteOnly)
        picture.save(held, "PNG")
        try:  # not by Qt, which writes another file where a name cannot be decoded
            self._options.picture.write_bytes(held.data().data())
        except OSError as error:
            self.trouble = f"the picture could not be written: {error}"
        if self._options.report is not None:
            text = json.dumps(report, indent=2, allow_nan=False) + "\n"
            try:
                self._options.report.write_text(text, encoding="utf-8")
            except OSError as error:
                self.trouble = f"the report could not be written: {error}"
        self._application.exit(0)

    @Slot(str)
    def fail(self, defect: str) -> None:
        """End with a defect of our own: the picture cannot be trusted."""
        self.is_defect = True
        self._give_up(defect)

    def stop(self) -> None:
        """End without a picture: a signal came."""
        self._give_up("stopped before the picture was taken")

    def _give_up(self, why: str) -> None:
        self.trouble = self.trouble or why
        self._application.exit(0)

    def close(self) -> None:
        """End the pool process; waits for it."""
        ender = threading.Thread(
            target=self._program.session.close, args=(_CLOSE_SECONDS,)
        )
        ender.start()
        ender.join(_CLOSE_SECONDS + 2)


def _refusal(snapshot: Snapshot) -> str:
    """Return why the pool could not be started, if the log tells so."""
    lines = [one for one in snapshot.log if (one.source, one.level) == _REFUSED]
    return log_sentence(lines[-1]) if lines else ""


def save(options: SnapshotOptions) -> int:
    """Run the window offscreen, save picture and report; return the exit code."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = make_application()
    photographer = Photographer(application, options)
    photographer.hooks.install()
    photographer.begin()
    application.exec()
    photographer.close()
    photographer.hooks.remove()
    if photographer.trouble:
        sys.stderr.write(f"pool-gui: {photographer.trouble}\n")
        return 1 if photographer.is_defect else 2
    return 0
